"""The operations on route entries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

from ackgpu.emulator.errors import ApiError, invalid, missing
from ackgpu.emulator.operation import Call
from ackgpu.emulator.store import Doc
from ackgpu.emulator.vpc import PRODUCT
from ackgpu.emulator.vpc.route_entries import (
    SERVICES,
    make_route_entry,
    remove_route_entry,
    system_routes,
)
from ackgpu.emulator.vpc.route_tables import living_route_table

NEXT_HOPS = {
    "Instance": ("instance", "InvalidNextHop.NotFound"),
    "NatGateway": ("natgateway", "InvalidNatGateway.NotFound"),
    "NetworkInterface": ("eni", "InvalidNetworkInterface.NotFound"),
}
"""Next hop types whose resources the account can have, and how a missing one is refused."""
OTHER_HOPS = frozenset(
    {
        "HaVip",
        "RouterInterface",
        "VpnGateway",
        "IPv6Gateway",
        "Attachment",
        "VpcPeer",
        "Ipv4Gateway",
        "GatewayEndpoint",
        "Ecr",
    }
)
INTERNAL_CODES = {
    "InvalidCIDRBlock.Duplicate": "VPC_ROUTE_ENTRY_CIDR_BLOCK_DUPLICATE",
    "InvalidRouteEntry.NotFound": "VPC_ROUTER_ENTRY_NOT_EXIST",
}
"""How the batch operations word a failure; UNCONFIRMED for all codes but these two."""


@dataclass(frozen=True)
class RouteEntryRequest:
    """A route entry that a request asks for."""

    table_id: str
    cidr: str
    hop_id: str
    hop_type: str
    name: str = ""
    description: str = ""


@PRODUCT.operation("CreateRouteEntry", writes=True)
def create_route_entry(call: Call) -> dict[str, Any]:
    """CreateRouteEntry: a VPC takes one at a time, others are refused with TaskConflict."""
    params = call.params
    hops = params.objects("NextHopList")
    if len(hops) > 1:
        raise ApiError(
            "OperationUnsupported.SubRouteTableECMP",
            "Vpc subRouteTable don't support ecmp or multiScope.",
        )
    hop = hops[0] if hops else dict(params)
    wish = RouteEntryRequest(
        params.required("RouteTableId"),
        params.required("DestinationCidrBlock"),
        hop.get("NextHopId", ""),
        hop.get("NextHopType") or "Instance",
        params.text("RouteEntryName"),
        params.text("Description"),
    )
    _refuse_busy(call, living_route_table(call, wish.table_id))
    doc = _grant(call, wish)
    call.end_dry_run()
    return {"RouteEntryId": doc.id}


def _grant(call: Call, wish: RouteEntryRequest) -> Doc:
    """Make the entry after every check of CreateRouteEntry."""
    table = living_route_table(call, wish.table_id)
    if call.state(table) != "Available":
        raise ApiError(
            "IncorrectStatus.RouteTableStatus", "The status of the route table is incorrect."
        )
    cidr = _destination(call, table, wish.cidr)
    _check_next_hop(call, table, wish)
    doc = make_route_entry(
        call,
        route_table_id=table.id,
        cidr=cidr,
        next_hop_id=wish.hop_id,
        next_hop_type=wish.hop_type,
    )
    doc.name = wish.name
    doc.body["Description"] = wish.description
    return call.docs.put(doc)


def _refuse_busy(call: Call, table: Doc) -> None:
    for other in call.docs.find("routetable", at=call.now, scope=table.scope):
        for entry in call.docs.find("route", at=call.now, scope=other.id):
            if call.state(entry) == "Pending":
                raise ApiError("TaskConflict", "Another route entry of the VPC is being changed.")


def _destination(call: Call, table: Doc, text: str) -> str:
    """The destination block; refuses a malformed, a closed and a taken one."""
    try:
        network = IPv4Network(text)
    except ValueError:
        raise ApiError("InvalidCidrBlock.Malformed", "Specified CIDR block is not valid.") from None
    if network != IPv4Network("0.0.0.0/0") and network.overlaps(IPv4Network(SERVICES)):
        raise ApiError(
            "InvalidDestinationCidrBlock",
            "The specified destinationCidrBlock must not included in black list cidr.",
        )
    if any(str(network) == row.body["DestinationCidrBlock"] for row in system_routes(call, table)):
        raise ApiError("InvalidCIDRBlock.Duplicate", "Specified CIDR block is already exists.")
    return str(network)


def _check_next_hop(call: Call, table: Doc, wish: RouteEntryRequest) -> None:
    if not wish.hop_id:
        raise missing("NextHopId")
    if wish.hop_type in OTHER_HOPS:
        raise ApiError(
            "InvalidNextHop.NotFound",
            "The specified route entry nexthop does not exist in our records.",
        )
    if wish.hop_type not in NEXT_HOPS:
        raise invalid("NextHopType")
    kind, code = NEXT_HOPS[wish.hop_type]
    doc = call.alive(kind, wish.hop_id)
    vpc_id = doc and (doc.body.get("VpcId") or doc.scope)
    if vpc_id != table.scope:
        raise ApiError(code, f"The next hop {wish.hop_id} does not exist in the VPC.")


@PRODUCT.operation("CreateRouteEntries", writes=True, idempotent_by_token=False)
def create_route_entries(call: Call) -> dict[str, Any]:
    """CreateRouteEntries: each entry succeeds or fails by itself."""
    made: list[str] = []

    def make(row: dict[str, str]) -> None:
        wish = RouteEntryRequest(
            row.get("RouteTableId", ""),
            row.get("DstCidrBlock", ""),
            row.get("NextHop", ""),
            row.get("NextHopType", ""),
            row.get("Name", ""),
            row.get("Description", ""),
        )
        made.append(_grant(call, wish).id)

    return _batch(call, ("DstCidrBlock", "NextHop"), make) | {"RouteEntryIds": made}


@PRODUCT.operation("DeleteRouteEntries", writes=True, idempotent_by_token=False)
def delete_route_entries(call: Call) -> dict[str, Any]:
    """DeleteRouteEntries: each entry succeeds or fails by itself."""

    def drop(row: dict[str, str]) -> None:
        table_id, cidr = row.get("RouteTableId", ""), row.get("DstCidrBlock", "")
        _remove(call, _entry(call, row.get("RouteEntryId", ""), (table_id, cidr)))

    return _batch(call, ("RouteEntryId", "DstCidrBlock", "NextHop"), drop)


def _batch(
    call: Call, shown: tuple[str, ...], act: Callable[[dict[str, str]], None]
) -> dict[str, Any]:
    """Do ``act`` to each row of RouteEntries; what fails is listed with the fields ``shown``."""
    rows = call.params.objects("RouteEntries")
    if not rows:
        raise missing("RouteEntries")
    failed = []
    for row in rows:
        try:
            act(row)
        except ApiError as error:
            code = INTERNAL_CODES.get(error.code, error.code)
            failed.append(
                {key: row.get(key, "") for key in shown}
                | {"FailedCode": code, "FailedMessage": error.message}
            )
    call.end_dry_run()
    return {
        "SuccessCount": len(rows) - len(failed),
        "FailedCount": len(failed),
        "FailedRouteEntries": failed,
    }


@PRODUCT.operation("DeleteRouteEntry", writes=True, idempotent_by_token=False)
def delete_route_entry(call: Call) -> None:
    """DeleteRouteEntry by its id, or by table and destination: custom, Available entries only."""
    params = call.params
    key = (params.text("RouteTableId"), params.text("DestinationCidrBlock"))
    if not params.text("RouteEntryId") and not all(key):
        raise missing("RouteEntryId")
    _remove(call, _entry(call, params.text("RouteEntryId"), key))
    call.end_dry_run()


def _entry(call: Call, entry_id: str, key: tuple[str, str]) -> Doc:
    """The custom entry of that id, or else of that table and destination."""
    table_id, cidr = key
    doc = call.alive("route", entry_id) if entry_id else None
    if not entry_id:
        living_route_table(call, table_id)
        own = call.docs.find("route", at=call.now, scope=table_id)
        doc = next((row for row in own if row.body["DestinationCidrBlock"] == cidr), None)
    if doc is None:
        raise ApiError("InvalidRouteEntry.NotFound", "Route entry not exists.")
    return doc


def _remove(call: Call, doc: Doc) -> None:
    if call.state(doc) != "Available":
        raise ApiError(
            "IncorrectRouteEntryStatus", "Some route entry status blocked this operation."
        )
    remove_route_entry(call, doc)
