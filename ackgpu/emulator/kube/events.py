"""Events: what clients recorded, and what the cluster's own parts say of nodes and pods.

An event lasts an hour (kube-apiserver, ``--event-ttl``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ackgpu.emulator.kube.nodes import NodeFacts, facts
from ackgpu.emulator.kube.objects import Obj, containers_of, controller_of, uid_of
from ackgpu.emulator.kube.pod_timeline import BACK_OFF, PULL, START, PodTimeline, courses, pod_docs
from ackgpu.emulator.kube.state import (
    TICKS,
    ClusterState,
    StoredObject,
    brought_entry,
    version_at,
    written_entry,
)
from ackgpu.emulator.store import Doc

EVENT_TTL = 3600.0
CORE = {
    "note": "message", "regarding": "involvedObject", "reportingController": "reportingComponent",
    "deprecatedSource": "source", "deprecatedFirstTimestamp": "firstTimestamp",
    "deprecatedLastTimestamp": "lastTimestamp", "deprecatedCount": "count",
}  # fmt: skip
"""The fields of an event of events.k8s.io, as core/v1 names them."""
MAKERS = ("replicasets", "jobs", "statefulsets", "daemonsets")  # of pods


@dataclass(frozen=True)
class Happening:
    """One thing that happened: when, to what, and who says so."""

    at: float
    kind: str
    reason: str
    message: str
    component: str


def as_core(obj: Obj) -> Obj:
    """An event of events.k8s.io as the one of core/v1 that is stored."""
    return {**{CORE.get(name, name): value for name, value in obj.items()}, "apiVersion": "v1"}


def as_regarding(obj: Obj) -> Obj:
    """An event as events.k8s.io shows it."""
    names = {name: shown for shown, name in CORE.items()}
    told = {names.get(name, name): value for name, value in obj.items()}
    return {**told, "apiVersion": "events.k8s.io/v1"}


def entries(state: ClusterState) -> list[StoredObject]:
    """Every event of the last hour."""
    written = state.written("events")
    rows = [written_entry(doc) for doc in written if doc.created_at > state.now - EVENT_TTL]
    for node in facts(state):
        involved = {"kind": "Node", "name": node.name, "uid": node.name}
        rows += _entries(state, "default", involved, _of_node(node))
    found = courses(state)
    for doc in pod_docs(state):
        metadata = doc.body["object"]["metadata"]
        involved = {
            "apiVersion": "v1", "kind": "Pod", "name": metadata["name"],
            "namespace": metadata["namespace"], "uid": metadata["uid"],
        }  # fmt: skip
        happened = _of_pod(state, doc, found[metadata["uid"]])
        rows += _entries(state, metadata["namespace"], involved, happened)
    return [*rows, *_of_controllers(state)]


def _of_controllers(state: ClusterState) -> Iterator[StoredObject]:
    """What the controllers say of Deployments, ReplicaSets and Jobs."""
    for doc in state.written("replicasets"):
        obj = doc.body["object"]
        owner = controller_of(obj)
        if owner and owner["kind"] == "Deployment":
            yield from _entries(state, *_involved(obj, owner), _of_scaling(doc))
    for doc in [row for plural in MAKERS for row in state.written(plural)]:
        obj = doc.body["object"]
        yield from _entries(state, *_involved(obj, obj), _of_owner(state, doc))


def _involved(obj: Obj, named: Obj) -> tuple[str, Obj]:
    """The namespace, and the reference to an object or to its owner."""
    inner = named.get("metadata", named)
    namespace = obj["metadata"]["namespace"]
    row = {"apiVersion": named["apiVersion"], "kind": named["kind"], "namespace": namespace}
    return namespace, {**row, "name": inner["name"], "uid": inner["uid"]}


def _of_scaling(doc: Doc) -> Iterator[Happening]:
    name = doc.body["object"]["metadata"]["name"]
    for at, before, after in doc.body.get("scaled") or []:
        if before != after:
            way = "up" if after > before else "down"
            text = f"Scaled {way} replica set {name} from {before} to {after}"
            yield Happening(at, "Normal", "ScalingReplicaSet", text, "deployment-controller")


def _of_owner(state: ClusterState, doc: Doc) -> Iterator[Happening]:
    """The pods that a ReplicaSet or a Job made and took away, and those that it could not make."""
    obj = doc.body["object"]
    who = f"{obj['kind'].lower()}-controller"
    text = "Created pod: {}"
    if obj["kind"] == "StatefulSet":
        text = f"create Pod {{}} in StatefulSet {obj['metadata']['name']} successful"
    for pod in state.documents("pods").values():
        made = pod.body.get("object")
        if not made or (controller_of(made) or {}).get("uid") != obj["metadata"]["uid"]:
            continue
        name = made["metadata"]["name"]
        yield Happening(pod.created_at, "Normal", "SuccessfulCreate", text.format(name), who)
        if "scaled_down" in pod.body:
            at = float(pod.body["scaled_down"])
            yield Happening(at, "Normal", "SuccessfulDelete", f"Deleted pod: {name}", who)
    entry = state.entry("jobs", (obj["metadata"]["namespace"], obj["metadata"]["name"]))
    if obj["kind"] == "Job" and entry and "completionTime" in entry.object["status"]:
        at = (entry.version - 1) / TICKS
        yield Happening(at, "Normal", "Completed", "Job completed", who)
    if why := doc.body.get("refused"):
        text = f"Error creating: {why}"
        yield Happening(float(doc.body["at"]), "Warning", "FailedCreate", text, who)


def _of_node(node: NodeFacts) -> Iterator[Happening]:
    yield Happening(node.joined, "Normal", "Starting", "Starting kubelet.", "kubelet")
    if node.ready is not None:
        text = f"Node {node.name} status is now: NodeReady"
        yield Happening(node.ready, "Normal", "NodeReady", text, "kubelet")


def _of_pod(state: ClusterState, doc: Doc, course: PodTimeline) -> Iterator[Happening]:
    metadata = doc.body["object"]["metadata"]
    if course.bound is None:
        text = course.message
        yield Happening(doc.created_at, "Warning", "FailedScheduling", text, "default-scheduler")
        return
    name = f"{metadata['namespace']}/{metadata['name']}"
    text = f"Successfully assigned {name} to {course.node_name}"
    yield Happening(course.bound, "Normal", "Scheduled", text, "default-scheduler")
    for container in containers_of(doc.body["object"]["spec"]):
        image = container["image"]
        pulling = course.bound + START
        yield Happening(pulling, "Normal", "Pulling", f'Pulling image "{image}"', "kubelet")
        if course.pull_fails:
            refused = pulling + PULL
            text = f'Failed to pull image "{image}": failed to resolve reference: i/o timeout'
            yield Happening(refused, "Warning", "Failed", text, "kubelet")
            text = f'Back-off pulling image "{image}"'
            yield Happening(refused + BACK_OFF, "Normal", "BackOff", text, "kubelet")
            continue
        started = course.started or state.now
        waited = f"{PULL:g}s ({PULL:g}s including waiting)"
        text = f'Successfully pulled image "{image}" in {waited}. Image size: 83886080 bytes.'
        yield Happening(pulling + PULL, "Normal", "Pulled", text, "kubelet")
        for verb in ("Created", "Started"):
            yield Happening(started, "Normal", verb, f"Container {verb.lower()}", "kubelet")
    if doc.deleted_at is not None:
        text = f"Stopping container {doc.body['object']['spec']['containers'][0]['name']}"
        yield Happening(float(doc.body["at"]), "Normal", "Killing", text, "kubelet")


def _entries(
    state: ClusterState, namespace: str, involved: Obj, happened: Iterator[Happening]
) -> Iterator[StoredObject]:
    for number, row in enumerate(happened):
        if row.at <= state.now < row.at + EVENT_TTL:
            yield _entry(state, namespace, involved, row, number)


def _entry(
    state: ClusterState, namespace: str, involved: Obj, row: Happening, number: int
) -> StoredObject:
    uid = uid_of("event", involved["uid"], row.reason, row.message, str(number))
    nanos = int(state.timeline.instant(row.at).timestamp() * TICKS) * 1000 + number
    name = f"{involved['name']}.{nanos:x}"
    stamp = state.stamp(row.at)
    return brought_entry(
        state,
        {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": name, "namespace": namespace, "uid": uid},
            "involvedObject": involved,
            "reason": row.reason,
            "message": row.message,
            "source": {"component": row.component},
            "firstTimestamp": stamp,
            "lastTimestamp": stamp,
            "count": 1,
            "type": row.kind,
            "eventTime": None,
            "reportingComponent": row.component,
            "reportingInstance": "",
        },
        created=version_at(row.at),
    )
