"""Checks of a cluster before an upgrade or a migration."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.cs import PRODUCT, durations
from ackgpu.emulator.cs.lookup import body_of, cluster_of, text
from ackgpu.emulator.errors import ApiError, invalid
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared.fields import stamp
from ackgpu.emulator.store import Doc

TYPES = {"ClusterUpgrade", "MasterUpgrade", "NodePoolUpgrade", "ClusterMigrate"}


@PRODUCT.operation("RunClusterCheck", "POST /clusters/{cluster_id}/checks")
def run_cluster_check(call: Call) -> dict[str, Any]:
    """Begin a check."""
    cluster = cluster_of(call)
    kind = text(body_of(call), "type")
    if kind not in TYPES:
        raise invalid("type")
    serial = "".join(call.rng.choices("0123456789", k=19))
    tail = "".join(call.rng.choices("abcdefghijklmnopqrstuvwxyz", k=5))
    check_id = f"{serial}-{cluster.id}-clustercheck-{tail}"
    body = {"type": kind, "target": text(body_of(call), "target")}
    region = cluster.region
    call.docs.put(Doc("clustercheck", check_id, region, cluster.id, "", call.now, None, body))
    return {"check_id": check_id}


@PRODUCT.operation("GetClusterCheck", "GET /clusters/{cluster_id}/checks/{check_id}")
def get_cluster_check(call: Call) -> dict[str, Any]:
    """How a check stands; an emulated cluster always passes."""
    cluster = cluster_of(call)
    check = call.alive("clustercheck", call.path["check_id"])
    if check is None or check.scope != cluster.id:
        message = f"check {call.path['check_id']} not found"
        raise ApiError("InvalidResource.NotFound", message, 404)
    return _row(call, check) | {"check_items": {}}


@PRODUCT.operation("ListClusterChecks", "GET /clusters/{cluster_id}/checks")
def list_cluster_checks(call: Call) -> dict[str, Any]:
    """The cluster's checks, newest first."""
    cluster = cluster_of(call)
    kind = call.params.text("type")
    checks = call.docs.find("clustercheck", at=call.now, scope=cluster.id)
    return {
        "checks": [
            _row(call, check) for check in reversed(checks) if kind in {"", check.body["type"]}
        ]
    }


def _row(call: Call, check: Doc) -> dict[str, Any]:
    done = check.created_at + durations.CHECK
    ended = done <= call.now
    return {
        "check_id": check.id,
        "created_at": stamp(call, check.created_at),
        "finished_at": stamp(call, done) if ended else "",
        "message": "task succeed" if ended else "",
        "status": "Succeeded" if ended else "Running",
        "type": check.body["type"],
    }
