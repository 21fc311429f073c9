"""CreateNatGateway, ModifyNatGatewayAttribute and DeleteNatGateway."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared.fields import checked_description, checked_name
from ackgpu.emulator.store import Doc
from ackgpu.emulator.vpc import PRODUCT
from ackgpu.emulator.vpc.eips import unbind_eip
from ackgpu.emulator.vpc.forward_entries import forward_entries, remove_forward_entry
from ackgpu.emulator.vpc.lifetimes import lasting
from ackgpu.emulator.vpc.nat_gateways import make_nat_gateway, remove_nat_gateway
from ackgpu.emulator.vpc.places import nat_zones
from ackgpu.emulator.vpc.snat_entries import remove_snat_entry
from ackgpu.emulator.vpc.tags import TAGGING


@PRODUCT.operation("CreateNatGateway", writes=True)
def create_nat_gateway(call: Call) -> dict[str, Any]:
    """CreateNatGateway: enhanced, pay-as-you-go by LCU; Creating for one to three minutes.

    VSwitchId and NatType are optional in the reference, yet refused with MissingParameter where
    absent (field notes).
    """
    params = call.params
    vpc = call.alive("vpc", params.required("VpcId"))
    if vpc is None:
        raise ApiError("InvalidVpcId.NotFound", "Specified VPC does not exist.", 404)
    _check_kind(call)
    vswitch = _usable_vswitch(call, vpc, params.required("VSwitchId"))
    name = checked_name(call, "Name", "InvalidParameter.Name.Malformed")
    doc = make_nat_gateway(
        call,
        region=vpc.region,
        vpc_id=vpc.id,
        vswitch_id=vswitch.id,
        name=name,
        tags=TAGGING.new_tags(call),
    )
    doc.body |= {
        "Description": checked_description(call, "InvalidParameter.Description.Malformed"),
        "IcmpReplyEnabled": params.boolean("IcmpReplyEnabled", default=True),
        "EipBindMode": params.text("EipBindMode", "MULTI_BINDED"),
    }
    call.docs.put(doc)
    return {
        "NatGatewayId": doc.id,
        "SnatTableIds": {"SnatTableId": [doc.body["SnatTableId"]]},
        "ForwardTableIds": {"ForwardTableId": [doc.body["ForwardTableId"]]},
        "FullNatTableIds": {"FullNatTableId": [doc.body["FullNatTableId"]]},
    }


def _check_kind(call: Call) -> None:
    """Refuse what is sold no longer, or was never sold together."""
    params = call.params
    if params.required("NatType") != "Enhanced":
        raise ApiError(
            "OperationFailed.NormalInventoryNotEnough",
            "Standard NAT gateways are no longer offered. You can create enhanced NAT gateways and"
            " set the correct natType.",
        )
    if params.text("NetworkType", "internet") != "internet":
        raise ApiError("UnsupportedFeature.VpcNat", "The feature of VpcNat is not supported.")
    if params.text("InstanceChargeType", "PostPaid") != "PostPaid":
        raise ApiError(
            "OperationUnsupported.PrePaidPyByLcu",
            "The operation failed because the subscription NAT gateway does not support the"
            " pay-by-LCU billing method.",
        )
    if params.text("InternetChargeType", "PayByLcu") != "PayByLcu":
        raise ApiError(
            "Forbidden.NatPayBySpec",
            "Pay-by-specification NAT is no longer supported. Newly purchased pay-as-you-go NAT"
            " gateways only support the pay-by-CU metering method.",
        )


def _usable_vswitch(call: Call, vpc: Doc, vswitch_id: str) -> Doc:
    """The vSwitch, Available and in a zone that has NAT gateways, in an Available VPC."""
    vswitch = call.alive("vswitch", vswitch_id)
    if vswitch is None:
        raise ApiError(
            "InvalidVSWITCHID.NotFound", f"The specified resource of {vswitch_id} is not found."
        )
    if vswitch.scope != vpc.id:
        raise ApiError(
            "OperationFailed.VswNotBelongToVpc",
            "Operation failed because the specified VSwitch is not bound to the same VPC with NAT"
            " gateway.",
        )
    if call.state(vpc) != "Available":
        raise ApiError("VpcStatusError", "The Vpc is creating .")
    if call.state(vswitch) != "Available":
        raise ApiError("VswitchStatusError", "The VSwitch is creating .")
    if vswitch.body["ZoneId"] not in nat_zones(vpc.region):
        raise ApiError(
            "OperationFailed.EnhancedInventoryNotEnough",
            "Operation failed because inventory is not enough.",
        )
    return vswitch


def _settled_gateway(call: Call) -> Doc:
    """The gateway that NatGatewayId names, which must be Available."""
    doc = call.alive("natgateway", call.params.required("NatGatewayId"))
    if doc is None:
        raise ApiError("InvalidNatGatewayId.NotFound", "The NatGatewayId not exist.", 404)
    if call.state(doc) != "Available":
        raise ApiError(
            "IncorrectStatus.NatGateway", "The status of the NatGateway does not allow this."
        )
    return doc


@PRODUCT.operation("ModifyNatGatewayAttribute", writes=True)
def modify_nat_gateway_attribute(call: Call) -> None:
    """ModifyNatGatewayAttribute: only what is supplied changes."""
    doc = _settled_gateway(call)
    if call.params.text("Name"):
        doc.name = checked_name(call, "Name", "InvalidParameter.Name.Malformed")
    if "Description" in call.params:
        doc.body["Description"] = checked_description(
            call, "InvalidParameter.Description.Malformed"
        )
    doc.body |= {
        "IcmpReplyEnabled": call.params.boolean(
            "IcmpReplyEnabled", default=doc.body["IcmpReplyEnabled"]
        ),
        "EipBindMode": call.params.text("EipBindMode", doc.body["EipBindMode"]),
    }
    call.docs.put(doc)


@PRODUCT.operation("DeleteNatGateway", writes=True, idempotent_by_token=False)
def delete_nat_gateway(call: Call) -> None:
    """DeleteNatGateway: Deleting for a while, then gone.

    Force removes SNAT and DNAT entries and unbinds EIPs, but releases none of them.
    """
    doc = _settled_gateway(call)
    if doc.body["DeletionProtection"]:
        raise ApiError(
            "InvalidOperation.DeletionProtection",
            "The instance cannnot delete because of deletion protecion.",
        )
    _refuse_user_routes(call, doc)
    if call.params.boolean("Force"):
        _empty(call, doc)
    else:
        _refuse_dependents(call, doc)
    remove_nat_gateway(call, doc)


def _refuse_user_routes(call: Call, doc: Doc) -> None:
    for table in lasting(call, "routetable", call.now, scope=doc.scope):
        for entry in lasting(call, "route", call.now, scope=table.id):
            own = entry.id == doc.body.get("route_id")
            if entry.body["NextHopId"] == doc.id and not own:
                raise ApiError(
                    "DependencyViolation.RouterEntry",
                    f"The specified resource of {doc.id} depends on {entry.id}, so the operation"
                    " cannot be completed.",
                )


def _refuse_dependents(call: Call, doc: Doc) -> None:
    refused = "so the operation cannot be completed."
    if lasting(call, "snat", call.now, scope=doc.body["SnatTableId"]):
        raise ApiError(
            "DependencyViolation.SnatEntry",
            f"The specified resource of {doc.id} depends on SnatEntry, {refused}",
        )
    if forward_entries(call, doc):
        raise ApiError(
            "DependencyViolation.ForwardEntry",
            f"The specified resource of {doc.id} depends on ForwardEntry, {refused}",
        )
    if lasting(call, "eip", call.now, scope=doc.id):
        raise ApiError(
            "DependencyViolation.EIPS",
            "There are Eips on specified NatGateway, please unbind it first.",
        )


def _empty(call: Call, doc: Doc) -> None:
    for entry in lasting(call, "snat", call.now, scope=doc.body["SnatTableId"]):
        remove_snat_entry(call, entry)
    for entry in forward_entries(call, doc):
        remove_forward_entry(call, entry)
    for eip in lasting(call, "eip", call.now, scope=doc.id):
        unbind_eip(call, eip)
