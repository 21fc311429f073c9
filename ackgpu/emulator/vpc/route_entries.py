"""Route entries: the custom ones of a route table, and those that the system keeps in each.

The system's are derived, never stored. One leads to each vSwitch's CIDR block, and one for
100.64.0.0/10 to the cloud's own services (UNCONFIRMED for the latter: it is in no reference page,
but in every real table).
"""

from __future__ import annotations

from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared.lifecycle import Lifecycle
from ackgpu.emulator.shared.limits import refuse_over
from ackgpu.emulator.store import Doc
from ackgpu.emulator.vpc import durations
from ackgpu.emulator.vpc.lifetimes import lasting, retire, set_going

LIFECYCLE = Lifecycle(
    "route entry",
    {
        "Pending": "Available Pending",
        "Available": "Pending Modifying",
        "Modifying": "Available",
    },
)


def make_route_entry(  # noqa: PLR0913 -- keyword-only, the agreed face between products
    call: Call,
    *,
    route_table_id: str,
    cidr: str,
    next_hop_id: str,
    next_hop_type: str,
    at: float | None = None,
) -> Doc:
    """A custom entry of the table from ``at``.

    Raises QuotaExceeded where the table is full, InvalidCIDRBlock.Duplicate where it has the CIDR
    block already.
    """
    start = call.now if at is None else at
    taken = lasting(call, "route", start, scope=route_table_id)
    refuse_over(
        call,
        "routes_per_table",
        len([doc for doc in taken if _counts(call, doc)]),
        int(not _is_way_out(cidr, next_hop_type) or call.doubt("nat_route") == "counted"),
        region=call.region,
    )
    if any(doc.body["DestinationCidrBlock"] == cidr for doc in taken):
        raise ApiError("InvalidCIDRBlock.Duplicate", "Specified CIDR block is already exists.")
    table = call.docs.get("routetable", route_table_id)
    region = table.region if table else call.region
    doc = Doc("route", call.new_id("rte-bp1", 19), region, route_table_id, "", start)
    doc.body = {
        "DestinationCidrBlock": cidr,
        "NextHopId": next_hop_id,
        "NextHopType": next_hop_type,
        "Description": "",
        "phases": LIFECYCLE.course(start, (0, "Pending"), (durations.ROUTE_CHANGING, "Available")),
    }
    return set_going(call, doc)


def _counts(call: Call, doc: Doc) -> bool:
    """Whether an entry counts against the limit: of a NAT gateway's own one that is a doubt."""
    own = _is_way_out(doc.body["DestinationCidrBlock"], doc.body["NextHopType"])
    return not own or call.doubt("nat_route") == "counted"


def _is_way_out(cidr: str, next_hop_type: str) -> bool:
    return cidr == "0.0.0.0/0" and next_hop_type == "NatGateway"


def remove_route_entry(call: Call, doc: Doc, at: float | None = None) -> None:
    """Let the entry go from ``at``; it is Pending until it is gone."""
    start = call.now if at is None else at
    retire(call, doc, LIFECYCLE, start, ("Pending", durations.ROUTE_CHANGING))


SERVICES = "100.64.0.0/10"


def system_routes(call: Call, table: Doc) -> list[Doc]:
    """The table's system entries as documents of kind ``route`` that are in no store."""
    rows = [_system_route(table, SERVICES, "services000000", table.created_at)]
    rows += [
        _system_route(table, vswitch.body["CidrBlock"], vswitch.id[-14:], vswitch.created_at)
        for vswitch in call.docs.find("vswitch", at=call.now, scope=table.scope)
    ]
    return rows


def _system_route(table: Doc, cidr: str, part: str, born: float) -> Doc:
    body = {
        "DestinationCidrBlock": cidr,
        "NextHopId": "",
        "NextHopType": "local",
        "Description": "Created with VSwitch by system.",
        "phases": [[born, "Available"]],
    }
    entry_id = f"rte-{table.id[-6:]}{part}"
    return Doc("route", entry_id, table.region, table.id, "", born, None, body)
