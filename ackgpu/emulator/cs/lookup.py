"""Finding what a request is about, and reading its body."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ackgpu.emulator.errors import ApiError, ill_typed, invalid
from ackgpu.emulator.operation import Call
from ackgpu.emulator.store import Doc

MAX_TAG_KEY, MAX_TAG_VALUE = 64, 128
RESERVED_TAGS = ("aliyun", "acs:", "http://", "https://")
"""What no key of a cluster's tags begins with."""


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


def _typed(body: dict[str, Any], key: str, kind: type, name: str) -> Any:
    """A value within a body, or None; another type is refused as the service's decoder does."""
    value = body.get(key)
    if value is not None and not isinstance(value, kind):
        raise ill_typed(name, value, key)
    return value


def part(body: dict[str, Any], key: str) -> dict[str, Any]:
    """An object within a body; empty where it is absent or null."""
    return _typed(body, key, dict, "object") or {}


def text(body: dict[str, Any], key: str, default: str = "") -> str:
    """A string within a body."""
    value: str | None = _typed(body, key, str, "string")
    return default if value is None else value


def flag(body: dict[str, Any], key: str) -> bool:
    """A boolean within a body; False where it is not there."""
    return bool(_typed(body, key, bool, "bool"))


def number(body: dict[str, Any], key: str, default: int = 0) -> int:
    """An integer within a body."""
    value: int | None = _typed(body, key, int, "int")
    # A bool is an int to Python, and none to the service's decoder.
    if isinstance(value, bool):
        raise ill_typed("int", value, key)
    return default if value is None else value


def texts(body: dict[str, Any], key: str) -> list[str]:
    """A list of strings within a body."""
    return _items(body, key, str, "[]string")


def objects(body: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """A list of objects within a body."""
    return _items(body, key, dict, "[]object")


def _items(body: dict[str, Any], key: str, kind: type, name: str) -> list[Any]:
    value = _typed(body, key, list, name) or []
    if not all(isinstance(item, kind) for item in value):
        raise ill_typed(name, value, key)
    return list(value)


def cluster_tags(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Tags for a cluster; refuses those that none takes (CreateCluster's reference)."""
    tags = {str(row.get("key", "")): str(row.get("value", "")) for row in rows}
    for key, value in tags.items():
        if not 0 < len(key) <= MAX_TAG_KEY or len(value) > MAX_TAG_VALUE:
            raise invalid("tags", "A key has 1 to 64 characters, a value at most 128.")
        if key.startswith(RESERVED_TAGS):
            raise invalid("tags", "A key does not begin with aliyun, acs: or http.")
    return tags


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
    return call.params.json_rows(name) or []
