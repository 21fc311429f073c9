"""Groups of backend servers (VServerGroup), which listeners forward to."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared.fields import stamp, tag_key_tags, tagged
from ackgpu.emulator.slb import PRODUCT
from ackgpu.emulator.slb.balancer_changes import living_balancer
from ackgpu.emulator.slb.listeners import listeners_of
from ackgpu.emulator.slb.servers import (
    existing_servers,
    key_of,
    named_servers,
    refuse_too_many,
    server_rows,
    weighed,
)
from ackgpu.emulator.slb.tags import TAGGING
from ackgpu.emulator.store import Doc

KEYS = ("ServerId", "Port")
"""What tells a server of a group from another: one instance may have several ports."""


@PRODUCT.operation("CreateVServerGroup", writes=True, idempotent_by_token=False)
def create_vserver_group(call: Call) -> dict[str, Any]:
    """CreateVServerGroup: a group is the balancer's, and goes with it."""
    balancer = living_balancer(call)
    servers = existing_servers(call)
    refuse_too_many(call, balancer, 0, len(servers))
    doc = Doc(
        "vservergroup",
        call.new_id("rsp-bp1", 10),
        region=balancer.region,
        scope=balancer.id,
        name=call.params.text("VServerGroupName"),
        created_at=call.now,
        body={"BackendServers": servers, "Tags": TAGGING.new_tags(call)},
    )
    call.docs.put(doc)
    rows = server_rows(servers, "Port")
    return {"VServerGroupId": doc.id, "BackendServers": {"BackendServer": rows}}


@PRODUCT.operation("DescribeVServerGroups")
def describe_vserver_groups(call: Call) -> dict[str, Any]:
    """DescribeVServerGroups of a balancer, with the listeners that use each."""
    balancer = living_balancer(call)
    groups = call.docs.find("vservergroup", at=call.now, scope=balancer.id)
    rows = [_row(call, doc) for doc in groups if tagged(call, doc, call.params.tags())]
    return {"VServerGroups": {"VServerGroup": rows}}


def _row(call: Call, doc: Doc) -> dict[str, Any]:
    listeners = [
        {"Port": listener.body["ListenerPort"], "Protocol": "tcp"}
        for listener in _users(call, doc)
        if call.params.boolean("IncludeListener")
    ]
    return {
        "VServerGroupId": doc.id,
        "VServerGroupName": doc.name,
        "ServerCount": len(doc.body["BackendServers"]),
        "CreateTime": stamp(call, doc.created_at),
        "AssociatedObjects": {"Listeners": {"Listener": listeners}, "Rules": {"Rule": []}},
        "Tags": tag_key_tags(call, doc),
    }


def _users(call: Call, doc: Doc) -> list[Doc]:
    rows = listeners_of(call, doc.scope)
    return [row for row in rows if row.body["VServerGroupId"] == doc.id]


@PRODUCT.operation("DeleteVServerGroup", writes=True, idempotent_by_token=False)
def delete_vserver_group(call: Call) -> None:
    """DeleteVServerGroup: refused while a listener uses the group."""
    doc = _living_group(call)
    if _users(call, doc):
        raise ApiError("RspoolVipExist", "there are vips associating with this vServer group.")
    doc.deleted_at = call.now
    call.docs.put(doc)


def _living_group(call: Call) -> Doc:
    """The group named; Terraform takes this refusal for one that is gone."""
    doc = call.alive("vservergroup", call.params.required("VServerGroupId"))
    if doc is None:
        raise ApiError("InvalidParameter", "The specified VServerGroupId does not exist.")
    return doc


@PRODUCT.operation("DescribeVServerGroupAttribute")
def describe_vserver_group_attribute(call: Call) -> dict[str, Any]:
    """DescribeVServerGroupAttribute: a group with its servers and their addresses."""
    doc = _living_group(call)
    return _shown(doc, "ServerIp") | {
        "LoadBalancerId": doc.scope,
        "VServerGroupName": doc.name,
        "CreateTime": stamp(call, doc.created_at),
        "Tags": tag_key_tags(call, doc),
    }


def _shown(doc: Doc, *keys: str) -> dict[str, Any]:
    rows = server_rows(doc.body["BackendServers"], "Port", *keys)
    return {"VServerGroupId": doc.id, "BackendServers": {"BackendServer": rows}}


def _kept(call: Call, doc: Doc, servers: list[dict[str, Any]]) -> dict[str, Any]:
    doc.body["BackendServers"] = servers
    call.docs.put(doc)
    return _shown(doc)


def _with(call: Call, doc: Doc, held: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """The group with what it holds and the servers that a parameter adds to that."""
    there = {key_of(row, *KEYS) for row in held}
    new = [row for row in existing_servers(call, name) if key_of(row, *KEYS) not in there]
    balancer = call.docs.get("loadbalancer", doc.scope)
    if balancer is not None:
        refuse_too_many(call, balancer, len(held), len(new))
    return _kept(call, doc, [*held, *new])


def _without(call: Call, doc: Doc, name: str) -> list[dict[str, Any]]:
    dropped = {key_of(row, *KEYS) for row in named_servers(call, name)}
    return [row for row in doc.body["BackendServers"] if key_of(row, *KEYS) not in dropped]


@PRODUCT.operation("AddVServerGroupBackendServers", writes=True, idempotent_by_token=False)
def add_vserver_group_backend_servers(call: Call) -> dict[str, Any]:
    """AddVServerGroupBackendServers: adding one that is there already changes nothing."""
    doc = _living_group(call)
    return _with(call, doc, doc.body["BackendServers"], "BackendServers")


@PRODUCT.operation("RemoveVServerGroupBackendServers", writes=True, idempotent_by_token=False)
def remove_vserver_group_backend_servers(call: Call) -> dict[str, Any]:
    """RemoveVServerGroupBackendServers: removing one that is not there changes nothing."""
    doc = _living_group(call)
    answer = _kept(call, doc, _without(call, doc, "BackendServers"))
    for row in answer["BackendServers"]["BackendServer"]:
        del row["Description"]
    return answer


@PRODUCT.operation("ModifyVServerGroupBackendServers", writes=True, idempotent_by_token=False)
def modify_vserver_group_backend_servers(call: Call) -> dict[str, Any]:
    """ModifyVServerGroupBackendServers: the new servers in the place of the old ones."""
    doc = _living_group(call)
    return _with(call, doc, _without(call, doc, "OldBackendServers"), "NewBackendServers")


@PRODUCT.operation("SetVServerGroupAttribute", writes=True, idempotent_by_token=False)
def set_vserver_group_attribute(call: Call) -> dict[str, Any]:
    """SetVServerGroupAttribute: its name, and the weights of servers that are there."""
    doc = _living_group(call)
    doc.name = call.params.text("VServerGroupName", doc.name)
    rows = weighed(doc.body["BackendServers"], named_servers(call), *KEYS)
    return _kept(call, doc, rows) | {"VServerGroupName": doc.name}
