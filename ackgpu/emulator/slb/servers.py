"""A balancer's default backend servers, and what groups of them share with them."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.errors import ApiError, invalid
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared.limits import refuse_over
from ackgpu.emulator.slb import PRODUCT
from ackgpu.emulator.slb.balancer_changes import living_balancer
from ackgpu.emulator.store import Doc

KINDS = {"ecs": "instance", "eni": "eni"}
DEFAULT_WEIGHT = 100
"""Also the greatest weight that a server may have."""
MAX_PORT = 65535


def named_servers(call: Call, name: str = "BackendServers") -> list[dict[str, Any]]:
    """The JSON text of a parameter as rows; refuses with InvalidParameter."""
    rows = call.params.json_rows(name) or []
    if not all(isinstance(row, dict) for row in rows):
        raise invalid(name)
    return rows


def existing_servers(call: Call, name: str = "BackendServers") -> list[dict[str, Any]]:
    """The servers that a request adds, which must exist."""
    servers = []
    for row in named_servers(call, name):
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
                "Weight": number_of(row.get("Weight", DEFAULT_WEIGHT), DEFAULT_WEIGHT),
                "Port": number_of(row.get("Port", 0), MAX_PORT),
                "Description": str(row.get("Description", "")),
            }
        )
    return servers


def number_of(value: Any, most: int) -> int:
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


def refuse_too_many(call: Call, balancer: Doc, held: int, adding: int) -> None:
    """Refuse with OverQuota what is over the quota ``servers_per_balancer``."""
    refuse_over(call, "servers_per_balancer", held, adding, region=balancer.region)


@PRODUCT.operation("AddBackendServers", writes=True, idempotent_by_token=False)
def add_backend_servers(call: Call) -> dict[str, Any]:
    """AddBackendServers: adding one that is there already changes nothing."""
    doc = living_balancer(call)
    held = {server["ServerId"] for server in doc.body["BackendServers"]}
    new = [server for server in existing_servers(call) if server["ServerId"] not in held]
    refuse_too_many(call, doc, len(held), len(new))
    doc.body["BackendServers"] += new
    call.docs.put(doc)
    rows = [row | {"Weight": str(row["Weight"])} for row in server_rows(doc.body["BackendServers"])]
    return {"LoadBalancerId": doc.id, "BackendServers": {"BackendServer": rows}}


@PRODUCT.operation("RemoveBackendServers", writes=True, idempotent_by_token=False)
def remove_backend_servers(call: Call) -> dict[str, Any]:
    """RemoveBackendServers: removing one that is not there changes nothing."""
    doc = living_balancer(call)
    call.params.required("BackendServers")
    dropped = {str(row.get("ServerId")) for row in named_servers(call)}
    kept = [row for row in doc.body["BackendServers"] if row["ServerId"] not in dropped]
    doc.body["BackendServers"] = kept
    call.docs.put(doc)
    return {"LoadBalancerId": doc.id, "BackendServers": {"BackendServer": server_rows(kept)}}


@PRODUCT.operation("SetBackendServers", writes=True, idempotent_by_token=False)
def set_backend_servers(call: Call) -> dict[str, Any]:
    """SetBackendServers: the weights of servers that are there."""
    doc = living_balancer(call)
    rows = weighed(doc.body["BackendServers"], named_servers(call), "ServerId")
    doc.body["BackendServers"] = rows
    call.docs.put(doc)
    shown = [row | {"Weight": str(row["Weight"])} for row in server_rows(rows)]
    return {"LoadBalancerId": doc.id, "BackendServers": {"BackendServer": shown}}


def weighed(
    servers: list[dict[str, Any]], given: list[dict[str, Any]], *keys: str
) -> list[dict[str, Any]]:
    """Servers with the weights and descriptions given for those of the same keys."""
    told = {key_of(row, *keys): row for row in given}
    result = []
    for server in servers:
        row = told.get(key_of(server, *keys), {})
        weight = number_of(row.get("Weight", server["Weight"]), DEFAULT_WEIGHT)
        description = str(row.get("Description", server["Description"]))
        result.append({**server, "Weight": weight, "Description": description})
    return result


def key_of(row: dict[str, Any], *keys: str) -> tuple[str, ...]:
    """What tells one server from another: clients write ports as numbers and as text."""
    return tuple(str(row.get(key, "")) for key in keys)
