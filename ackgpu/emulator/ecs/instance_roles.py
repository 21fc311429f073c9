"""RAM roles that instances act in: attached to several at once, one role an instance."""

from __future__ import annotations

import json
from typing import Any

from ackgpu.emulator.ecs import PRODUCT
from ackgpu.emulator.ecs.instance_reads import instance
from ackgpu.emulator.ecs.instances import KIND
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call, page_of
from ackgpu.emulator.ram import entities, presets
from ackgpu.emulator.store import Doc

MOST = 100
SERVICE = "ecs.aliyuncs.com"


def checked_role(call: Call, name: str) -> str:
    """The name of a role that ECS may take.

    Raises InvalidRamRole.NotFound (404), or InvalidRamRole.NotEcsRole (403) where its trust policy
    does not name the service.
    """
    role = presets.find_role(call.docs, name, entities.missing_roles(call))
    if role is None:
        raise ApiError(
            "InvalidRamRole.NotFound",
            'The specified parameter "RAMRoleName" does not exist.',
            404,
        )
    statements = json.loads(role.body["AssumeRolePolicyDocument"])["Statement"]
    if not any(SERVICE in json.dumps(one.get("Principal", {})) for one in statements):
        raise ApiError(
            "InvalidRamRole.NotEcsRole",
            "The specified ram role is not authorized for ecs, please check your role policy.",
            403,
        )
    return name


def _role(doc: Doc) -> str:
    return str(doc.body.get("RamRoleName", ""))


def _asked(call: Call) -> list[Doc]:
    ids = call.params.json_list("InstanceIds") or []
    if not ids:
        raise ApiError("InvalidParameter.InstanceIds", "The specified InstanceIds are invalid.")
    if len(ids) > MOST:
        raise ApiError(
            "InvalidParameter.TooManyInstanceIds", "Instance ids cannot be more than 100.", 403
        )
    return [instance(call, one) for one in ids]


@PRODUCT.operation("AttachInstanceRamRole", writes=True, idempotent_by_token=False)
def attach_instance_ram_role(call: Call) -> dict[str, Any]:
    """AttachInstanceRamRole: an instance that has a role already fails, the others do not."""
    name = checked_role(call, call.params.required("RamRoleName"))
    rows = []
    for doc in _asked(call):
        free = not _role(doc)
        if free:
            doc.body["RamRoleName"] = name
            call.docs.put(doc)
        rows.append(_result(doc, worked=free))
    return _results("AttachInstanceRamRoleResult", rows, name)


@PRODUCT.operation("DetachInstanceRamRole", writes=True, idempotent_by_token=False)
def detach_instance_ram_role(call: Call) -> dict[str, Any]:
    """DetachInstanceRamRole: the role that is named, or whichever there is."""
    name = call.params.text("RamRoleName")
    rows = []
    for doc in _asked(call):
        had = _role(doc)
        works = not name or name == had
        held = [{"InstanceId": doc.id, "RamRoleName": had}] if had else []
        if works:
            doc.body["RamRoleName"] = ""
            call.docs.put(doc)
        row = _result(doc, worked=works)
        rows.append(row | {"InstanceRamRoleSets": {"InstanceRamRoleSet": held}})
    return _results("DetachInstanceRamRoleResult", rows, name)


def _result(doc: Doc, *, worked: bool) -> dict[str, Any]:
    refused = {
        "Code": "InvalidOperation.InstanceRamRole",
        "Message": "The RAM role of the instance does not allow the operation.",
    }
    said = {"Code": "200", "Message": "success"} if worked else refused
    return {"InstanceId": doc.id, "Success": worked, **said}


def _results(key: str, rows: list[dict[str, Any]], name: str) -> dict[str, Any]:
    failed = sum(not row["Success"] for row in rows)
    counts = {"TotalCount": len(rows), "FailCount": failed, "RamRoleName": name}
    return {f"{key}s": {key: rows}, **counts}


@PRODUCT.operation("DescribeInstanceRamRole")
def describe_instance_ram_role(call: Call) -> dict[str, Any]:
    """DescribeInstanceRamRole of the instances named, or of all that have the role."""
    params = call.params
    name, ids = params.text("RamRoleName"), params.json_list("InstanceIds")
    docs = _asked(call) if ids else call.all(KIND)
    held = [doc for doc in docs if _role(doc) and name in {"", _role(doc)}]
    some, numbers = page_of(call, held)
    rows = [{"InstanceId": doc.id, "RamRoleName": _role(doc)} for doc in some]
    return {
        "InstanceRamRoleSets": {"InstanceRamRoleSet": rows},
        "RegionId": call.region,
        "TotalCount": numbers["TotalCount"],
    }
