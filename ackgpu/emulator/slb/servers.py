"""Backend servers: a balancer's default ones, and groups of them (VServerGroup)."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.errors import ApiError, invalid
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared.fields import stamp, tag_key_tags, tagged
from ackgpu.emulator.shared.limits import refuse_over
from ackgpu.emulator.slb import PRODUCT
from ackgpu.emulator.slb.balancer_changes import living_balancer
from ackgpu.emulator.slb.listeners import listeners_of
from ackgpu.emulator.slb.tags import TAGGING
from ackgpu.emulator.store import Doc

KINDS = {"ecs": "instance", "eni": "eni"}
DEFAULT_WEIGHT = 100
"""Also the greatest weight that a server may have."""
MAX_PORT = 65535


def _named_servers(call: Call) -> list[dict[str, Any]]:
    """The JSON text of ``BackendServers`` as rows; refuses with InvalidParameter."""
    rows = call.params.json_rows("BackendServers") or []
    if not all(isinstance(row, dict) for row in rows):
        raise invalid("BackendServers")
    return rows


def _servers(call: Call) -> list[dict[str, Any]]:
    """The servers that a request adds, which must exist."""
    servers = []
    for row in _named_servers(call):
        kind = str(row.get("Type", "ecs"))
        if kind not in KINDS:
            raise ApiError("BackendServer.InvalidType", "The specified Type is invalid.")
        server_id = str(row.get("ServerId", ""))
        found = call.alive(KINDS[kind], server_id)
        if found is None:
            raise ApiError("InvalidServerId.NotExist", "The specified ServerId is not exist.")
        servers.append(
            {
                "ServerId": server_id,
                "ServerIp": found.body["PrivateIpAddress"],
                "Type": kind,
                "Weight": _number(row.get("Weight", DEFAULT_WEIGHT), DEFAULT_WEIGHT),
                "Port": _number(row.get("Port", 0), MAX_PORT),
                "Description": str(row.get("Description", "")),
            }
        )
    return servers


def _number(value: Any, most: int) -> int:
    """A number of the JSON text, which clients write as text too; refuses what is out of range."""
    text = str(value)
    if not text.isdecimal() or int(text) > most:
        raise invalid("BackendServers")
    return int(text)


def server_rows(servers: list[dict[str, Any]], *keys: str) -> list[dict[str, Any]]:
    """Servers with these keys and those that every answer shows."""
    return [
        {key: row[key] for key in ("ServerId", "Type", "Weight", "Description", *keys)}
        for row in servers
    ]


def _refuse_too_many(call: Call, balancer: Doc, held: int, adding: int) -> None:
    refuse_over(call, "servers_per_balancer", held, adding, region=balancer.region)


@PRODUCT.operation("AddBackendServers", writes=True, idempotent_by_token=False)
def add_backend_servers(call: Call) -> dict[str, Any]:
    """AddBackendServers: adding one that is there already changes nothing."""
    doc = living_balancer(call)
    held = {server["ServerId"] for server in doc.body["BackendServers"]}
    new = [server for server in _servers(call) if server["ServerId"] not in held]
    _refuse_too_many(call, doc, len(held), len(new))
    doc.body["BackendServers"] += new
    call.docs.put(doc)
    rows = [row | {"Weight": str(row["Weight"])} for row in server_rows(doc.body["BackendServers"])]
    return {"LoadBalancerId": doc.id, "BackendServers": {"BackendServer": rows}}


@PRODUCT.operation("RemoveBackendServers", writes=True, idempotent_by_token=False)
def remove_backend_servers(call: Call) -> dict[str, Any]:
    """RemoveBackendServers: removing one that is not there changes nothing."""
    doc = living_balancer(call)
    call.params.required("BackendServers")
    dropped = {str(row.get("ServerId")) for row in _named_servers(call)}
    kept = [row for row in doc.body["BackendServers"] if row["ServerId"] not in dropped]
    doc.body["BackendServers"] = kept
    call.docs.put(doc)
    return {"LoadBalancerId": doc.id, "BackendServers": {"BackendServer": server_rows(kept)}}


@PRODUCT.operation("CreateVServerGroup", writes=True, idempotent_by_token=False)
def create_vserver_group(call: Call) -> dict[str, Any]:
    """CreateVServerGroup: a group is the balancer's, and goes with it."""
    balancer = living_balancer(call)
    servers = _servers(call)
    _refuse_too_many(call, balancer, 0, len(servers))
    group_id, name = call.new_id("rsp-bp1", 10), call.params.text("VServerGroupName")
    doc = Doc("vservergroup", group_id, balancer.region, balancer.id, name, call.now)
    doc.body = {"BackendServers": servers, "Tags": TAGGING.new_tags(call)}
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
    doc = call.alive("vservergroup", call.params.required("VServerGroupId"))
    if doc is None:
        raise ApiError("ResourceNotFound.VServerGroup", "The VServerGroup does not exist.", 404)
    if _users(call, doc):
        raise ApiError("RspoolVipExist", "there are vips associating with this vServer group.")
    doc.deleted_at = call.now
    call.docs.put(doc)
