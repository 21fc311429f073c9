"""The operations that make, protect and remove load balancers."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.account import RESOURCE_GROUP
from ackgpu.emulator.errors import ApiError, invalid
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared import catalog
from ackgpu.emulator.slb import PRODUCT
from ackgpu.emulator.slb.balancers import LIFECYCLE, make_load_balancer, remove_load_balancer
from ackgpu.emulator.slb.tags import TAGGING
from ackgpu.emulator.store import Doc
from ackgpu.emulator.vpc.eips import unbind_eip

MAX_MBPS = 5120
SWITCH = frozenset({"on", "off"})
PROTECTIONS = frozenset({"NonProtection", "ConsoleProtection"})
MAX_NAME = 80
DEFAULT_SPEC = "slb.s1.small"


def living_balancer(call: Call) -> Doc:
    """The balancer that LoadBalancerId names; refuses with InvalidLoadBalancerId.NotFound (404)."""
    doc = call.alive("loadbalancer", call.params.required("LoadBalancerId"))
    if doc is None:
        raise ApiError(
            "InvalidLoadBalancerId.NotFound", "The specified LoadBalancerId does not exist.", 404
        )
    return doc


@PRODUCT.operation("CreateLoadBalancer", writes=True)
def create_load_balancer(call: Call) -> dict[str, Any]:
    """CreateLoadBalancer: active at once. An intranet one lives in a vSwitch."""
    params = call.params
    address_type = params.text("AddressType", "internet")
    if address_type not in {"internet", "intranet"}:
        raise invalid("AddressType")
    vswitch = _vswitch(call, address_type)
    doc = make_load_balancer(
        call,
        region=call.region,
        name=params.text("LoadBalancerName"),
        address_type=address_type,
        vpc_id=vswitch.scope if vswitch else "",
        vswitch_id=vswitch.id if vswitch else "",
        tags=TAGGING.new_tags(call),
        ports=(),
        spec=params.text("LoadBalancerSpec", DEFAULT_SPEC),
    )
    doc.name = doc.name or doc.id
    doc.body |= _settings(call, doc)
    call.docs.put(doc)
    return {
        "LoadBalancerId": doc.id,
        "LoadBalancerName": doc.name,
        "Address": doc.body["Address"],
        "AddressIPVersion": "ipv4",
        "VpcId": doc.scope,
        "VSwitchId": doc.body["VSwitchId"],
        "NetworkType": network_type(doc),
        "ResourceGroupId": RESOURCE_GROUP,
        "OrderId": 0,
    }


def network_type(doc: Doc) -> str:
    """``vpc`` for one that lives in a vSwitch, else ``classic``."""
    return "vpc" if doc.body["VSwitchId"] else "classic"


def _vswitch(call: Call, address_type: str) -> Doc | None:
    """The vSwitch of an intranet balancer, which must be in the VPC named, if one is."""
    if address_type == "internet":
        return None
    vswitch_id, vpc_id = call.params.text("VSwitchId"), call.params.text("VpcId")
    if not vswitch_id:
        raise ApiError("MissingParam.VSwitchId", "The parameter VSwitchId is required.")
    if vpc_id and call.alive("vpc", vpc_id) is None:
        raise ApiError("InvalidVpcId.NotExist", "The specified VPC not exist.")
    vswitch = call.alive("vswitch", vswitch_id)
    if vswitch is None or (vpc_id and vswitch.scope != vpc_id):
        raise ApiError("InvalidVSwitchId.NotFound", "The specified vSwitch instance is invalid.")
    return vswitch


def _settings(call: Call, doc: Doc) -> dict[str, Any]:
    params = call.params
    zone = doc.body["ZoneId"] or params.text("MasterZoneId") or catalog.zones(doc.region)[0]
    protection = params.text("DeleteProtection", doc.body["DeleteProtection"])
    if protection not in SWITCH:
        raise invalid("DeleteProtection")
    return {
        "ZoneId": zone,
        "SlaveZoneId": params.text("SlaveZoneId"),
        "DeleteProtection": protection,
        "InternetChargeType": params.text("InternetChargeType", "paybytraffic"),
        "InstanceChargeType": params.text("InstanceChargeType", "PayBySpec"),
        "PayType": params.text("PayType", "PayOnDemand"),
        "Bandwidth": _mbps(call),
    } | _modification_protection(call, doc)


def _mbps(call: Call) -> int:
    """The bandwidth in Mbit/s; -1 is unlimited."""
    number = call.params.integer("Bandwidth", -1, low=-1, high=MAX_MBPS)
    if number == 0:
        raise ApiError("InvalidParameter.Bandwidth", "The param Bandwidth is invalid.")
    return number


def _modification_protection(call: Call, doc: Doc) -> dict[str, str]:
    params = call.params
    status = params.text("ModificationProtectionStatus", doc.body["ModificationProtectionStatus"])
    if status not in PROTECTIONS:
        raise ApiError(
            "InvalidParam.ModificationProtectionStatus",
            "The param ModificationProtectionStatus is invalid.",
        )
    reason = params.text("ModificationProtectionReason")
    return {
        "ModificationProtectionStatus": status,
        "ModificationProtectionReason": reason if status == "ConsoleProtection" else "",
    }


@PRODUCT.operation("DeleteLoadBalancer", writes=True, idempotent_by_token=False)
def delete_load_balancer(call: Call) -> None:
    """DeleteLoadBalancer: gone at once with its listeners and server groups; EIPs are unbound.

    Protection from modification concerns the console and does not keep an API call off.
    """
    doc = living_balancer(call)
    if doc.body.get("PayType", "PayOnDemand") != "PayOnDemand":
        raise ApiError("InvalidChargeType", "The prepay loadBalancer does not support this action.")
    if doc.body["DeleteProtection"] == "on":
        raise ApiError(
            "OperationDenied.DeleteProtectionIsOn",
            "The loadbalancer can not be deleted due to DeleteProtection is enabled.",
        )
    for eip in call.docs.find("eip", at=call.now, scope=doc.id):
        unbind_eip(call, eip)
    remove_load_balancer(call, doc)


@PRODUCT.operation("SetLoadBalancerName", writes=True, idempotent_by_token=False)
def set_load_balancer_name(call: Call) -> None:
    """SetLoadBalancerName: 1 to 80 characters."""
    doc = living_balancer(call)
    name = call.params.required("LoadBalancerName")
    if len(name) > MAX_NAME:
        raise invalid("LoadBalancerName")
    doc.name = name
    call.docs.put(doc)


@PRODUCT.operation("SetLoadBalancerDeleteProtection", writes=True, idempotent_by_token=False)
def set_load_balancer_delete_protection(call: Call) -> None:
    """SetLoadBalancerDeleteProtection: on or off; a repeat changes nothing."""
    doc = living_balancer(call)
    wanted = call.params.required("DeleteProtection")
    if wanted not in SWITCH:
        raise invalid("DeleteProtection")
    if doc.body.get("PayType", "PayOnDemand") != "PayOnDemand":
        raise ApiError(
            "OperationUnsupported.DeleteProtectionForPrePayInstance",
            "The operation failed because prepay instance does not support delete protection.",
        )
    doc.body["DeleteProtection"] = wanted
    call.docs.put(doc)


@PRODUCT.operation("SetLoadBalancerModificationProtection", writes=True, idempotent_by_token=False)
def set_load_balancer_modification_protection(call: Call) -> None:
    """SetLoadBalancerModificationProtection: a reason is kept only while it is on."""
    doc = living_balancer(call)
    call.params.required("ModificationProtectionStatus")
    doc.body |= _modification_protection(call, doc)
    call.docs.put(doc)


@PRODUCT.operation("SetLoadBalancerStatus", writes=True, idempotent_by_token=False)
def set_load_balancer_status(call: Call) -> None:
    """SetLoadBalancerStatus: active or inactive; a repeat changes nothing."""
    doc = living_balancer(call)
    wanted = call.params.required("LoadBalancerStatus")
    if wanted not in {"active", "inactive"}:
        raise invalid("LoadBalancerStatus")
    if call.state(doc) != wanted:
        LIFECYCLE.enter(doc, call.now, (0, wanted))
    call.docs.put(doc)


@PRODUCT.operation("ModifyLoadBalancerInstanceSpec", writes=True, idempotent_by_token=False)
def modify_load_balancer_instance_spec(call: Call) -> dict[str, Any]:
    """ModifyLoadBalancerInstanceSpec: one that is paid by its specification gets another."""
    doc = living_balancer(call)
    doc.body["LoadBalancerSpec"] = call.params.required("LoadBalancerSpec")
    call.docs.put(doc)
    return {"OrderId": 0}


@PRODUCT.operation("ModifyLoadBalancerInternetSpec", writes=True, idempotent_by_token=False)
def modify_load_balancer_internet_spec(call: Call) -> dict[str, Any]:
    """ModifyLoadBalancerInternetSpec: how traffic is paid, and the bandwidth of a public one."""
    doc, params = living_balancer(call), call.params
    if doc.body["AddressType"] == "intranet":
        raise invalid("LoadBalancerId")
    charge_type = params.text("InternetChargeType", doc.body["InternetChargeType"])
    if charge_type not in {"paybytraffic", "paybybandwidth"}:
        raise invalid("InternetChargeType")
    doc.body["InternetChargeType"] = charge_type
    if params.text("Bandwidth"):
        doc.body["Bandwidth"] = _mbps(call)
    call.docs.put(doc)
    return {"OrderId": 0}
