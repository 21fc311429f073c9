"""Whether the region and the zones of the spec exist."""

from __future__ import annotations

from collections.abc import Iterator

from ackgpu.cloud.api import ComputeApi
from ackgpu.engine.reads import ReadResults
from ackgpu.preflight.calls import call
from ackgpu.preflight.check import Check, CheckFinding
from ackgpu.preflight.facts import Reads, Target
from ackgpu.preflight.reads import ZONES
from ackgpu.steps.reads import REGIONS

ID = "region"


def _judge(target: Target, facts: ReadResults) -> Iterator[CheckFinding]:
    regions = facts[REGIONS]
    if target.region not in regions:
        yield CheckFinding(
            ID,
            "error",
            f"the region {target.region} does not exist, or is not open to this account",
            "",
            f"Choose one of: {', '.join(regions)}.",
        )
        return
    zones = facts[ZONES]
    named = [vswitch.zone for vswitch in target.spec.network.vswitches if not vswitch.id]
    unknown = [zone for zone in named if zone not in {"auto", *zones}]
    for zone in unknown:
        fix = f"Choose one of: {', '.join(zones)}; or auto."
        yield CheckFinding(ID, "error", f"{target.region} has no zone {zone}", "", fix)
    if not unknown:
        yield CheckFinding(ID, "ok", f"{target.region} with {len(zones)} zones")


READS: Reads = {REGIONS: call(ComputeApi.regions), ZONES: call(ComputeApi.zones)}
CHECK = Check(ID, _judge, lambda _: READS)
