"""Whether nodes in existing vSwitches get out: they pull images and join through it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ackgpu.cloud.api import Cloud, NatGateway, NetworkApi, SnatEntry, VSwitch
from ackgpu.engine.reads import Read, ReadResults
from ackgpu.preflight.calls import CloudCall, call, name_of
from ackgpu.preflight.check import Check, CheckFinding
from ackgpu.preflight.facts import Reads, Target
from ackgpu.preflight.quota_reads import route_entries_of
from ackgpu.preflight.reads import ROUTE_ENTRIES, VSWITCHES
from ackgpu.spec.cidrs import parse_or_none

ID = "egress"
ANYWHERE = "0.0.0.0/0"

WayOut = tuple[NatGateway, list[SnatEntry]]
READ = Read[list[WayOut]]("ways out")


def _reads(target: Target) -> Reads:
    network = target.spec.network
    if not _judged(target):
        return {}
    vpc_id = network.vpc.id
    return {
        READ: _ways_out(vpc_id),
        VSWITCHES: call(NetworkApi.vswitches, vpc_id=vpc_id),
        ROUTE_ENTRIES: route_entries_of(vpc_id),
    }


def _judged(target: Target) -> bool:
    network = target.spec.network
    return bool(network.vpc.id) and not network.nat.create


def _ways_out(vpc_id: str) -> CloudCall[list[WayOut]]:
    def read(cloud: Cloud) -> list[WayOut]:
        return [
            (gateway, cloud.network.snat_entries(table_id=gateway.snat_table_id))
            for gateway in cloud.network.nat_gateways(vpc_id=vpc_id)
        ]

    return CloudCall((name_of(NetworkApi.nat_gateways), name_of(NetworkApi.snat_entries)), read)


def _judge(target: Target, facts: ReadResults) -> Iterator[CheckFinding]:
    network = target.spec.network
    if not _judged(target):
        yield _of_new(made=network.nat.create)
        return
    ways = facts[READ]
    if network.nat.id:
        yield _of_given(network.nat.id, [gateway for gateway, _ in ways])
        return
    entries = [entry for _, rows in ways for entry in rows]
    default_route = any(route.cidr == ANYWHERE for route in facts[ROUTE_ENTRIES])
    rows = {row.id: row for row in facts[VSWITCHES]}
    ids = [vswitch.id for vswitch in network.vswitches if vswitch.id in rows]
    shut = [i for i in ids if not _covered(rows[i], entries)]
    # A default route of the VPC's own (a NAT instance, a transit router) lets all of it out;
    # one beside a NAT gateway is that gateway's, which lets out only what has an entry.
    if shut and not (default_route and not ways):
        yield CheckFinding(
            ID,
            "error",
            f"{', '.join(shut)} has no way out",
            f"{len(ways)} NAT gateways in {network.vpc.id}, and no SNAT entry for it",
            _entries(shut, entries[0], target.region)
            if entries
            else "Add a SNAT entry, or let ackgpu make a NAT gateway: network.nat.create.",
        )
        return
    yield CheckFinding(ID, "ok", "a route of the VPC's" if shut else "SNAT entries are there")


def _entries(vswitches: Sequence[str], like: SnatEntry, region: str) -> str:
    """The lines that let vSwitches out as others of the VPC are."""
    line = f"aliyun vpc CreateSnatEntry --RegionId {region} --SnatTableId {like.table_id}"
    lines = (f"`{line} --SourceVSwitchId {each} --SnatIp {like.address}`" for each in vswitches)
    return f"To let it out: {', '.join(lines)}."


def _of_new(*, made: bool) -> CheckFinding:
    if made:
        return CheckFinding(ID, "ok", "a NAT gateway is made")
    fix = "Let ackgpu make one: network.nat.create."
    return CheckFinding(ID, "warning", "no NAT gateway is requested", "nodes need a way out", fix)


def _of_given(nat_id: str, gateways: Sequence[NatGateway]) -> CheckFinding:
    found = next((gateway for gateway in gateways if gateway.id == nat_id), None)
    if found is None:
        fix = "Give the id of a NAT gateway of that VPC."
        return CheckFinding(ID, "error", f"the NAT gateway {nat_id} is not in the VPC", "", fix)
    if not found.eip_ids:
        fix = "Bind an EIP to it: a given gateway is not changed."
        return CheckFinding(ID, "error", f"the NAT gateway {nat_id} has no EIP", "", fix)
    return CheckFinding(ID, "ok", f"{nat_id} with {len(found.eip_ids)} EIPs")


def _covered(vswitch: VSwitch, entries: Sequence[SnatEntry]) -> bool:
    block = parse_or_none(vswitch.cidr)
    for entry in entries:
        source = parse_or_none(entry.cidr)
        if entry.vswitch_id == vswitch.id:
            return True
        if block is not None and source is not None and block.subnet_of(source):
            return True
    return False


CHECK = Check(ID, _judge, _reads)
