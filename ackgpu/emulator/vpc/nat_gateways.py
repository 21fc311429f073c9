"""Enhanced NAT gateways of the internet kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared.lifecycle import Lifecycle, reached
from ackgpu.emulator.shared.limits import refuse_over
from ackgpu.emulator.store import Doc
from ackgpu.emulator.vpc import durations
from ackgpu.emulator.vpc.addresses import take_address
from ackgpu.emulator.vpc.lifetimes import lasting, retire, set_going
from ackgpu.emulator.vpc.route_entries import make_route_entry, remove_route_entry

LIFECYCLE = Lifecycle(
    "NAT gateway",
    {
        "Creating": "Available Deleting",
        "Available": "Deleting Modifying",
        "Modifying": "Available",
    },
)

DEFAULTS: dict[str, Any] = {
    "NetworkType": "internet",
    "EipBindMode": "MULTI_BINDED",
    "IcmpReplyEnabled": True,
    "Description": "",
    "DeletionProtection": False,
}
"""What a gateway has where it was not told otherwise (CreateNatGateway)."""
DEFAULT_ROUTE = "0.0.0.0/0"


def make_nat_gateway(  # noqa: PLR0913 -- keyword-only, the agreed face between products
    call: Call,
    *,
    region: str,
    vpc_id: str,
    vswitch_id: str,
    name: str,
    tags: Mapping[str, str],
    at: float | None = None,
) -> Doc:
    """A NAT gateway, Creating from ``at``, and the VPC's way out through it once it is Available.

    Raises OperationFailed.EnhancedQuotaExceed, InvalidVSWITCHID.NotFound.
    """
    start = call.now if at is None else at
    refuse_over(
        call,
        "nat_gateways_per_vpc",
        len(lasting(call, "natgateway", start, scope=vpc_id)),
        region=region,
    )
    vswitch = call.docs.get("vswitch", vswitch_id)
    if (
        vswitch is None
        or vswitch.scope != vpc_id
        or not vswitch.alive(max(start, vswitch.created_at))
    ):
        raise ApiError(
            "InvalidVSWITCHID.NotFound", f"The specified resource of {vswitch_id} is not found."
        )
    doc = Doc("natgateway", call.new_id("ngw-bp1", 19), region, vpc_id, name, start)
    lasts = durations.NAT_CREATING.of(call.settings, doc.id)
    doc.body = DEFAULTS | {
        "VSwitchId": vswitch_id,
        "ZoneId": vswitch.body["ZoneId"],
        "PrivateIpAddress": take_address(call, vswitch, doc.id, start),
        "EniInstanceId": call.new_id("eni-bp1", 19),
        "SnatTableId": call.new_id("stb-bp1", 19),
        "ForwardTableId": call.new_id("ftb-bp1", 19),
        "FullNatTableId": call.new_id("fulltb-bp1", 19),
        "Tags": dict(tags),
        "phases": LIFECYCLE.course(start, (0, "Creating"), (lasts, "Available")),
    }
    set_going(call, doc)
    _lead_out(call, doc)
    return doc


def remove_nat_gateway(call: Call, doc: Doc, at: float | None = None) -> None:
    """Let the gateway go from ``at``, and the default route that it made with it."""
    start = call.now if at is None else at
    retire(call, doc, LIFECYCLE, start, ("Deleting", durations.NAT_DELETING))
    route = call.docs.get("route", doc.body.get("route_id", ""))
    if route is not None:
        remove_route_entry(call, route, start)


def _lead_out(call: Call, doc: Doc) -> None:
    """Add 0.0.0.0/0 to the system route table, unless it has one (CreateNatGateway)."""
    ready = reached(doc.body["phases"], "Available")
    tables = lasting(call, "routetable", doc.created_at, scope=doc.scope)
    table = next((row for row in tables if row.body["RouteTableType"] == "System"), None)
    if table is None or ready is None:
        return
    entries = lasting(call, "route", ready, scope=table.id)
    if any(row.body["DestinationCidrBlock"] == DEFAULT_ROUTE for row in entries):
        return
    route = make_route_entry(
        call,
        route_table_id=table.id,
        cidr=DEFAULT_ROUTE,
        next_hop_id=doc.id,
        next_hop_type="NatGateway",
        at=ready,
    )
    doc.body["route_id"] = route.id
    call.docs.put(doc)
