"""The GPU of a node: what Container Service records of it, and what its tools say besides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ackgpu.emulator.shared.tables import table


@dataclass(frozen=True)
class Gpu:
    """``count`` cards or slices of ``name``, each with ``memory_mib``, under a driver.

    The name, the MiB and the versions of driver and CUDA are as nvidia-smi prints them.
    """

    name: str
    memory_mib: int
    count: int
    driver: str
    cuda: str

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Gpu:
        """The GPU of a node's record, which may spell a GRID name as the node's label does."""
        name = str(record["name"])
        return cls(
            name=name.replace("-", " ", 1) if name.startswith("GRID-") else name,
            memory_mib=int(record["memory_mib"]),
            count=int(record["count"]),
            driver=str(record["driver"]),
            cuda=str(record["cuda"]),
        )

    def record(self) -> dict[str, Any]:
        """It as a node's document keeps it."""
        return asdict(self)

    @property
    def compute(self) -> str:
        """The chip's compute capability."""
        return str(self._chip["compute"])

    @property
    def used_mib(self) -> int:
        """The MiB that an idle one shows as used."""
        return int(self._chip["used_mib"])

    @property
    def bus(self) -> str:
        """The PCI bus id."""
        return str(self._chip["bus"])

    @property
    def _chip(self) -> Mapping[str, Any]:
        chips: dict[str, dict[str, Any]] = table("kube/gpus")["chips"]
        return next((row for key, row in chips.items() if key in self.name), chips["vGPU8"])
