"""What runs in ``kube-system`` of a managed cluster: DaemonSets, Deployments and their pods.

A pod that was deleted is followed by another: its name carries how many went before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from ackgpu.emulator.kube.nodes import NodeFacts, facts, plugin_down
from ackgpu.emulator.kube.objects import Obj, suffix_of, uid_of
from ackgpu.emulator.kube.state import ClusterState, Entry, version_at
from ackgpu.emulator.tables import table

NAMESPACE = "kube-system"
STARTS_AFTER = 2.0  # seconds from a node's joining to its first pods
Row = dict[str, Any]


@dataclass(frozen=True)
class SystemPod:
    """A pod of the system: its node, since when it is there, and runs (None: it crashes)."""

    row: Row
    name: str
    uid: str
    node: NodeFacts | None
    created: float
    running: float | None
    owner_kind: str
    owner_name: str


def system_pods(state: ClusterState) -> list[SystemPod]:
    """Every system pod there is now."""
    nodes = facts(state)
    found = [pod for node in nodes for pod in _daemon_pods(state, node)]
    return [*found, *_deployment_pods(state, nodes)]


def daemonsets(state: ClusterState) -> list[Row]:
    """The system DaemonSets of this cluster's network."""
    other = {"Flannel": "terway", "Terway": "flannel"}.get(_network(state), "terway")
    return [row for row in table("kube/system")["daemonsets"] if row.get("only") != other]


def _network(state: ClusterState) -> str:
    return str(state.cluster.body.get("network", "Flannel"))


def runs_on(row: Row, node: NodeFacts) -> bool:
    """Whether a DaemonSet wants a pod on the node."""
    return row.get("only") != "gpu" or node.gpu is not None


def _daemon_pods(state: ClusterState, node: NodeFacts) -> Iterator[SystemPod]:
    for row in daemonsets(state):
        if not runs_on(row, node):
            continue
        running: float | None = node.joined + STARTS_AFTER
        if row["when"] == "gpu":
            running = None if plugin_down(state, node) else node.gpu_ready
        first = SystemPod(
            row, "", node.doc.id, node, node.joined, running, "DaemonSet", row["name"]
        )
        yield _first_alive(state, first)


def _deployment_pods(state: ClusterState, nodes: list[NodeFacts]) -> Iterator[SystemPod]:
    ready = [node for node in nodes if node.is_ready(state.now)]
    ready.sort(key=lambda node: (node.ready or 0.0, node.index))
    for row in table("kube/system")["deployments"]:
        owner = replica_set_name(state, row)
        for number in range(row["replicas"]):
            node = ready[number % len(ready)] if ready else None
            begun = (node.ready or 0.0) + STARTS_AFTER if node else None
            born = state.cluster.born
            first = SystemPod(row, "", str(number), node, born, begun, "ReplicaSet", owner)
            yield _first_alive(state, first)


def replica_set_name(state: ClusterState, row: Row) -> str:
    """The name of the ReplicaSet of a system Deployment."""
    return f"{row['name']}-{suffix_of(state.id + row['name'], 10)}"


def _first_alive(state: ClusterState, first: SystemPod) -> SystemPod:
    """The pod with its name and uid, or the one that followed it where clients deleted it."""
    created, running, attempt = first.created, first.running, 0
    while True:
        seed = "/".join((state.id, first.owner_name, first.uid, str(attempt)))
        name = f"{first.owner_name}-{suffix_of(seed)}"
        doc = state.documents("pods").get((NAMESPACE, name))
        if doc is None or doc.gone is None or doc.gone > state.now:
            return replace(
                first, name=name, uid=uid_of("pod", seed), created=created, running=running
            )
        created = doc.gone
        running = None if running is None else max(running, doc.gone + STARTS_AFTER)
        attempt += 1


def daemonset_entries(state: ClusterState) -> list[Entry]:
    """The DaemonSets, with how far their pods are."""
    nodes, pods = facts(state), system_pods(state)
    return [_daemonset(state, row, nodes, pods) for row in daemonsets(state)]


def _daemonset(
    state: ClusterState, row: Row, nodes: list[NodeFacts], pods: list[SystemPod]
) -> Entry:
    wanted = sum(runs_on(row, node) for node in nodes)
    own = [pod for pod in pods if pod.owner_name == row["name"]]
    ready = sum(pod.running is not None and pod.running <= state.now for pod in own)
    moments = [pod.running for pod in own if pod.running is not None and pod.running <= state.now]
    changed = max([state.cluster.born, *moments, *(pod.created for pod in own)])

    def build() -> Obj:
        return {
            **_owner(state, "DaemonSet", row),
            "status": {
                "currentNumberScheduled": wanted,
                "desiredNumberScheduled": wanted,
                "numberAvailable": ready,
                "numberMisscheduled": 0,
                "numberReady": ready,
                "numberUnavailable": wanted - ready,
                "observedGeneration": 1,
                "updatedNumberScheduled": wanted,
            },
        }

    return _entry(state, "DaemonSet", row["name"], changed, build)


def deployment_entries(state: ClusterState, kind: str) -> list[Entry]:
    """The system Deployments (or, by ``kind``, their ReplicaSets), with how far their pods are."""
    pods = system_pods(state)
    return [_deployment(state, kind, row, pods) for row in table("kube/system")["deployments"]]


def _deployment(state: ClusterState, kind: str, row: Row, pods: list[SystemPod]) -> Entry:
    name = replica_set_name(state, row)
    own = [pod for pod in pods if pod.owner_name == name]
    moments = [pod.running for pod in own if pod.running is not None and pod.running <= state.now]
    shown = name if kind == "ReplicaSet" else row["name"]

    def build() -> Obj:
        owner = _owner(state, kind, row)
        owner["metadata"]["name"] = shown
        owner["spec"]["replicas"] = row["replicas"]
        status = {"observedGeneration": 1, "replicas": row["replicas"]}
        if moments:
            status |= {"readyReplicas": len(moments), "availableReplicas": len(moments)}
        if kind == "Deployment":
            status["updatedReplicas"] = row["replicas"]
        return {**owner, "status": status}

    return _entry(state, kind, shown, max([state.cluster.born, *moments]), build)


def _owner(state: ClusterState, kind: str, row: Row) -> Obj:
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {
            "name": row["name"],
            "namespace": NAMESPACE,
            "uid": uid_of(state.id, kind, row["name"]),
            "generation": 1,
            "creationTimestamp": state.stamp(state.cluster.born),
            "labels": row["labels"],
        },
        "spec": {
            "selector": {"matchLabels": row["labels"]},
            "template": {"metadata": {"labels": row["labels"]}, "spec": pod_spec(row)},
        },
    }


def _entry(state: ClusterState, kind: str, name: str, changed: float, build: Any) -> Entry:
    return Entry(
        key=(NAMESPACE, name),
        uid=uid_of(state.id, kind, name.rsplit("-", 1)[0] if kind == "ReplicaSet" else name),
        created=version_at(state.cluster.born),
        version=version_at(changed),
        build=build,
    )


def pod_spec(row: Row) -> Obj:
    """The pod template's spec of a system workload."""
    requests = {"cpu": row["cpu"], "memory": row["memory"]}
    container = {
        "name": row["name"],
        "image": f"registry-vpc.cn-hangzhou.aliyuncs.com/acs/{row['image']}",
        "imagePullPolicy": "IfNotPresent",
        "resources": {"requests": requests},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
    }
    return {
        "containers": [container],
        "dnsPolicy": "ClusterFirst",
        "restartPolicy": "Always",
        "schedulerName": "default-scheduler",
        "securityContext": {},
        "terminationGracePeriodSeconds": 30,
        "tolerations": [{"operator": "Exists"}],
    }
