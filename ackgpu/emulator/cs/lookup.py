"""Finding what a request is about, and reading its body."""

from __future__ import annotations

import json
from typing import Any

from ackgpu.emulator.errors import ApiError, invalid
from ackgpu.emulator.operation import Call
from ackgpu.emulator.store import Doc


def cluster_of(call: Call) -> Doc:
    """The cluster in the request's path; ErrorClusterNotFound, also from another region."""
    cluster_id = call.path.get("cluster_id") or call.path["clusterid"]
    cluster = call.alive("cluster", cluster_id)
    if cluster is None:
        raise ApiError("ErrorClusterNotFound", f"cluster {cluster_id} not found", 404)
    return cluster


def running_cluster(call: Call) -> Doc:
    """The cluster in the path if it can be changed now.

    That a cluster which is being made or removed refuses is documented, the words were seen by the
    vendor's own CLI (2026-08); the code is unconfirmed, this one is spelt like that of node pools.
    """
    cluster = cluster_of(call)
    state = call.state(cluster)
    if state != "running":
        raise ApiError(
            "InvalidClusterStatus.Forbidden",
            f"cannot operate cluster where state is {state}",
        )
    return cluster


def pool_of(call: Call, cluster: Doc, pool_id: str = "") -> Doc:
    """The named node pool, or that in the path; ErrorNodePoolNotFound (404 is unconfirmed)."""
    pool_id = pool_id or call.path["nodepool_id"]
    pool = call.alive("nodepool", pool_id)
    if pool is None or pool.scope != cluster.id:
        raise ApiError("ErrorNodePoolNotFound", f"nodepool {pool_id} not found", 404)
    return pool


def active_pool(call: Call, cluster: Doc, pool_id: str = "") -> Doc:
    """The same if it can be changed now (pool life cycle page, 2026)."""
    pool = pool_of(call, cluster, pool_id)
    check_pool_state(call, pool, {"active", "failed"})
    return pool


def check_pool_state(call: Call, pool: Doc, allowed: set[str]) -> None:
    """Refuse a change to a pool that is in none of these states."""
    state = call.state(pool)
    if state not in allowed:
        raise ApiError(
            "InvalidNodePoolStatus.Forbidden",
            f"cannot operate nodepool when nodepool state is {state}",
        )


def body_of(call: Call) -> dict[str, Any]:
    """The request's JSON object; empty where there is none."""
    if call.body is None:
        return {}
    if not isinstance(call.body, dict):
        raise invalid("body", "A JSON object is expected.")
    return call.body


def rows_of(call: Call) -> list[dict[str, Any]]:
    """The request's bare JSON array of objects (add-on operations, ModifyClusterTags)."""
    rows = call.body
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise invalid("body", "A JSON array of objects is expected.")
    return rows


def part(body: dict[str, Any], key: str) -> dict[str, Any]:
    """An object within a body; empty where it is absent or null."""
    value = body.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _ill_typed("object", value, key)
    return value


def text(body: dict[str, Any], key: str, default: str = "") -> str:
    """A string within a body; any other type is refused as the service's decoder does."""
    value = body.get(key)
    if value is None:
        return default
    if not isinstance(value, str):
        raise _ill_typed("string", value, key)
    return value


def flag(body: dict[str, Any], key: str) -> bool:
    """A boolean within a body; False where it is not there."""
    value = body.get(key)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise _ill_typed("bool", value, key)
    return value


def number(body: dict[str, Any], key: str, default: int = 0) -> int:
    """An integer within a body."""
    value = body.get(key)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int):
        raise _ill_typed("int", value, key)
    return value


def texts(body: dict[str, Any], key: str) -> list[str]:
    """A list of strings within a body."""
    value = body.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _ill_typed("[]string", value, key)
    return list(value)


def objects(body: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """A list of objects within a body."""
    value = body.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise _ill_typed("[]object", value, key)
    return list(value)


def tag_rows(body: dict[str, Any]) -> list[dict[str, str]]:
    """The ``tags`` of a section, each with ``key`` and ``value``.

    ``Key`` and ``Value`` are read as well: Terraform's provider ``alicloud`` sends a node pool's
    tags so, and the service takes them.
    """
    return [
        {
            "key": text(row, "key") or text(row, "Key"),
            "value": text(row, "value") or text(row, "Value"),
        }
        for row in objects(body, "tags")
    ]


def query_list(call: Call, name: str) -> list[Any]:
    """A query parameter that holds JSON text of a list; empty where it is absent."""
    raw = call.params.text(name)
    if not raw:
        return []
    try:
        value = json.loads(raw)
    except ValueError:
        raise invalid(name) from None
    if not isinstance(value, list):
        raise invalid(name)
    return value


def _ill_typed(expected: str, value: Any, field: str) -> ApiError:
    got = {bool: "bool", int: "number", float: "number", str: "string", list: "array"}.get(
        type(value), "object"
    )
    # The message is as seen in the field; its code is unconfirmed.
    return ApiError(
        "InvalidParameter",
        f"Unmarshal type error: expected={expected}, got={got}, field={field}",
    )
