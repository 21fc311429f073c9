"""SNAT entries: who of a VPC leaves through which public address. They carry no tags."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call, page_of
from ackgpu.emulator.shared.lifecycle import Lifecycle
from ackgpu.emulator.shared.limits import refuse_over
from ackgpu.emulator.store import Doc
from ackgpu.emulator.vpc import PRODUCT, durations
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
    doc = Doc("snat", call.new_id("snat-bp1", 19), gateway.region, table_id, "", start)
    doc.body = {
        "NatGatewayId": gateway.id,
        "SourceVSwitchId": source[0],
        "SourceCIDR": source[1],
        "SnatIp": address,
        "EipAffinity": "0",
        "phases": LIFECYCLE.course(start, (0, "Pending"), (durations.SNAT_CHANGING, "Available")),
    }
    return set_going(call, doc)


def remove_snat_entry(call: Call, doc: Doc, at: float | None = None) -> None:
    """Let the entry go from ``at``; it is Deleting until it is gone."""
    start = call.now if at is None else at
    retire(call, doc, LIFECYCLE, start, ("Deleting", durations.SNAT_CHANGING))


@PRODUCT.operation("DescribeSnatTableEntries")
def describe_snat_table_entries(call: Call) -> dict[str, Any]:
    """DescribeSnatTableEntries of a table or of a NAT gateway; one of the two must be named."""
    params = call.params
    if not params.text("SnatTableId") and not params.text("NatGatewayId"):
        raise ApiError(
            "DESCRIBE_SNAT_PARAM_INVALID", "SnatTableId and natGatewayId can not both be null"
        )
    docs = [doc for doc in call.all("snat", scope=params.text("SnatTableId")) if _wanted(call, doc)]
    page, numbers = page_of(call, docs)
    return {"SnatTableEntries": {"SnatTableEntry": [_row(call, doc) for doc in page]}} | numbers


def _wanted(call: Call, doc: Doc) -> bool:
    params, body = call.params, doc.body
    keys = ("NatGatewayId", "SourceVSwitchId", "SourceCIDR", "SnatIp")
    return (
        params.fit(SnatEntryId=doc.id, SnatEntryName=doc.name)
        and not params.listed("NetworkInterfaceIds")
        and params.fit(**{key: body[key] for key in keys})
    )


def _row(call: Call, doc: Doc) -> dict[str, Any]:
    return {
        "SnatEntryId": doc.id,
        "SnatEntryName": doc.name,
        "SnatTableId": doc.scope,
        "NatGatewayId": doc.body["NatGatewayId"],
        "SourceVSwitchId": doc.body["SourceVSwitchId"],
        "SourceCIDR": doc.body["SourceCIDR"],
        "SnatIp": doc.body["SnatIp"],
        "EipAffinity": doc.body["EipAffinity"],
        "Status": call.state(doc),
    }
