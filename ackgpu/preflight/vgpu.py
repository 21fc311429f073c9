"""What the vGPU families bring along: retired ones, drivers, licences; and Terway's pod density."""

from __future__ import annotations

from collections.abc import Iterator

from ackgpu import flag
from ackgpu.engine.reads import ReadResults
from ackgpu.preflight.check import Check, CheckFinding
from ackgpu.preflight.facts import Target
from ackgpu.spec import catalog, drivers
from ackgpu.spec.catalog import GpuType
from ackgpu.spec.model import NodePoolSpec

MIN_TERWAY_PODS = 12
"""ACK documentation, node instance types: Terway in shared-ENI mode needs more than 11."""


def _known(target: Target) -> list[GpuType]:
    found = (catalog.gpu_type(type_id) for type_id in target.spec.instance_types)
    return [row for row in found if row is not None]


def _judge_families(target: Target, facts: ReadResults) -> Iterator[CheckFinding]:
    del facts
    families = {row.family: row for row in _known(target) if row.vgpu}
    for family, row in sorted(families.items()):
        if row.retired:
            yield CheckFinding(
                "vgpu",
                "warning",
                f"{family} is retired: sold only where stock is left",
                row.driver or "no driver note",
                "Prefer a current family: `ackgpu offers`.",
            )
    for pool in target.spec.node_pools:
        yield _of_driver(pool)


def _of_driver(pool: NodePoolSpec) -> CheckFinding:
    """Who installs the pool's driver; fine only if that is known to work on ACK."""
    what = f"{pool.name}: {drivers.told(pool.driver, pool.instance_types)}"
    if drivers.is_proven(pool.driver, pool.instance_types):
        return CheckFinding("vgpu", "ok", what)
    if drivers.is_nobodys(pool.driver, pool.instance_types):
        fix = "Install one yourself, or leave gpu.driver out."
        return CheckFinding("vgpu", "warning", what, "the nodes will show no GPU", fix)
    fix = f"`ackgpu verify NAME {flag.LEVEL} cuda` tells whether it did."
    return CheckFinding("vgpu", "warning", what, "nobody has published a proof on ACK", fix)


def _judge_terway(target: Target, facts: ReadResults) -> Iterator[CheckFinding]:
    del facts
    if target.spec.network.is_flannel:
        yield CheckFinding("terway", "skipped", "Flannel")
        return
    small = [row for row in _known(target) if 0 < row.terway_pods < MIN_TERWAY_PODS]
    for row in small:
        what = f"{row.id} has addresses for {row.terway_pods} pods"
        fix = "Use Flannel, or a larger type."
        yield CheckFinding("terway", "error", what, "Terway needs more than 11", fix)
    if not small:
        pods = [row.terway_pods for row in _known(target) if row.terway_pods]
        least = f"at least {min(pods)} pods a node" if pods else "ENI numbers are not published"
        yield CheckFinding("terway", "ok", least)


FAMILIES = Check("vgpu", _judge_families)
TERWAY = Check("terway", _judge_terway)
