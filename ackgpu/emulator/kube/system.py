"""What runs in ``kube-system`` of a managed cluster: DaemonSets, Deployments and their pods.

A pod that was deleted is followed by another: its name carries how many went before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ackgpu.emulator.kube.nodes import SCHEDULE_LABEL, NodeFacts, facts, plugin_down
from ackgpu.emulator.kube.objects import Obj, suffix_of, uid_of
from ackgpu.emulator.kube.state import ClusterState, StoredObject, brought_entry, version_at
from ackgpu.emulator.shared.tables import table

NAMESPACE = "kube-system"
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
STARTS_AFTER = 2.0  # seconds from a node's joining to its first pods


@dataclass(frozen=True)
class SystemPod:
    """A pod of the system: its node, since when it is there, and runs (None: it crashes)."""

    row: Obj
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
    rows = daemonsets(state, nodes)
    found = [pod for node in nodes for pod in _daemon_pods(state, node, rows)]
    return [*found, *_deployment_pods(state, nodes)]


def daemonsets(state: ClusterState, nodes: list[NodeFacts]) -> list[Obj]:
    """The system DaemonSets of this cluster's network, and of what its nodes want besides."""
    other = {"Flannel": "terway", "Terway": "flannel"}.get(_network(state), "terway")
    rows = [row for row in table("kube/system")["daemonsets"] if row.get("only") != other]
    wanted = (any(runs_on(row, node) for node in nodes) for row in rows)
    return [
        row
        for row, is_wanted in zip(rows, wanted, strict=True)
        if is_wanted or not row.get("optional")
    ]


def _network(state: ClusterState) -> str:
    return str(state.cluster.body.get("network", "Flannel"))


def runs_on(row: Obj, node: NodeFacts) -> bool:
    """Whether a DaemonSet wants a pod on the node."""
    if row.get("only") == "gpu" and node.gpu is None:
        return False
    return "schedules" not in row or node.schedule in row["schedules"]


def _daemon_pods(state: ClusterState, node: NodeFacts, rows: list[Obj]) -> Iterator[SystemPod]:
    for row in rows:
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
    open_nodes = [node for node in ready if not node.unschedulable]
    for row in table("kube/system")["deployments"]:
        owner = replica_set_name(state, row)
        for number in range(row["replicas"]):
            node = ready[number % len(ready)] if ready else None
            begun = (node.ready or 0.0) + STARTS_AFTER if node else None
            born = state.cluster.created_at
            first = SystemPod(row, "", str(number), node, born, begun, "ReplicaSet", owner)
            found = _first_alive(state, first)
            if found.created == born:
                yield found
            else:  # one that follows another goes where new pods may
                there = open_nodes[number % len(open_nodes)] if open_nodes else None
                yield replace(found, node=there, running=found.running if there else None)


def replica_set_name(state: ClusterState, row: Obj) -> str:
    """The name of the ReplicaSet of a system Deployment."""
    return f"{row['name']}-{suffix_of(state.id + row['name'], 10)}"


def _first_alive(state: ClusterState, first: SystemPod) -> SystemPod:
    """The pod with its name and uid, or the one that followed it where clients deleted it."""
    created, running, attempt = first.created, first.running, 0
    while True:
        seed = "/".join((state.id, first.owner_name, first.uid, str(attempt)))
        name = f"{first.owner_name}-{suffix_of(seed)}"
        doc = state.documents("pods").get((NAMESPACE, name))
        if doc is None or doc.deleted_at is None or doc.deleted_at > state.now:
            return replace(
                first, name=name, uid=uid_of("pod", seed), created=created, running=running
            )
        created = doc.deleted_at
        running = None if running is None else max(running, doc.deleted_at + STARTS_AFTER)
        attempt += 1


def daemonset_entries(state: ClusterState) -> list[StoredObject]:
    """The DaemonSets, with how far their pods are."""
    nodes, pods = facts(state), system_pods(state)
    return [_daemonset(state, row, nodes, pods) for row in daemonsets(state, nodes)]


def _daemonset(
    state: ClusterState, row: Obj, nodes: list[NodeFacts], pods: list[SystemPod]
) -> StoredObject:
    wanted = sum(runs_on(row, node) for node in nodes)
    own = [pod for pod in pods if pod.owner_name == row["name"]]
    moments = [pod.running for pod in own if pod.running is not None and pod.running <= state.now]
    ready = len(moments)
    changed = max([state.cluster.created_at, *moments, *(pod.created for pod in own)])
    found = {**_owner(state, "DaemonSet", row), "status": daemon_status(wanted, ready)}
    return brought_entry(state, found, version_at(changed))


def daemon_status(wanted: int, ready: int) -> Obj:
    """The status of a DaemonSet all of whose pods are made, of the present template."""
    return {
        "currentNumberScheduled": wanted, "desiredNumberScheduled": wanted,
        "numberAvailable": ready, "numberMisscheduled": 0, "numberReady": ready,
        "numberUnavailable": wanted - ready, "observedGeneration": 1,
        "updatedNumberScheduled": wanted,
    }  # fmt: skip


def deployment_entries(kind: str, state: ClusterState) -> list[StoredObject]:
    """The system Deployments (or, by ``kind``, their ReplicaSets), with how far their pods are."""
    pods = system_pods(state)
    return [_deployment(state, kind, row, pods) for row in table("kube/system")["deployments"]]


def _deployment(state: ClusterState, kind: str, row: Obj, pods: list[SystemPod]) -> StoredObject:
    name = replica_set_name(state, row)
    own = [pod for pod in pods if pod.owner_name == name]
    moments = [pod.running for pod in own if pod.running is not None and pod.running <= state.now]
    shown = name if kind == "ReplicaSet" else row["name"]

    owner = _owner(state, kind, row)
    owner["metadata"]["name"] = shown
    owner["spec"]["replicas"] = row["replicas"]
    status = {"observedGeneration": 1, "replicas": row["replicas"]}
    if moments:
        status |= {"readyReplicas": len(moments), "availableReplicas": len(moments)}
    if kind == "Deployment":
        status["updatedReplicas"] = row["replicas"]
    changed = version_at(max([state.cluster.created_at, *moments]))
    return brought_entry(state, {**owner, "status": status}, changed)


def _owner(state: ClusterState, kind: str, row: Obj) -> Obj:
    spec = pod_spec(row)
    if "schedules" in row:
        # A device plugin wants the nodes with certain values of the schedule label.
        wanted = {"key": SCHEDULE_LABEL, "operator": "In", "values": row["schedules"]}
        required = {"nodeSelectorTerms": [{"matchExpressions": [wanted]}]}
        spec["affinity"] = {"nodeAffinity": {REQUIRED: required}}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {
            "name": row["name"],
            "namespace": NAMESPACE,
            "uid": uid_of(state.id, kind, row["name"]),
            "generation": 1,
            "labels": row["labels"],
        },
        "spec": {
            "selector": {"matchLabels": row["labels"]},
            "template": {"metadata": {"labels": row["labels"]}, "spec": spec},
        },
    }


def pod_spec(row: Obj) -> Obj:
    """The pod template's spec of a system workload."""
    usual = table("kube/system")
    container = {
        **usual["container"],
        "name": row["name"],
        "image": f"registry-vpc.cn-hangzhou.aliyuncs.com/acs/{row['image']}",
        "resources": {"requests": {"cpu": row["cpu"], "memory": row["memory"]}},
    }
    return {**usual["pod_spec"], "containers": [container]}
