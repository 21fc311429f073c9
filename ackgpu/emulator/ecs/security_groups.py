"""Security groups: made, read and removed. Their rules are in :mod:`.security_rules`."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.ecs import PRODUCT
from ackgpu.emulator.ecs.pages import page
from ackgpu.emulator.ecs.tags import has_tags, new_tags, tag_rows
from ackgpu.emulator.errors import ApiError, invalid
from ackgpu.emulator.operation import Call, token_page
from ackgpu.emulator.shared import limits
from ackgpu.emulator.shared.fields import stamp
from ackgpu.emulator.shared.lists import listing
from ackgpu.emulator.store import Doc

KIND = "securitygroup"
CAPACITY = {"normal": 6000, "enterprise": 65536}
"""Private addresses that a group can hold, by its type (ECS limits page)."""


def make_security_group(  # noqa: PLR0913 -- a record of what to make
    call: Call,
    *,
    region: str,
    vpc_id: str,
    name: str,
    tags: dict[str, str],
    managed: bool = False,
    kind: str = "normal",
) -> Doc:
    """A new security group without rules; ``managed`` says that a cloud product owns it.

    A basic group (``kind`` normal) lets its members reach each other, an enterprise one does not.

    Raises QuotaExceed.SecurityGroup (403) where the region holds as many as it may.
    """
    limits.refuse_over(
        call, "security_groups", call.docs.count(KIND, at=call.now, region=region), region=region
    )
    body = {
        "Description": "",
        "SecurityGroupType": kind,
        "InnerAccessPolicy": "Accept" if kind == "normal" else "Drop",
        "ServiceManaged": managed,
        "ResourceGroupId": "",
        "Rules": [],
        "Tags": dict(tags),
        "phases": [[call.now, "Available"]],
    }
    doc = Doc(KIND, call.new_id("sg-bp1", 17), region, vpc_id, name, call.now, None, body)
    return call.docs.put(doc)


def remove_security_group(call: Call, doc: Doc, at: float | None = None) -> None:
    """Let the group go at ``at``, with its rules and with the rules of others that name it."""
    doc.deleted_at = call.now if at is None else at
    call.docs.put(doc)


def security_group(call: Call, group_id: str) -> Doc:
    """The group of that id; refuses with InvalidSecurityGroupId.NotFound (404)."""
    doc = call.alive(KIND, group_id)
    if doc is None:
        raise ApiError(
            "InvalidSecurityGroupId.NotFound",
            "The SecurityGroupId provided does not exist in our records.",
            404,
        )
    return doc


def refuse_managed(doc: Doc) -> None:
    """Refuse to touch a group that a cloud product owns (ECS API reference, 403)."""
    if doc.body["ServiceManaged"]:
        raise ApiError(
            "InvalidOperation.ResourceManagedByCloudProduct",
            f"The security group {doc.id} is managed by a cloud product.",
            403,
        )


def members(call: Call, group_id: str) -> list[Doc]:
    """The network interfaces that are in the group."""
    enis = call.all("eni")
    return [eni for eni in enis if group_id in eni.body["SecurityGroupIds"]]


def referencing(call: Call, group: Doc) -> list[Doc]:
    """The other groups of the region with a rule that names this one."""
    return [
        other
        for other in call.all(KIND, region=group.region)
        if other.id != group.id and any(_names(rule, group.id) for rule in other.body["Rules"])
    ]


def _names(rule: dict[str, Any], group_id: str) -> bool:
    return group_id in {rule.get("SourceGroupId"), rule.get("DestGroupId")}


@PRODUCT.operation("CreateSecurityGroup", writes=True)
def create_security_group(call: Call) -> dict[str, Any]:
    """CreateSecurityGroup: takes effect at once."""
    vpc_id = call.params.text("VpcId")
    vpc = call.alive("vpc", vpc_id) if vpc_id else None
    if vpc_id and vpc is None:
        raise ApiError("InvalidVpcId.NotFound", "The specified VPC does not exist.", 404)
    if vpc is not None and call.state(vpc) != "Available":
        raise ApiError(
            "IncorrectVpcStatus", "Current VPC status does not support this operation.", 403
        )
    kind = call.params.text("SecurityGroupType", "normal")
    if kind not in CAPACITY:
        raise ApiError("InvalidParams.GroupType", "The specified security group type is not valid.")
    doc = make_security_group(
        call,
        region=call.region,
        vpc_id=vpc_id,
        name=checked_name(call),
        tags=new_tags(call),
        managed=call.params.boolean("ServiceManaged"),
        kind=kind,
    )
    doc.body |= {
        "Description": call.params.text("Description"),
        "ResourceGroupId": call.params.text("ResourceGroupId"),
    }
    call.docs.put(doc)
    return {"SecurityGroupId": doc.id}


def checked_name(call: Call) -> str:
    """SecurityGroupName, empty where it is not given."""
    name = call.params.text("SecurityGroupName")
    unusable = name.startswith(("http://", "https://")) or (name and not name[0].isalpha())
    if unusable or len(name) == 1 or len(name) > 128:  # noqa: PLR2004 -- ECS: 2 to 128 characters
        raise ApiError(
            "InvalidSecurityGroupName.Malformed", "Specified security group name is not valid."
        )
    return name


def _guarded(call: Call, group: Doc) -> bool:
    """Whether ACK protects the group: it does while a cluster uses it (page on its groups)."""
    clusters = call.docs.find("cluster", at=call.now, scope=group.scope)
    return any(cluster.body.get("security_group_id") == group.id for cluster in clusters)


@PRODUCT.operation("DescribeSecurityGroups")
def describe_security_groups(call: Call) -> dict[str, Any]:
    """DescribeSecurityGroups, by NextToken and MaxResults or by the older page numbers."""
    by_page = "PageNumber" in call.params or "PageSize" in call.params
    if by_page and ("MaxResults" in call.params or "NextToken" in call.params):
        raise ApiError(
            "NotSupported.PageNumberAndPageSize",
            "The parameters PageNumber and PageSize are currently not supported, please use"
            " NextToken and MaxResults instead.",
        )
    ids = call.params.json_list("SecurityGroupIds") or call.params.one("SecurityGroupId")
    some, numbers = page(call, listing(call, KIND, _wanted, ids=ids, scope_by="VpcId"))
    rows = [_row(call, doc) for doc in some]
    return {"SecurityGroups": {"SecurityGroup": rows}, "RegionId": call.region, **numbers}


def _wanted(call: Call, doc: Doc) -> bool:
    params = call.params
    name = params.text("SecurityGroupName")
    fuzzy = params.boolean("FuzzyQuery") or name.endswith("*")
    named = doc.name.startswith(name.rstrip("*")) if fuzzy else doc.name == name
    return (
        params.fit(SecurityGroupId=doc.id, SecurityGroupType=doc.body["SecurityGroupType"])
        and ("ServiceManaged" not in params or _managed_as_asked(call, doc))
        and (not name or named)
        and has_tags(call, doc)
    )


def _managed_as_asked(call: Call, doc: Doc) -> bool:
    return bool(doc.body["ServiceManaged"]) == call.params.boolean("ServiceManaged")


def _row(call: Call, doc: Doc) -> dict[str, Any]:
    enis = members(call, doc.id)
    instances = {eni.body["InstanceId"] for eni in enis if eni.body["InstanceId"]}
    kind = doc.body["SecurityGroupType"]
    return {
        "SecurityGroupId": doc.id,
        "SecurityGroupName": doc.name,
        "Description": doc.body["Description"],
        "SecurityGroupType": kind,
        "VpcId": doc.scope,
        "CreationTime": stamp(call, doc.created_at),
        "EcsCount": len(instances) if call.params.boolean("IsQueryEcsCount") else 0,
        "AvailableInstanceAmount": CAPACITY[kind] - len(enis),
        "ResourceGroupId": doc.body["ResourceGroupId"],
        "ServiceManaged": doc.body["ServiceManaged"],
        "Tags": {"Tag": tag_rows(call, doc)},
    }


@PRODUCT.operation("DescribeSecurityGroupAttribute")
def describe_security_group_attribute(call: Call) -> dict[str, Any]:
    """DescribeSecurityGroupAttribute: the rules, filtered by direction."""
    doc = security_group(call, call.params.required("SecurityGroupId"))
    direction = call.params.text("Direction", "all")
    if direction not in {"all", "ingress", "egress"}:
        raise invalid("Direction")
    rules = [r for r in doc.body["Rules"] if direction in {"all", r["Direction"]}]
    some, token = token_page(
        call, list(enumerate(rules)), default=1000, most=1000, place=lambda row: row[:1]
    )
    return {
        "VpcId": doc.scope,
        "InnerAccessPolicy": doc.body["InnerAccessPolicy"],
        "Description": doc.body["Description"],
        "SecurityGroupId": doc.id,
        "SecurityGroupName": doc.name,
        "RegionId": doc.region,
        "Permissions": {"Permission": [rule for _, rule in some]},
        "NextToken": token,
    }


@PRODUCT.operation("DescribeSecurityGroupReferences")
def describe_security_group_references(call: Call) -> dict[str, Any]:
    """DescribeSecurityGroupReferences: which groups' rules name the given ones."""
    rows = []
    for group_id in call.params.listed("SecurityGroupId"):
        group = security_group(call, group_id)
        others = referencing(call, group)
        if others:
            named = [
                {"SecurityGroupId": other.id, "AliUid": call.caller.account_id} for other in others
            ]
            referring = {"ReferencingSecurityGroup": named}
            rows.append({"SecurityGroupId": group_id, "ReferencingSecurityGroups": referring})
    return {"SecurityGroupReferences": {"SecurityGroupReference": rows}}


@PRODUCT.operation("DeleteSecurityGroup", writes=True, idempotent_by_token=False)
def delete_security_group(call: Call) -> None:
    """DeleteSecurityGroup: refused while an interface is in it or another group names it."""
    doc = security_group(call, call.params.required("SecurityGroupId"))
    refuse_managed(doc)
    if members(call, doc.id) or referencing(call, doc) or _guarded(call, doc):
        raise ApiError(
            "DependencyViolation",
            "There is still instance(s) in the specified security group.",
            403,
        )
    remove_security_group(call, doc)
