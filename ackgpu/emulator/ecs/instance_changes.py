"""Starting, stopping, changing and releasing instances."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.ecs import PRODUCT, billing_methods, stock
from ackgpu.emulator.ecs.billing_methods import (
    charge_type,
    convert,
    refuse_converting,
    refuse_unless,
)
from ackgpu.emulator.ecs.instance_reads import instance
from ackgpu.emulator.ecs.instances import remove_instance
from ackgpu.emulator.ecs.states import INSTANCE, wrong_state
from ackgpu.emulator.errors import ApiError, invalid
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared import catalog
from ackgpu.emulator.store import Doc
from ackgpu.emulator.vpc.eips import unbind_eip

STOPPED_AFTER = 10.0
RUNNING_AFTER = 15.0
ORDER_TAKES = 5.0
MAX_CONVERTED = 20
MAX_NAMED = 100


@PRODUCT.operation("StartInstance", writes=True, idempotent_by_token=False)
def start_instance(call: Call) -> None:
    """StartInstance: only from Stopped."""
    _start(call, instance(call, call.params.required("InstanceId")))
    call.end_dry_run()


@PRODUCT.operation("StartInstances", writes=True, idempotent_by_token=False)
def start_instances(call: Call) -> dict[str, Any]:
    """StartInstances: all of them, or none."""
    docs = _several(call)
    for doc in docs:
        _start(call, doc)
    call.end_dry_run()
    return _responses(docs, "Starting", "Stopped")


@PRODUCT.operation("StopInstance", writes=True, idempotent_by_token=False)
def stop_instance(call: Call) -> None:
    """StopInstance: only from Running."""
    _stop(call, instance(call, call.params.required("InstanceId")))
    call.end_dry_run()


@PRODUCT.operation("StopInstances", writes=True, idempotent_by_token=False)
def stop_instances(call: Call) -> dict[str, Any]:
    """StopInstances: all of them, or none."""
    docs = _several(call)
    for doc in docs:
        _stop(call, doc)
    call.end_dry_run()
    return _responses(docs, "Stopping", "Running")


@PRODUCT.operation("DeleteInstance", writes=True, idempotent_by_token=False)
def delete_instance(call: Call) -> None:
    """DeleteInstance: a Running one with Force only, a prepaid one not at all."""
    _delete(call, instance(call, call.params.required("InstanceId")))
    call.end_dry_run()


@PRODUCT.operation("DeleteInstances", writes=True)
def delete_instances(call: Call) -> None:
    """DeleteInstances: all of them, or none. A dry run that works says DRYRUN.SUCCESS (400)."""
    for doc in _several(call):
        _delete(call, doc)
    if call.params.boolean("DryRun"):
        raise ApiError("DRYRUN.SUCCESS", "This request is a dryrun request with successful result.")


def _several(call: Call) -> list[Doc]:
    ids = call.params.listed("InstanceId")
    if not ids:
        raise ApiError("MissingParameter", "The parameter InstanceId.N is mandatory.")
    if len(ids) > MAX_NAMED:
        raise ApiError(
            "InvalidParameter.TooManyInstanceIds", "Instance ids cannot be more than 100.", 403
        )
    return [instance(call, one) for one in ids]


def _responses(docs: list[Doc], now: str, before: str) -> dict[str, Any]:
    rows = [
        {
            "Code": "200",
            "Message": "success",
            "InstanceId": doc.id,
            "CurrentStatus": now,
            "PreviousStatus": before,
        }
        for doc in docs
    ]
    return {"InstanceResponses": {"InstanceResponse": rows}}


def _start(call: Call, doc: Doc) -> None:
    if call.state(doc) != "Stopped" or doc.deleted_at is not None:
        raise wrong_state()
    zone, type_id = doc.body["ZoneId"], doc.body["InstanceType"]
    economical = doc.body["StoppedMode"] == "StopCharging"
    if economical and stock.left(call, zone, type_id) not in catalog.SOLD:
        raise ApiError("OperationDenied.NoStock", "The resource is out of usage.", 403)
    doc.body["StoppedMode"] = "Not-applicable"
    INSTANCE.enter(doc, call.now, (0, "Starting"), (RUNNING_AFTER, "Running"))
    call.docs.put(doc)


def _stop(call: Call, doc: Doc) -> None:
    if call.state(doc) != "Running":
        raise wrong_state()
    mode = call.params.text("StoppedMode", "KeepCharging")
    if mode not in {"KeepCharging", "StopCharging"}:
        raise invalid("StoppedMode")
    doc.body["StoppedMode"] = mode
    INSTANCE.enter(doc, call.now, (0, "Stopping"), (STOPPED_AFTER, "Stopped"))
    call.docs.put(doc)


def _delete(call: Call, doc: Doc) -> None:
    """Check as the real service does, then let the instance and what is bound to it go."""
    state = call.state(doc)
    if doc.deleted_at is not None:
        return
    if doc.body["DeletionProtection"]:
        raise ApiError(
            "InvalidOperation.DeletionProtection", f"{doc.id} is protected from deletion.", 403
        )
    refuse_converting(call, doc)
    refuse_unless(call, doc, "PostPaid")
    if state in {"Pending", "Starting"}:
        raise ApiError(
            "IncorrectInstanceStatus.Initializing",
            "The specified instance status does not support this operation.",
            403,
        )
    if state != "Stopped" and not call.params.boolean("Force"):
        raise wrong_state()
    if any(route.body["NextHopId"] == doc.id for route in call.all("route", region=doc.region)):
        raise ApiError(
            "DependencyViolation.RouteEntry", "Specified instance is used by route entry."
        )
    for eip in call.docs.find("eip", at=call.now, scope=doc.id):
        unbind_eip(call, eip)
    remove_instance(call, doc)


@PRODUCT.operation("ModifyInstanceAttribute", writes=True, idempotent_by_token=False)
def modify_instance_attribute(call: Call) -> None:
    """ModifyInstanceAttribute: what is named changes, the rest stays."""
    doc = instance(call, call.params.required("InstanceId"))
    params = call.params
    doc.name = params.text("InstanceName", doc.name)
    for name in ("Description", "HostName", "UserData"):
        doc.body[name] = params.get(name, doc.body[name])
    doc.body["DeletionProtection"] = params.boolean(
        "DeletionProtection", default=doc.body["DeletionProtection"]
    )
    groups = params.listed("SecurityGroupIds")
    if groups:
        _join(call, doc, groups)
    call.docs.put(doc)


def _join(call: Call, doc: Doc, group_ids: list[str]) -> None:
    """Move the instance into the groups; the request need not say which region it is about."""
    for group_id in group_ids:
        group = call.docs.get("securitygroup", group_id)
        if group is None or not group.alive(call.now):
            raise ApiError(
                "InvalidSecurityGroupId.NotFound",
                "The SecurityGroupId provided does not exist in our records.",
                404,
            )
        if group.scope != doc.scope:
            raise ApiError(
                "InvalidSecurityGroupVpc.NotBelongToOneVpc",
                "The specified SecurityGroupIds are belong to different vpc.",
                404,
            )
    doc.body["SecurityGroupIds"] = group_ids
    eni = call.docs.get("eni", doc.body["NetworkInterfaceId"])
    if eni is not None:
        eni.body["SecurityGroupIds"] = group_ids
        call.docs.put(eni)


@PRODUCT.operation("ModifyInstanceChargeType", writes=True)
def modify_instance_charge_type(call: Call) -> dict[str, Any]:
    """ModifyInstanceChargeType: pay-as-you-go to subscription, or back.

    With AutoPay=false the order waits unpaid and nothing changes.
    """
    wanted = call.params.text("InstanceChargeType", "PrePaid")
    if wanted not in {"PrePaid", "PostPaid"}:
        raise ApiError(
            "InvalidInstanceChargeType.ValueNotSupported", f"{wanted} is no InstanceChargeType."
        )
    ids = call.params.json_list("InstanceIds") or []
    if not ids:
        raise ApiError("InvalidParameter.InstanceIds", "The specified InstanceIds are invalid.")
    if len(ids) > MAX_CONVERTED:
        raise ApiError("InstancesIdQuotaExceed", "The maximum number of Instances is exceeded.")
    terms = (
        billing_methods.subscription(call)
        if wanted == "PrePaid"
        else billing_methods.Charge("PostPaid")
    )
    docs = [instance(call, one) for one in ids]
    order_id = billing_methods.new_order_id(call)
    for doc in docs:
        _convert(call, doc, terms, order_id)
    call.end_dry_run()
    fees = [_fee(doc, terms) for doc in docs] if call.params.boolean("IsDetailFee") else []
    return {"OrderId": order_id, "FeeOfInstances": {"FeeOfInstance": fees}}


def _convert(call: Call, doc: Doc, terms: billing_methods.Charge, order_id: str) -> None:
    body = doc.body
    if call.state(doc) not in {"Running", "Stopped"}:
        raise ApiError("InvalidStatus.ValueNotSupported", f"{doc.id} is not Running or Stopped.")
    if body["SpotStrategy"] != "NoSpot":
        raise ApiError("InvalidSpotStrategy", "The specified SpotStrategy is not valid.")
    if charge_type(call, doc) == terms.charge_type:
        raise ApiError(
            "InvalidInstanceChargeType.ValueNotSupported", f"{doc.id} is {terms.charge_type}."
        )
    if body.get("UnpaidOrder"):
        raise ApiError("InvalidInstance.UnpaidOrder", f"{doc.id} has an unpaid order.")
    if call.now < body.get("OrderUntil", 0):
        raise ApiError("InstanceHasProcessingConvertOrder", f"{doc.id} is being converted.")
    if call.params.boolean("AutoPay", default=True):
        convert(call, doc, terms.charge_type, terms.paid_until)
        body["OrderUntil"] = call.now + ORDER_TAKES
    else:
        body["UnpaidOrder"] = order_id
    call.docs.put(doc)


def _fee(doc: Doc, terms: billing_methods.Charge) -> dict[str, str]:
    price = (catalog.hourly_price(doc.body["InstanceType"]) or 0.0) * terms.hours
    return {"InstanceId": doc.id, "Currency": catalog.currency(), "Fee": f"{price:.2f}"}
