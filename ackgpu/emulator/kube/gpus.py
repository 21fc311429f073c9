"""The GPU that a node has, as the NVIDIA tools on it see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ackgpu.emulator.catalog import instance_type
from ackgpu.emulator.tables import table

SHARED_SCHEDULES = frozenset({"share", "cgpu", "core_mem", "mps"})
"""Values of ``ack.node.gpu.schedule`` under which memory is scheduled (ACK GPU sharing)."""


@dataclass(frozen=True)
class Gpu:
    """``count`` cards or slices of ``name``, each with ``memory_mib``, under a driver."""

    name: str
    memory_mib: int
    count: int
    driver: str
    cuda: str
    compute: str
    used_mib: int
    bus: str


def gpu_of(type_id: str, given: Mapping[str, Any] | None = None) -> Gpu | None:
    """The GPU of an instance type, or None; ``given`` (a node's own record) overrides the table."""
    kind = instance_type(type_id)
    if kind is None or not kind.get("gpu_amount"):
        return None
    given = given or {}
    row: Mapping[str, Any] = table("cs/gpus")["types"].get(type_id, {})
    name = str(given.get("name") or row.get("name") or kind["gpu_spec"])
    driver = str(given.get("driver") or row.get("driver") or "470.256.03")
    memory = int(given.get("memory_mib") or row.get("memory_mib") or kind["gpu_memory"] * 1024)
    chip = _chip(name)
    return Gpu(
        name=name.replace("-", " ", 1) if name.startswith("GRID-") else name,
        memory_mib=memory,
        count=int(given.get("count") or kind["gpu_amount"]),
        driver=driver,
        cuda=str(given.get("cuda") or table("cs/gpus")["drivers"].get(driver, "11.4")),
        compute=chip["compute"],
        used_mib=int(chip["used_mib"]),
        bus=chip["bus"],
    )


def _chip(name: str) -> dict[str, Any]:
    chips: dict[str, dict[str, Any]] = table("kube/gpus")["chips"]
    return next((row for key, row in chips.items() if key in name), chips["vGPU8"])
