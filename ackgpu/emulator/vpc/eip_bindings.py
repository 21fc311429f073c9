"""AssociateEipAddress and UnassociateEipAddress."""

from __future__ import annotations

from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared.limits import refuse_over
from ackgpu.emulator.store import Doc
from ackgpu.emulator.vpc import PRODUCT
from ackgpu.emulator.vpc.eip_changes import incorrect_status, living_eip
from ackgpu.emulator.vpc.eips import bind_eip, unbind_eip
from ackgpu.emulator.vpc.forward_entries import forward_entries, remove_forward_entry
from ackgpu.emulator.vpc.lifetimes import lasting
from ackgpu.emulator.vpc.snat_entries import remove_snat_entry

KINDS = {
    "Nat": "natgateway",
    "EcsInstance": "instance",
    "NetworkInterface": "eni",
    "SlbInstance": "loadbalancer",
}
"""What an EIP can be bound to, by InstanceType."""


@PRODUCT.operation("AssociateEipAddress", writes=True)
def associate_eip_address(call: Call) -> None:
    """AssociateEipAddress: Associating for some seconds, then InUse."""
    doc = living_eip(call)
    instance_id = call.params.required("InstanceId")
    instance_type = call.params.text("InstanceType", "EcsInstance")
    if instance_type == "NatGateway":  # a common slip: the type of a NAT gateway is Nat
        raise ApiError(
            "Invalid.DirectEip.BindType", "The direct eip can be only associated with eni."
        )
    if instance_type not in KINDS:
        raise ApiError(
            "InvalidInstanceType.ValueNotSupported",
            "The specified value of InstanceType is not supported.",
        )
    if doc.scope == instance_id:
        raise ApiError("InvalidAssociation.Duplicated", "Specified instance already is associated.")
    if call.state(doc) != "Available":
        raise incorrect_status()
    target = call.alive(KINDS[instance_type], instance_id)
    if target is None:
        raise ApiError("InvalidInstanId.NotFound", "Specified instance does not exist.", 404)
    _check_target(call, target)
    bind_eip(call, doc, instance_id, instance_type)


def _check_target(call: Call, target: Doc) -> None:
    """Refuse a target that is not ready, or that holds as many EIPs as it may."""
    held = lasting(call, "eip", call.now, scope=target.id)
    if target.kind == "natgateway":
        if call.state(target) != "Available":
            raise ApiError(
                "IncorrectStatus.NatGateway", "The status of the NatGateway is incorrect."
            )
        refuse_over(call, "eips_per_nat", len(held), region=target.region)
        return
    if target.kind == "instance" and call.state(target) not in {"Running", "Stopped"}:
        raise ApiError(
            "IncorrectInstanceStatus", "Current instance status does not support this operation."
        )
    if held or target.body.get("AddressType") == "internet":
        raise ApiError("InvalidAssociation.Duplicated", "Specified instance already is associated.")


@PRODUCT.operation("UnassociateEipAddress", writes=True)
def unassociate_eip_address(call: Call) -> None:
    """UnassociateEipAddress: Unassociating for some seconds, then Available.

    Force removes the SNAT and DNAT entries that use the address; without it they forbid.
    """
    doc = living_eip(call)
    if call.state(doc) != "InUse":
        raise incorrect_status()
    _check_binding(call, doc)
    if doc.body["InstanceType"] == "Nat":
        _free_of_entries(call, doc)
    unbind_eip(call, doc)


def _check_binding(call: Call, doc: Doc) -> None:
    if call.params.text("InstanceId", doc.body["InstanceId"]) != doc.body["InstanceId"]:
        raise ApiError(
            "InvalidBindInstance.NotFound", "The specified bind instance does not exist.", 404
        )
    if call.params.text("InstanceType", doc.body["InstanceType"]) != doc.body["InstanceType"]:
        raise ApiError(
            "InvalidInstanceType.ValueNotSupported",
            "The specified value of InstanceType is not supported.",
        )


def _free_of_entries(call: Call, doc: Doc) -> None:
    gateway = call.docs.get("natgateway", doc.scope)
    if gateway is None:
        return
    address, force = doc.body["IpAddress"], call.params.boolean("Force")
    for entry in lasting(call, "snat", call.now, scope=gateway.body["SnatTableId"]):
        if address not in entry.body["SnatIp"].split(","):
            continue
        if not force:
            raise _used_by_snat(call, entry)
        remove_snat_entry(call, entry)
    for entry in forward_entries(call, gateway):
        if entry.body["ExternalIp"] != address:
            continue
        if not force:
            raise ApiError(
                "InvalidIpStatus.HasBeenUsedByForwardEntry",
                "The specified address has been used by forwardTable.",
            )
        remove_forward_entry(call, entry)


def _used_by_snat(call: Call, entry: Doc) -> ApiError:
    if call.state(entry) != "Available":
        return ApiError(
            "InvalidStatus.SnatOrDnat", "Operation failed because snat or dnat in unstable status."
        )
    return ApiError(
        "InvalidIpStatus.HasBeenUsedBySnatTable",
        "The removed ip address has been used by snat table.",
    )
