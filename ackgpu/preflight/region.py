"""Whether the region and the zones of the spec exist."""

from __future__ import annotations

from collections.abc import Iterator

from ackgpu.preflight.check import Check, Finding
from ackgpu.preflight.facts import Facts, Reads, Target

ID = "region"


def _reads(target: Target) -> Reads:
    return {"regions": target.cloud.compute.regions, "zones": target.cloud.compute.zones}


def _judge(target: Target, facts: Facts) -> Iterator[Finding]:
    regions: list[str] = facts["regions"]
    if target.region not in regions:
        yield Finding(
            ID,
            "error",
            f"the region {target.region} does not exist, or is not open to this account",
            "",
            f"Choose one of: {', '.join(regions)}.",
        )
        return
    zones: list[str] = facts["zones"]
    named = [vswitch.zone for vswitch in target.spec.network.vswitches if not vswitch.id]
    unknown = [zone for zone in named if zone not in {"auto", *zones}]
    for zone in unknown:
        fix = f"Choose one of: {', '.join(zones)}; or auto."
        yield Finding(ID, "error", f"{target.region} has no zone {zone}", "", fix)
    if not unknown:
        yield Finding(ID, "ok", f"{target.region} with {len(zones)} zones")


CHECK = Check(ID, _judge, _reads)
