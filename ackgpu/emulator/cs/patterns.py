"""Instance types by their properties: what ``scaling_group.instance_patterns`` stands for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ackgpu.emulator.shared import catalog


def matching_types(patterns: Iterable[Mapping[str, Any]]) -> list[str]:
    """The instance types that fit any of the patterns, those of the first pattern first."""
    found = [
        row["id"] for pattern in patterns for row in catalog.instance_types() if _fits(pattern, row)
    ]
    return list(dict.fromkeys(found))


def _fits(pattern: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    families = pattern.get("instance_type_families") or [row["family"]]
    cores = pattern.get("cores", pattern.get("core", row["cpu"]))
    return (
        row["family"] in families
        and row["id"] not in pattern.get("excluded_instance_types", ())
        and row["cpu"] == cores
        and row["memory"] == pattern.get("memory", row["memory"])
        and row["cpu"] >= pattern.get("min_cpu_cores", 0)
        and row["cpu"] <= pattern.get("max_cpu_cores", row["cpu"])
        and row["memory"] >= pattern.get("min_memory_size", 0)
        and row["memory"] <= pattern.get("max_memory_size", row["memory"])
        and row["gpu_amount"] <= pattern.get("maximum_gpu_amount", row["gpu_amount"])
        and row["eni"] >= pattern.get("minimum_eni_quantity", 0)
    )
