"""Security groups changed in place, and instances that join and leave them."""

from __future__ import annotations

from ackgpu.emulator.ecs import PRODUCT, states
from ackgpu.emulator.ecs.instance_reads import instance
from ackgpu.emulator.ecs.security_groups import checked_name
from ackgpu.emulator.ecs.security_rules import group_to_change
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.store import Doc

POLICIES = {"accept": "Accept", "drop": "Drop"}
"""Taken in any case; answers begin with a capital."""
MAX_DESCRIPTION = 256


@PRODUCT.operation("ModifySecurityGroupAttribute", writes=True, idempotent_by_token=False)
def modify_security_group_attribute(call: Call) -> None:
    """ModifySecurityGroupAttribute: the name and the description; what is not given stays."""
    doc = group_to_change(call)
    doc.name = checked_name(call) or doc.name
    text = call.params.text("Description", doc.body["Description"])
    if text.startswith(("http://", "https://")) or len(text) > MAX_DESCRIPTION:
        raise ApiError(
            "InvalidSecurityGroupDiscription.Malformed",
            "Specified security group description is not valid.",
        )
    doc.body["Description"] = text
    call.docs.put(doc)


@PRODUCT.operation("ModifySecurityGroupPolicy", writes=True)
def modify_security_group_policy(call: Call) -> None:
    """ModifySecurityGroupPolicy: whether members reach each other; only in a basic group."""
    doc = group_to_change(call)
    policy = POLICIES.get(call.params.required("InnerAccessPolicy").lower())
    if policy is None:
        raise ApiError("InvalidPolicy.Malformed", "The specified parameter Policy is not valid.")
    if doc.body["SecurityGroupType"] == "enterprise":
        raise ApiError(
            "InvalidGroupParameter.OperationDenied",
            "The attributes Policy, SourceGroupId, DestGroupId of enterprise level security groups"
            " are not allowed to be set or modified.",
        )
    doc.body["InnerAccessPolicy"] = policy
    call.docs.put(doc)


@PRODUCT.operation("JoinSecurityGroup", writes=True, idempotent_by_token=False)
def join_security_group(call: Call) -> None:
    """JoinSecurityGroup: an instance of the group's VPC, or a network interface."""
    group, member = group_to_change(call), _member(call)
    if group.scope != member.body["VpcId"]:
        raise ApiError(
            "InvalidSecurityGroup.VpcMismatch",
            f"{group.id} and {member.id} are in different VPCs.",
        )
    ids = member.body["SecurityGroupIds"]
    if group.id in ids:
        raise ApiError(
            "InvalidInstanceId.AlreadyExists",
            "The specified instance already exists in the specified security group.",
        )
    _put(call, member, [*ids, group.id])


@PRODUCT.operation("LeaveSecurityGroup", writes=True, idempotent_by_token=False)
def leave_security_group(call: Call) -> None:
    """LeaveSecurityGroup: not out of the last one."""
    group, member = group_to_change(call), _member(call)
    ids = member.body["SecurityGroupIds"]
    if group.id not in ids:
        raise ApiError("InstanceNotInSecurityGroup", "The instance not in the group.", 403)
    if len(ids) == 1:
        raise ApiError(
            "InstanceLastSecurityGroup",
            "The specified instance cannot leave its last security group.",
            403,
        )
    _put(call, member, [one for one in ids if one != group.id])


def _member(call: Call) -> Doc:
    """The network interface or the instance that is named; an instance runs or is stopped."""
    eni_id = call.params.text("NetworkInterfaceId")
    if eni_id:
        eni = call.alive("eni", eni_id)
        if eni is None:
            raise ApiError("InvalidEniId.NotFound", f"There is no interface {eni_id}.", 404)
        return eni
    doc = instance(call, call.params.required("InstanceId"))
    if call.state(doc) not in {"Running", "Stopped"}:
        raise states.wrong_state()
    return doc


def _put(call: Call, member: Doc, group_ids: list[str]) -> None:
    """An instance and its primary interface are in the same groups."""
    member.body["SecurityGroupIds"] = group_ids
    call.docs.put(member)
    other_kind, other_id = (
        ("eni", member.body["NetworkInterfaceId"])
        if member.kind == "instance"
        else ("instance", member.body["InstanceId"] if member.body["Type"] == "Primary" else "")
    )
    other = call.docs.get(other_kind, other_id) if other_id else None
    if other is not None:
        other.body["SecurityGroupIds"] = group_ids
        call.docs.put(other)
