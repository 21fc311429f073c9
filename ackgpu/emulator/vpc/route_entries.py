"""Route entries: the custom ones of a route table.

The system's own (one for each vSwitch's CIDR block, and 100.64.0.0/10) are derived when read.
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
    doc = Doc(
        "route",
        call.new_id("rte-bp1", 19),
        region=table.region if table else call.region,
        scope=route_table_id,
        created_at=start,
        body={
            "DestinationCidrBlock": cidr,
            "NextHopId": next_hop_id,
            "NextHopType": next_hop_type,
            "Description": "",
            "phases": LIFECYCLE.course(
                start, (0, "Pending"), (durations.ROUTE_CHANGING, "Available")
            ),
        },
    )
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
