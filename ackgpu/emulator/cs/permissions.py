"""Permissions of RAM users inside clusters: kept and read back, and not enforced there."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.cs import PRODUCT
from ackgpu.emulator.cs.lookup import cluster_of, flag, rows_of, text
from ackgpu.emulator.errors import ApiError, invalid
from ackgpu.emulator.operation import Call
from ackgpu.emulator.store import Doc

KIND = "permission"
MODES = {"apply", "delete", "patch"}


@PRODUCT.operation("GrantPermissions", "POST /permissions/users/{uid}")
def grant_permissions(call: Call) -> None:
    """Replace what a user may do, everywhere. It answers nothing."""
    _write(call, [_granted(call, row) for row in rows_of(call)])


@PRODUCT.operation("UpdateUserPermissions", "POST /permissions/users/{uid}/update")
def update_user_permissions(call: Call) -> None:
    """Replace (apply), add (patch) or take away (delete). It answers nothing."""
    mode = call.params.text("mode", "apply")
    if mode not in MODES:
        raise invalid("mode")
    given = [_granted(call, row) for row in rows_of(call)]
    others = [] if mode == "apply" else [row for row in _read(call) if row not in given]
    _write(call, others if mode == "delete" else [*others, *given])


@PRODUCT.operation("DescribeUserPermission", "GET /permissions/users/{uid}")
def describe_user_permission(call: Call) -> list[dict[str, Any]]:
    """What a user may do, as a bare array."""
    return _read(call)


def _granted(call: Call, row: dict[str, Any]) -> dict[str, Any]:
    cluster_id, space = text(row, "cluster"), text(row, "namespace")
    if cluster_id and call.alive("cluster", cluster_id) is None:
        raise ApiError("ErrorClusterNotFound", f"cluster {cluster_id} not found", 404)
    kind = text(row, "role_type") or ("namespace" if space else "cluster")
    name = text(row, "role_name")
    if not name:
        raise invalid("role_name")
    return {
        "resource_id": "/".join(part for part in (cluster_id, space) if part),
        "resource_type": "console" if kind == "all-clusters" else kind,
        "role_name": name,
        "role_type": "custom" if flag(row, "is_custom") else name,
        "is_owner": 0,
        "is_ram_role": int(flag(row, "is_ram_role")),
    }


def _read(call: Call) -> list[dict[str, Any]]:
    doc = call.docs.get(KIND, call.path["uid"])
    rows: list[dict[str, Any]] = doc.body["rows"] if doc is not None else []
    return rows


def _write(call: Call, rows: list[dict[str, Any]]) -> None:
    call.docs.put(Doc(KIND, call.path["uid"], created_at=call.now, body={"rows": rows}))


@PRODUCT.operation(
    "CleanClusterUserPermissions", "DELETE /cluster/{cluster_id}/user/{uid}/permissions"
)
def clean_cluster_user_permissions(call: Call) -> None:
    """Take away all that a user may do in one cluster. It answers nothing."""
    call.params.boolean("Force")
    cluster = cluster_of(call)
    _write(call, [row for row in _read(call) if not is_in(row, cluster.id)])


def is_in(row: dict[str, Any], cluster_id: str) -> bool:
    """Whether a permission is one in that cluster."""
    return str(row["resource_id"]).partition("/")[0] == cluster_id
