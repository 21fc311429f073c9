"""What metrics-server says that nodes and pods use (``metrics.k8s.io``).

Figures are made up and steady: a container takes half of what it requests, and no less than an
idle one; a node what its containers take and its own share.
"""

from __future__ import annotations

from decimal import Decimal

from ackgpu.emulator.kube.nodes import facts
from ackgpu.emulator.kube.objects import Obj
from ackgpu.emulator.kube.state import ClusterState, StoredObject, brought_entry, version_at
from ackgpu.emulator.kube.status import KubeError
from ackgpu.emulator.shared.quantities import amount

EVERY = 15.0  # seconds between two looks (metrics-server, --metric-resolution)
IDLE = (Decimal("0.001"), 12 * 2**20)
NODE = (Decimal("0.09"), 1100 * 2**20)


def _usage(cpu: Decimal, memory: int) -> Obj:
    return {"cpu": f"{int(cpu * 10**9)}n", "memory": f"{memory // 1024}Ki"}


def container_usage(container: Obj) -> tuple[Decimal, int]:
    """The cores and bytes that a running container takes."""
    requests = (container.get("resources") or {}).get("requests") or {}
    cpu, memory = (amount(requests.get(name, "0")) / 2 for name in ("cpu", "memory"))
    return max(cpu, IDLE[0]), max(int(memory), IDLE[1])


def _metric(state: ClusterState, kind: str, metadata: Obj, rest: Obj) -> StoredObject:
    taken = state.now // EVERY * EVERY
    body = {"timestamp": state.stamp(taken), "window": f"{EVERY:g}s", **rest}
    head = {"kind": kind, "apiVersion": "metrics.k8s.io/v1beta1", "metadata": metadata}
    return brought_entry(state, {**head, **body}, created=version_at(taken))


def pod_entries(state: ClusterState) -> list[StoredObject]:
    """The metrics of every running pod, from the first look on."""
    rows = []
    _require_server(state)
    for entry in state.entries("pods"):
        metadata, status = entry.object["metadata"], entry.object["status"]
        ready = [c["name"] for c in status.get("containerStatuses") or [] if c["ready"]]
        if not ready or status["phase"] != "Running":
            continue
        containers = [
            {"name": row["name"], "usage": _usage(*container_usage(row))}
            for row in entry.object["spec"]["containers"]
            if row["name"] in ready
        ]
        named = {key: metadata[key] for key in ("name", "namespace", "labels") if key in metadata}
        rows.append(_metric(state, "PodMetrics", named, {"containers": containers}))
    return rows


def node_entries(state: ClusterState) -> list[StoredObject]:
    """The metrics of every Ready node."""
    _require_server(state)
    used = {row.name: NODE for row in facts(state) if row.is_ready(state.now)}
    for entry in state.entries("pods"):
        name = entry.object["spec"].get("nodeName", "")
        if name in used and entry.object["status"]["phase"] == "Running":
            for cpu, memory in map(container_usage, entry.object["spec"]["containers"]):
                used[name] = (used[name][0] + cpu, used[name][1] + memory)
    labels = {row.name: row.labels for row in facts(state)}
    return [
        _metric(
            state, "NodeMetrics", {"name": name, "labels": labels[name]}, {"usage": _usage(*sums)}
        )
        for name, sums in used.items()
    ]


def _require_server(state: ClusterState) -> None:
    """Refuse with 503 as long as no pod of metrics-server runs."""
    for entry in state.entries("pods"):
        named = entry.object["metadata"].get("labels", {}).get("k8s-app") == "metrics-server"
        if named and entry.object["status"]["phase"] == "Running":
            return
    text = "the server is currently unable to handle the request"
    raise KubeError(503, "ServiceUnavailable", text)
