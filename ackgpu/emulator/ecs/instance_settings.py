"""What is set of instances apart from their size: maintenance, metadata, capacity pools."""

from __future__ import annotations

import re
from typing import Any

from ackgpu.emulator.ecs import PRODUCT
from ackgpu.emulator.ecs.instance_reads import instance
from ackgpu.emulator.ecs.instances import KIND
from ackgpu.emulator.errors import ApiError, invalid
from ackgpu.emulator.operation import Call, page_of
from ackgpu.emulator.store import Doc

ACTIONS = ("Stop", "AutoRecover", "AutoRedeploy")
DEFAULT_ACTION = "AutoRecover"
WHOLE_HOUR = re.compile(r"([01]\d|2[0-3]):00:00")
CRITERIA = frozenset({"Open", "Target", "None"})
MAX_HOPS = 64


def _named(call: Call, ids: list[str]) -> list[Doc]:
    return [instance(call, one) for one in ids]


@PRODUCT.operation("DescribeInstanceMaintenanceAttributes")
def describe_instance_maintenance_attributes(call: Call) -> dict[str, Any]:
    """DescribeInstanceMaintenanceAttributes: when the host may be serviced, and what then."""
    ids = call.params.listed("InstanceId")
    some, numbers = page_of(call, _named(call, ids) if ids else call.all(KIND), most=100)
    rows = [_maintenance(doc) for doc in some]
    return {"MaintenanceAttributes": {"MaintenanceAttribute": rows}, **numbers}


def _maintenance(doc: Doc) -> dict[str, Any]:
    own = doc.body.get("Maintenance", {})
    return {
        "InstanceId": doc.id,
        "ActionOnMaintenance": {
            "Value": own.get("ActionOnMaintenance", DEFAULT_ACTION),
            "DefaultValue": DEFAULT_ACTION,
            "SupportedValues": {"SupportedValue": list(ACTIONS)},
        },
        "MaintenanceWindows": {"MaintenanceWindow": own.get("MaintenanceWindow", [])},
        "NotifyOnMaintenance": own.get("NotifyOnMaintenance", False),
    }


@PRODUCT.operation("ModifyInstanceMaintenanceAttributes", writes=True)
def modify_instance_maintenance_attributes(call: Call) -> None:
    """ModifyInstanceMaintenanceAttributes of one instance or more; what is not given stays."""
    params = call.params
    changes: dict[str, Any] = {}
    action = params.text("ActionOnMaintenance")
    if action and action not in ACTIONS:
        raise invalid("ActionOnMaintenance")
    if action:
        changes["ActionOnMaintenance"] = action
    windows = params.objects("MaintenanceWindow")
    if windows:
        changes["MaintenanceWindow"] = [_window(row) for row in windows]
    if "NotifyOnMaintenance" in params:
        changes["NotifyOnMaintenance"] = params.boolean("NotifyOnMaintenance")
    ids = params.listed("InstanceId")
    if not ids:
        raise ApiError("MissingParameter", "The parameter InstanceId.N is mandatory.")
    for doc in _named(call, ids):
        doc.body["Maintenance"] = doc.body.get("Maintenance", {}) | changes
        call.docs.put(doc)


def _window(row: dict[str, str]) -> dict[str, str]:
    """From one whole hour to another, which are not the same."""
    start, end = row.get("StartTime", ""), row.get("EndTime", "")
    if not WHOLE_HOUR.fullmatch(start) or not WHOLE_HOUR.fullmatch(end) or start == end:
        raise invalid("MaintenanceWindow", "It begins and ends on the hour.")
    return {"StartTime": start, "EndTime": end}


@PRODUCT.operation("ModifyInstanceMetadataOptions", writes=True)
def modify_instance_metadata_options(call: Call) -> None:
    """ModifyInstanceMetadataOptions: who may ask the instance's metadata service, and how."""
    doc = instance(call, call.params.required("InstanceId"))
    call.params.required("HttpEndpoint")
    doc.body["MetadataOptions"] = doc.body.get("MetadataOptions", {}) | metadata_options(call)
    call.docs.put(doc)


def metadata_options(call: Call) -> dict[str, Any]:
    """What a request says of the metadata service."""
    params = call.params
    given: dict[str, Any] = {}
    for name, values in (
        ("HttpEndpoint", {"enabled", "disabled"}),
        ("HttpTokens", {"optional", "required"}),
    ):
        if params.text(name):
            if params[name] not in values:
                raise invalid(name)
            given[name] = params[name]
    if params.text("HttpPutResponseHopLimit"):
        hops = params.integer("HttpPutResponseHopLimit", 1, low=1, high=MAX_HOPS)
        given["HttpPutResponseHopLimit"] = hops
    return given


@PRODUCT.operation("DescribeInstanceAttachmentAttributes")
def describe_instance_attachment_attributes(call: Call) -> dict[str, Any]:
    """DescribeInstanceAttachmentAttributes: the capacity pool that an instance draws on."""
    call.params.required("InstanceIds")
    ids = call.params.json_list("InstanceIds") or []
    some, numbers = page_of(call, _named(call, ids), most=100)
    rows = [
        {
            "InstanceId": doc.id,
            "PrivatePoolOptionsMatchCriteria": doc.body.get("PrivatePool", {}).get("match", "None"),
            "PrivatePoolOptionsId": doc.body.get("PrivatePool", {}).get("id", ""),
        }
        for doc in some
    ]
    return {"Instances": {"Instance": rows}, **numbers}


@PRODUCT.operation("ModifyInstanceAttachmentAttributes", writes=True, idempotent_by_token=False)
def modify_instance_attachment_attributes(call: Call) -> None:
    """ModifyInstanceAttachmentAttributes: Target needs the pool's id, the others have none."""
    params = call.params
    doc = instance(call, params.required("InstanceId"))
    match = params.required("PrivatePoolOptions.MatchCriteria")
    if match not in CRITERIA:
        raise invalid("PrivatePoolOptions.MatchCriteria")
    pool = params.required("PrivatePoolOptions.Id") if match == "Target" else ""
    doc.body["PrivatePool"] = {"match": match, "id": pool}
    call.docs.put(doc)
