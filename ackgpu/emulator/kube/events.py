"""Events: what clients recorded, and what the cluster's own parts say of nodes and pods.

An event lasts an hour (kube-apiserver, ``--event-ttl``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ackgpu.emulator.kube.courses import BACK_OFF, PULL, START, Course, courses, pod_docs
from ackgpu.emulator.kube.nodes import NodeFacts, facts
from ackgpu.emulator.kube.objects import Obj, uid_of
from ackgpu.emulator.kube.state import ClusterState, Entry, version_at, written_entry
from ackgpu.emulator.store import Doc

LASTS = 3600.0


@dataclass(frozen=True)
class Happening:
    """One thing that happened: when, to what, and who says so."""

    at: float
    kind: str
    reason: str
    message: str
    component: str


def entries(state: ClusterState) -> list[Entry]:
    """Every event of the last hour."""
    written = state.written("events")
    rows = [written_entry(doc) for doc in written if doc.born > state.now - LASTS]
    for node in facts(state):
        involved = {"kind": "Node", "name": node.name, "uid": node.name}
        rows += _entries(state, "default", involved, _of_node(node))
    found = courses(state)
    for doc in pod_docs(state):
        metadata = doc.body["object"]["metadata"]
        involved = {
            "apiVersion": "v1",
            "kind": "Pod",
            "name": metadata["name"],
            "namespace": metadata["namespace"],
            "uid": metadata["uid"],
        }
        happened = _of_pod(state, doc, found[metadata["uid"]])
        rows += _entries(state, metadata["namespace"], involved, happened)
    return rows


def _of_node(node: NodeFacts) -> Iterator[Happening]:
    yield Happening(node.joined, "Normal", "Starting", "Starting kubelet.", "kubelet")
    if node.ready is not None:
        text = f"Node {node.name} status is now: NodeReady"
        yield Happening(node.ready, "Normal", "NodeReady", text, "kubelet")


def _of_pod(state: ClusterState, doc: Doc, course: Course) -> Iterator[Happening]:
    metadata = doc.body["object"]["metadata"]
    if course.bound is None:
        text = course.message
        yield Happening(doc.born, "Warning", "FailedScheduling", text, "default-scheduler")
        return
    name = f"{metadata['namespace']}/{metadata['name']}"
    text = f"Successfully assigned {name} to {course.node_name}"
    yield Happening(course.bound, "Normal", "Scheduled", text, "default-scheduler")
    for container in doc.body["object"]["spec"]["containers"]:
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
        text = f'Successfully pulled image "{image}" in {PULL:g}s'
        yield Happening(pulling + PULL, "Normal", "Pulled", text, "kubelet")
        for verb in ("Created", "Started"):
            text = f"{verb} container {container['name']}"
            yield Happening(started, "Normal", verb, text, "kubelet")
    if doc.gone is not None:
        text = f"Stopping container {doc.body['object']['spec']['containers'][0]['name']}"
        yield Happening(float(doc.body["at"]), "Normal", "Killing", text, "kubelet")


def _entries(
    state: ClusterState, namespace: str, involved: Obj, happened: Iterator[Happening]
) -> Iterator[Entry]:
    for number, row in enumerate(happened):
        if row.at <= state.now < row.at + LASTS:
            yield _entry(state, namespace, involved, row, number)


def _entry(
    state: ClusterState, namespace: str, involved: Obj, row: Happening, number: int
) -> Entry:
    uid = uid_of("event", involved["uid"], row.reason, str(number))
    name = f"{involved['name']}.{uid[:8]}{uid[9:13]}"
    stamp = state.stamp(row.at)

    def build() -> Obj:
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {
                "name": name,
                "namespace": namespace,
                "uid": uid,
                "creationTimestamp": stamp,
            },
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
        }

    version = version_at(row.at)
    return Entry(key=(namespace, name), uid=uid, created=version, version=version, build=build)
