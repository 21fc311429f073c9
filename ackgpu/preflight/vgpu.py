"""What the vGPU families bring along: retired ones, drivers, licences; and Terway's pod density."""

from __future__ import annotations

from collections.abc import Iterator

from ackgpu.preflight.check import Check, Finding
from ackgpu.preflight.facts import Facts, Target
from ackgpu.spec import catalog
from ackgpu.spec.catalog import GpuType

LEAST_TERWAY_PODS = 12
"""ACK documentation, node instance types: Terway in shared-ENI mode needs more than 11."""


def _known(target: Target) -> list[GpuType]:
    found = (catalog.gpu_type(type_id) for type_id in target.spec.instance_types)
    return [row for row in found if row is not None]


def _judge_families(target: Target, facts: Facts) -> Iterator[Finding]:
    del facts
    families = {row.family: row for row in _known(target) if row.vgpu}
    for family, row in sorted(families.items()):
        note = row.driver or "no driver note"
        if row.retired:
            yield Finding(
                "vgpu",
                "warning",
                f"{family} is retired: sold only where stock is left",
                note,
                "Prefer a current family: `ackgpu offers`.",
            )
        else:
            yield Finding("vgpu", "ok", f"{family}: {note}")
    if not families:
        yield Finding("vgpu", "ok", "no vGPU type that ackgpu knows")


def _judge_terway(target: Target, facts: Facts) -> Iterator[Finding]:
    del facts
    if target.spec.network.is_flannel:
        yield Finding("terway", "skipped", "Flannel")
        return
    small = [row for row in _known(target) if 0 < row.terway_pods < LEAST_TERWAY_PODS]
    for row in small:
        what = f"{row.id} has addresses for {row.terway_pods} pods"
        fix = "Use Flannel, or a larger type."
        yield Finding("terway", "error", what, "Terway needs more than 11", fix)
    if not small:
        pods = [row.terway_pods for row in _known(target) if row.terway_pods]
        least = f"at least {min(pods)} pods a node" if pods else "ENI numbers are not published"
        yield Finding("terway", "ok", least)


FAMILIES = Check("vgpu", _judge_families)
TERWAY = Check("terway", _judge_terway)
