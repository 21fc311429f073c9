"""The GPU instance types that ackgpu knows: slices, labels, disks, Terway numbers, licences.

The table is ``data/gpu_types.toml``, read when it is first needed. It is advice from documents,
not the truth of a region: stock, prices and the types themselves are asked of the cloud.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

LabelConfidence = Literal["documented", "derived", "unknown"]
License = Literal["own", "included", "none"]

NAME_LABEL = "aliyun.accelerator/nvidia_name"
MEM_LABEL = "aliyun.accelerator/nvidia_mem"
COUNT_LABEL = "aliyun.accelerator/nvidia_count"
KIND_LABEL = "ackgpu.dev/gpu-kind"
ACCELERATOR_LABEL = "skypilot.co/accelerator"
"""By it SkyPilot tells what GPU a node of a cluster that it is given has."""
_ACCELERATORS = {"NVIDIA Lovelace": "L20"}
"""Cards that ECS calls by their architecture, by the name that a node says (``NVIDIA-L20``)."""
"""A label of ackgpu's own on the nodes of its pools: ``vgpu`` for slices, ``whole`` for cards."""

# Drivers reserve part of a slice, and nvidia_mem is what the guest's driver shows: 1889 MiB of 2048
# on driver 470, 15109 of 16384 on a whole T4. The next smaller slice is at most 2/3 of any.
_MIN_VISIBLE = 0.9
_MIB_PER_GIB = 1024
_VGPU_ID = re.compile(r"ecs\.[vs]gn\d")
_WHOLE_GPU_ID = re.compile(r"ecs\.(gn|ebmgn|sccgn)\d")


@dataclass(frozen=True)
class GpuType:
    """An instance type with a GPU.

    ``slice`` is the part of the card ("1/4", "1" for all of it, empty where it is not published).
    ``vgpu``: a virtualised slice, of the families vgn and sgn. ``disk_categories``: what the system
    disk may be, the preferred first. ``eni`` counts the primary one and is 0 where it is unknown.
    ``retired``: the family is sold on only where stock is left. ``license`` "own" needs a licence
    server. ``nvidia_name`` is the expected label, empty where no source tells it. ``driver`` says
    how it gets one; ``driver_version`` and the ``cuda`` that it runs are empty where ACK decides.
    """

    id: str
    family: str
    card: str
    slice: str
    vgpu: bool
    vcpus: int
    memory_gib: float
    gpu_memory_gib: int
    nvidia_name: str
    label_confidence: LabelConfidence
    eni: int
    ips_per_eni: int
    disk_categories: tuple[str, ...]
    retired: bool
    license: License
    driver: str
    driver_version: str
    cuda: str

    @property
    def terway_pods(self) -> int:
        """Pods that get an address with Terway in shared-ENI mode; 0 where it is unknown.

        ACK documentation, Terway: the primary ENI serves the node itself.
        """
        return max(0, self.eni - 1) * self.ips_per_eni


@dataclass(frozen=True)
class ExpectedLabels:
    """What a node's GPU labels should say.

    ``nvidia_mem`` is the slice's nominal memory; a driver may show down to ``least_mem_mib`` of it.
    An empty ``nvidia_name`` is not to be checked. Labels of ``derived`` confidence are NVIDIA's
    naming applied to the slice and were not seen on ACK: a mismatch is a warning there.
    """

    nvidia_name: str
    nvidia_mem: str
    nvidia_count: str
    least_mem_mib: int
    most_mem_mib: int
    confidence: LabelConfidence

    def accepts_mem(self, label: str) -> bool:
        """Whether a value of the label ``nvidia_mem`` fits the type's slice."""
        match = re.fullmatch(r"(\d{1,9})MiB", label)
        return bool(match) and self.least_mem_mib <= int(label[:-3]) <= self.most_mem_mib


def gpu_type(type_id: str) -> GpuType | None:
    """The type of that id, or None where the table does not know it."""
    return _table().get(type_id)


def gpu_types() -> tuple[GpuType, ...]:
    """Every type of the table, in its order."""
    return tuple(_table().values())


def expected_labels(type_id: str) -> ExpectedLabels | None:
    """What the labels of a node of that type should say; None for a type that is not known.

    Sources: the ACK page on lightweight GPU workloads (vgn5i-m2.xlarge) and ACK's pages on GPU node
    labels (whole cards); the rest is derived, see ``label_confidence``.
    """
    found = gpu_type(type_id)
    if found is None:
        return None
    nominal = found.gpu_memory_gib * _MIB_PER_GIB
    return ExpectedLabels(
        nvidia_name=found.nvidia_name,
        nvidia_mem=f"{nominal}MiB",
        nvidia_count="1",
        least_mem_mib=int(nominal * _MIN_VISIBLE),
        most_mem_mib=nominal,
        confidence=found.label_confidence,
    )


def suggest(type_id: str) -> tuple[str, ...]:
    """Up to three known types whose ids look like ``type_id``, the likest first.

    The same words in another order come first: it is vgn6i-m4-vws, but vgn7i-vws-m4.
    """
    prefixed = type_id if type_id.startswith("ecs.") else f"ecs.{type_id}"
    turned = [known for known in _table() if _words(known) == _words(prefixed)]
    close = difflib.get_close_matches(prefixed, _table(), n=3, cutoff=0.75)
    return tuple(dict.fromkeys((*turned, *close)))[:3]


def looks_vgpu(type_id: str) -> bool:
    """Whether the id is of a vgn or sgn family, known to the table or not."""
    return bool(_VGPU_ID.match(type_id))


def looks_whole_gpu(type_id: str) -> bool:
    """Whether the id is of a family with whole GPUs, known to the table or not."""
    return bool(_WHOLE_GPU_ID.match(type_id))


def gpu_kind(type_ids: Sequence[str]) -> str:
    """The value of :data:`KIND_LABEL` for a pool of these types; a pool never mixes them."""
    return "vgpu" if any(looks_vgpu(type_id) for type_id in type_ids) else "whole"


def accelerator(type_ids: Sequence[str]) -> str:
    """The value of :data:`ACCELERATOR_LABEL` for a pool of these types; empty if nobody knows.

    The card, whole or a slice of it, in small letters, as SkyPilot wants it (its
    ``SkyPilotLabelFormatter``: the accelerator's name in capitals, lowered).
    """
    cards = {found.card if found else "" for found in map(gpu_type, type_ids)}
    if len(cards) != 1:
        return ""
    card = cards.pop()
    return _ACCELERATORS.get(card, card.rpartition(" ")[2]).lower()


def own_labels(type_ids: Sequence[str]) -> dict[str, str]:
    """The labels of ackgpu's own that a pool of these types carries."""
    card = accelerator(type_ids)
    return {KIND_LABEL: gpu_kind(type_ids)} | ({ACCELERATOR_LABEL: card} if card else {})


def disk_category(type_ids: Sequence[str]) -> str:
    """The best system disk that every type takes; empty where there is none or a type is unknown.

    ECS documentation, instance families: vgn5i and vgn6i take no ESSD, vgn7i-vws, sgn7i-vws and
    sgn8ia nothing else, so the API's own default (cloud_efficiency) is wrong for the latter.
    """
    known = [gpu_type(type_id) for type_id in type_ids]
    if not known or None in known:
        return ""
    choices = [found.disk_categories for found in known if found]
    return next((disk for disk in choices[0] if all(disk in other for other in choices)), "")


def _words(type_id: str) -> list[str]:
    return sorted(re.split(r"[.-]", type_id))


@cache
def _table() -> dict[str, GpuType]:
    text = files("ackgpu.spec").joinpath("data/gpu_types.toml").read_text(encoding="utf-8")
    document = tomllib.loads(text)
    return {
        type_id: _gpu_type(type_id, row, document["families"][row["family"]])
        for type_id, row in document["types"].items()
    }


def _gpu_type(type_id: str, row: dict[str, Any], family: dict[str, Any]) -> GpuType:
    fields = {**family, **row}
    guest = fields.pop("guest")
    suffix = f"-{fields['gpu_memory_gib']}Q" if fields["vgpu"] else ""
    return GpuType(
        id=type_id,
        nvidia_name=guest + suffix if guest else "",
        label_confidence=fields.pop("labels"),
        disk_categories=tuple(fields.pop("disks")),
        **fields,
    )
