"""DNAT ("forward") entries of a NAT gateway."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call, page_of
from ackgpu.emulator.shared.fields import checked_name
from ackgpu.emulator.shared.lifecycle import Lifecycle
from ackgpu.emulator.store import Doc
from ackgpu.emulator.vpc import PRODUCT, durations
from ackgpu.emulator.vpc.lifetimes import lasting, retire, set_going

LIFECYCLE = Lifecycle(
    "DNAT entry",
    {
        "Pending": "Available",
        "Available": "Modifying Deleting",
        "Modifying": "Available",
    },
)
FIELDS = ("ExternalIp", "ExternalPort", "InternalIp", "InternalPort", "IpProtocol")


def forward_entries(call: Call, gateway: Doc) -> list[Doc]:
    """The gateway's DNAT entries that exist now."""
    return call.docs.find("forward", at=call.now, scope=gateway.body["ForwardTableId"])


def remove_forward_entry(call: Call, doc: Doc) -> None:
    """Let the entry go; it is Deleting until it is gone."""
    retire(call, doc, LIFECYCLE, call.now, ("Deleting", durations.SNAT_CHANGING))


def _gateway_of(call: Call, table_id: str) -> Doc:
    for doc in call.all("natgateway"):
        if doc.body["ForwardTableId"] == table_id:
            return doc
    raise ApiError("InvalidForwardTableId.NotFound", "Specified forwardTableId does not exist", 404)


@PRODUCT.operation("CreateForwardEntry", writes=True)
def create_forward_entry(call: Call) -> dict[str, Any]:
    """CreateForwardEntry for an EIP of the gateway that no SNAT entry uses."""
    params = call.params
    gateway = _gateway_of(call, params.required("ForwardTableId"))
    _check_external(call, gateway, params.required("ExternalIp"))
    body = {name: params.required(name) for name in FIELDS}
    entry_id, table_id = call.new_id("fwd-bp1", 18), gateway.body["ForwardTableId"]
    name = params.text("ForwardEntryName")
    doc = Doc("forward", entry_id, gateway.region, table_id, name, call.now)
    doc.body = body | {
        "NatGatewayId": gateway.id,
        "phases": LIFECYCLE.course(
            call.now, (0, "Pending"), (durations.SNAT_CHANGING, "Available")
        ),
    }
    set_going(call, doc)
    return {"ForwardEntryId": doc.id}


def _check_external(call: Call, gateway: Doc, address: str) -> None:
    """Refuse an address that is no EIP of the gateway, or not yet, or that an SNAT entry uses.

    The code for an EIP that is being bound is that of SNAT entries; Terraform's provider waits for
    its end in both.
    """
    eips = call.docs.find("eip", at=call.now, scope=gateway.id)
    states = {eip.body["IpAddress"]: call.state(eip) for eip in eips}
    if states.get(address) == "Associating":
        raise ApiError("OperationUnsupported.EipInBinding", "The Eip is binding.")
    if states.get(address) != "InUse":
        raise ApiError(
            "InvalidExternalIp.NotFound", "Specified External Ip address does not found.", 404
        )
    if _used_by_snat(call, gateway, address):
        raise ApiError("Forbidden.IpUsedInSnatTable", "The ExternalIp is used by an SNAT entry.")


def _used_by_snat(call: Call, gateway: Doc, address: str) -> bool:
    entries = lasting(call, "snat", call.now, scope=gateway.body["SnatTableId"])
    return any(address in entry.body["SnatIp"].split(",") for entry in entries)


@PRODUCT.operation("DescribeForwardTableEntries")
def describe_forward_table_entries(call: Call) -> dict[str, Any]:
    """DescribeForwardTableEntries of a table or of a NAT gateway."""
    params = call.params
    docs = [
        doc
        for doc in call.all("forward")
        if params.fit(
            ForwardTableId=doc.scope,
            NatGatewayId=doc.body["NatGatewayId"],
            ForwardEntryId=doc.id,
            ForwardEntryName=doc.name,
        )
        and params.fit(**{name: doc.body[name] for name in FIELDS})
    ]
    page, numbers = page_of(call, docs)
    rows = [
        {
            "ForwardEntryId": doc.id,
            "ForwardEntryName": doc.name,
            "ForwardTableId": doc.scope,
            "NatGatewayId": doc.body["NatGatewayId"],
            "Status": call.state(doc),
        }
        | {name: doc.body[name] for name in FIELDS}
        for doc in page
    ]
    return {"ForwardTableEntries": {"ForwardTableEntry": rows}} | numbers


@PRODUCT.operation("ModifyForwardEntry", writes=True)
def modify_forward_entry(call: Call) -> None:
    """ModifyForwardEntry: Modifying for some seconds where more than its name changes."""
    gateway, doc = _living_entry(call)
    params = call.params
    if params.text("ForwardEntryName"):
        doc.name = checked_name(call, "ForwardEntryName", "InvalidParameter.Name.Malformed")
    wanted = {name: params.text(name, doc.body[name]) for name in FIELDS}
    if wanted["ExternalIp"] != doc.body["ExternalIp"]:
        _check_external(call, gateway, wanted["ExternalIp"])
    if wanted != {name: doc.body[name] for name in FIELDS}:
        doc.body |= wanted
        LIFECYCLE.enter(doc, call.now, (0, "Modifying"), (durations.SNAT_CHANGING, "Available"))
    set_going(call, doc)


def _living_entry(call: Call) -> tuple[Doc, Doc]:
    """The gateway and its entry that a request names; refuses one that is not Available."""
    gateway = _gateway_of(call, call.params.required("ForwardTableId"))
    doc = call.alive("forward", call.params.required("ForwardEntryId"))
    if doc is None or doc.scope != gateway.body["ForwardTableId"]:
        raise ApiError(
            "InvalidForwardEntryId.NotFound", "Specified forward entry ID does not exist", 404
        )
    if call.state(doc) != "Available":
        raise ApiError(
            "IncorretForwardEntryStatus", "Some Forward entry status blocked this operation.."
        )
    return gateway, doc


@PRODUCT.operation("DeleteForwardEntry", writes=True)
def delete_forward_entry(call: Call) -> None:
    """DeleteForwardEntry: Deleting for some seconds, then gone."""
    _, doc = _living_entry(call)
    remove_forward_entry(call, doc)
