"""Which image the CUDA sample runs in: fitted to the driver that runs, and to the card.

A driver runs the CUDA of its own time and what came before, and a card is known to the CUDA of its
own time and what came after. So the first pod has the oldest image, in which every driver's
``nvidia-smi`` works, and only a card that needs more gets a second pod. The table is
``data/sample_images.toml``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ackgpu.spec.model import SampleSpec
from ackgpu.steps.nvidia_smi import Smi
from ackgpu.tables import table

AUTO = "auto"
_ABSENT = re.compile(r"not found|manifest unknown|no such manifest", re.IGNORECASE)
_DIGEST = "@sha256:"


class ImageNeededError(Exception):
    """The trial goes on in another image: its message."""

    def __init__(self, image: str) -> None:
        super().__init__(image)
        self.image = image


@dataclass(frozen=True)
class SampleImages:
    """Where the images come from. ``fixed``: the one that a user names, whatever the driver.

    ``registry`` takes Docker Hub's place: ``registry.example`` has the image as
    ``registry.example/nvidia/cuda``. Nothing but the vendor's own place is taken without it.
    """

    fixed: str = ""
    registry: str = ""

    @property
    def first(self) -> str:
        """The oldest one, or the one that was named."""
        return self.fixed or self._named(_rows()[0])

    def better_than(self, image: str, smi: Smi) -> str:
        """The image that driver and card of ``smi`` need in place of ``image``; empty for none.

        A card that the table does not know gets the newest that its driver runs.
        """
        if self.fixed or not smi.cuda or not smi.gpus:
            return ""
        fitting = self.fitting(smi.cuda, smi.gpus[0].name)
        return "" if fitting == image else fitting

    def fitting(self, cuda: str, card: str) -> str:
        """The oldest image that the card is known to, and that a driver of that CUDA runs."""
        if self.fixed:
            return self.fixed
        runs = [row for row in _rows() if _number(row["cuda"]) <= _number(cuda)] or _rows()[:1]
        needs = _need_of(card)
        knows = [row for row in runs if needs is not None and _number(row["cuda"]) >= needs]
        return self._named(knows[0] if knows else runs[-1])

    def instead_of(self, image: str, why: str) -> str:
        """The next newer image, where a registry does not have ``image``; empty for none.

        NVIDIA takes images of old CUDA releases from its registries (of CUDA 10 in 2023-07).
        """
        names = [self._named(row) for row in _rows()]
        if self.fixed or image not in names[:-1] or not _ABSENT.search(why):
            return ""
        return names[names.index(image) + 1]

    def _named(self, row: dict[str, Any]) -> str:
        name = str(row["image"])
        return f"{self.registry.rstrip('/')}/{name}" if self.registry else name


def images_of(sample: SampleSpec, registry: str = "") -> SampleImages:
    """The images that a spec wants; ``registry``, the environment's, comes before its own."""
    fixed = "" if sample.image == AUTO else sample.image
    return SampleImages(fixed, registry or sample.registry)


def pinned(image: str, image_id: str) -> str:
    """``image`` with the digest that a node says it ran; empty if it says none."""
    _, found, digest = image_id.rpartition(_DIGEST)
    return f"{image.partition('@')[0]}{_DIGEST}{digest}" if found else ""


def _need_of(card: str) -> tuple[int, ...] | None:
    words = set(re.split(r"[\s-]+", card))
    needs: dict[str, str] = table("steps", "sample_images")["cards"]
    found = [need for name, need in needs.items() if name in words]
    return _number(found[0]) if found else None


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _rows() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table("steps", "sample_images")["images"]
    return rows
