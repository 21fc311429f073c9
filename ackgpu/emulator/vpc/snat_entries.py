"""SNAT entries: who of a VPC leaves through which public address. They carry no tags."""

from __future__ import annotations

from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared.lifecycle import Lifecycle
from ackgpu.emulator.shared.limits import refuse_over
from ackgpu.emulator.store import Doc
from ackgpu.emulator.vpc import durations
from ackgpu.emulator.vpc.lifetimes import lasting, retire, set_going

LIFECYCLE = Lifecycle(
    "SNAT entry",
    {
        "Pending": "Available Deleting",
        "Available": "Modifying Deleting",
        "Modifying": "Available Deleting",
    },
)


def gateway_of_table(call: Call, table_id: str) -> Doc:
    """The NAT gateway whose SNAT table it is, existing or planned.

    Raises InvalidSnatTableId.NotFound.
    """
    for doc in lasting(call, "natgateway", call.now):
        if doc.body["SnatTableId"] == table_id and doc.region == (call.region or doc.region):
            return doc
    raise ApiError("InvalidSnatTableId.NotFound", "Specified SNAT table does not exist.", 404)


def make_snat_entry(
    call: Call, *, table_id: str, vswitch_id: str, address: str, at: float | None = None
) -> Doc:
    """An entry for a whole vSwitch, Pending from ``at``; ``address`` is one or more, by commas.

    Raises InvalidSnatTableId.NotFound, InvalidVSwitchId.NotFound, QuotaExceeded.SnatEntry.
    """
    vswitch = call.docs.get("vswitch", vswitch_id)
    gateway = gateway_of_table(call, table_id)
    if vswitch is None or vswitch.scope != gateway.scope:
        raise ApiError("InvalidVSwitchId.NotFound", "VSwitch not exist.", 404)
    source = (vswitch_id, str(vswitch.body["CidrBlock"]))
    return write_snat_entry(call, gateway, source, address, call.now if at is None else at)


def write_snat_entry(
    call: Call, gateway: Doc, source: tuple[str, str], address: str, start: float
) -> Doc:
    """An entry for ``source``, a vSwitch id (or empty) and a CIDR block.

    Raises QuotaExceeded.SnatEntry.
    """
    table_id = gateway.body["SnatTableId"]
    refuse_over(
        call,
        "snat_entries_per_nat",
        len(lasting(call, "snat", start, scope=table_id)),
        region=gateway.region,
    )
    doc = Doc(
        "snat",
        call.new_id("snat-bp1", 19),
        region=gateway.region,
        scope=table_id,
        created_at=start,
        body={
            "NatGatewayId": gateway.id,
            "SourceVSwitchId": source[0],
            "SourceCIDR": source[1],
            "SnatIp": address,
            "EipAffinity": "0",
            "phases": LIFECYCLE.course(
                start, (0, "Pending"), (durations.SNAT_CHANGING, "Available")
            ),
        },
    )
    return set_going(call, doc)


def remove_snat_entry(call: Call, doc: Doc, at: float | None = None) -> None:
    """Let the entry go from ``at``; it is Deleting until it is gone."""
    start = call.now if at is None else at
    retire(call, doc, LIFECYCLE, start, ("Deleting", durations.SNAT_CHANGING))
