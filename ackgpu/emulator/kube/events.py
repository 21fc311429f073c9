"""Events: what clients recorded, and what the cluster's own parts say of nodes and pods.

An event lasts an hour (kube-apiserver, ``--event-ttl``).
"""

from __future__ import annotations

from collections.abc import Iterator

from ackgpu.emulator.kube.nodes import NodeFacts, facts
from ackgpu.emulator.kube.objects import Obj, containers_of, controller_of, uid_of
from ackgpu.emulator.kube.pod_timeline import BACK_OFF, PULL, START, PodTimeline, courses, pod_docs
from ackgpu.emulator.kube.state import (
    TICKS,
    ClusterState,
    StoredObject,
    Told,
    brought_entry,
    version_at,
)
from ackgpu.emulator.shared.tables import table
from ackgpu.emulator.store import Doc

EVENT_TTL = 3600.0
CORE = {
    "note": "message", "regarding": "involvedObject", "reportingController": "reportingComponent",
    "deprecatedSource": "source", "deprecatedFirstTimestamp": "firstTimestamp",
    "deprecatedLastTimestamp": "lastTimestamp", "deprecatedCount": "count",
}  # fmt: skip
"""The fields of an event of events.k8s.io, as core/v1 names them."""
MAKERS = ("replicasets", "jobs", "statefulsets", "daemonsets")  # of pods


Happening = tuple[float, str, Obj]
"""When something happened, its row in ``data/kube/events.json``, and the words to fill in."""


def as_core(obj: Obj) -> Obj:
    """An event of events.k8s.io as the one of core/v1 that is stored."""
    return {**{CORE.get(name, name): value for name, value in obj.items()}, "apiVersion": "v1"}


def as_regarding(obj: Obj) -> Obj:
    """An event as events.k8s.io shows it."""
    names = {name: shown for shown, name in CORE.items()}
    told = {names.get(name, name): value for name, value in obj.items()}
    return {**told, "apiVersion": "events.k8s.io/v1"}


def recent(state: ClusterState, doc: Doc) -> Told | None:
    """No status; and nothing of what a client recorded more than an hour ago."""
    return (None, None) if doc.created_at > state.now - EVENT_TTL else None


def entries(state: ClusterState) -> list[StoredObject]:
    """What the cluster's own parts said in the last hour."""
    rows: list[StoredObject] = []
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
            words = {"way": way, "name": name, "before": before, "after": after}
            yield at, "ScalingReplicaSet", words


def _of_owner(state: ClusterState, doc: Doc) -> Iterator[Happening]:
    """The pods that a ReplicaSet or a Job made and took away, and those that it could not make."""
    obj = doc.body["object"]
    words = {"who": f"{obj['kind'].lower()}-controller", "owner": obj["metadata"]["name"]}
    created = "SuccessfulCreate/Stateful" if obj["kind"] == "StatefulSet" else "SuccessfulCreate"
    for pod in state.documents("pods").values():
        made = pod.body.get("object")
        if not made or (controller_of(made) or {}).get("uid") != obj["metadata"]["uid"]:
            continue
        named = {**words, "name": made["metadata"]["name"]}
        yield pod.created_at, created, named
        if "scaled_down" in pod.body:
            yield float(pod.body["scaled_down"]), "SuccessfulDelete", named
    entry = state.entry("jobs", (obj["metadata"]["namespace"], obj["metadata"]["name"]))
    if obj["kind"] == "Job" and entry and "completionTime" in entry.object["status"]:
        yield (entry.version - 1) / TICKS, "Completed", words
    if why := doc.body.get("refused"):
        yield float(doc.body["at"]), "FailedCreate", {**words, "why": why}


def _of_node(node: NodeFacts) -> Iterator[Happening]:
    yield node.joined, "Starting", {}
    if node.ready is not None:
        yield node.ready, "NodeReady", {"name": node.name}


def _of_pod(state: ClusterState, doc: Doc, course: PodTimeline) -> Iterator[Happening]:
    metadata = doc.body["object"]["metadata"]
    if course.bound is None:
        yield doc.created_at, "FailedScheduling", {"why": course.message}
        return
    name = f"{metadata['namespace']}/{metadata['name']}"
    yield course.bound, "Scheduled", {"name": name, "node": course.node_name}
    for container in containers_of(doc.body["object"]["spec"]):
        words = {"image": container["image"], "waited": f"{PULL:g}s"}
        pulling = course.bound + START
        yield pulling, "Pulling", words
        if course.pull_fails:
            yield pulling + PULL, "Failed", words
            yield pulling + PULL + BACK_OFF, "BackOff", words
            continue
        started = course.started or state.now
        yield pulling + PULL, "Pulled", words
        yield started, "Created", {}
        yield started, "Started", {}
    if doc.deleted_at is not None:
        first = doc.body["object"]["spec"]["containers"][0]["name"]
        yield float(doc.body["at"]), "Killing", {"name": first}


def _entries(
    state: ClusterState, namespace: str, involved: Obj, happened: Iterator[Happening]
) -> Iterator[StoredObject]:
    for number, row in enumerate(happened):
        if row[0] <= state.now < row[0] + EVENT_TTL:
            yield _entry(state, namespace, involved, row, number)


def _entry(
    state: ClusterState, namespace: str, involved: Obj, happening: Happening, number: int
) -> StoredObject:
    at, key, words = happening
    row, reason = table("kube/events")["rows"][key], key.partition("/")[0]
    message, component = row["message"].format(**words), row["component"].format(**words)
    uid = uid_of("event", involved["uid"], reason, message, str(number))
    nanos = int(state.timeline.instant(at).timestamp() * TICKS) * 1000 + number
    name, stamp = f"{involved['name']}.{nanos:x}", state.stamp(at)
    obj = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": namespace, "uid": uid},
        "involvedObject": involved,
        "reason": reason,
        "message": message,
        "source": {"component": component},
        "firstTimestamp": stamp,
        "lastTimestamp": stamp,
        "count": 1,
        "type": row.get("type", "Normal"),
        "eventTime": None,
        "reportingComponent": component,
        "reportingInstance": "",
    }
    return brought_entry(state, obj, created=version_at(at))
