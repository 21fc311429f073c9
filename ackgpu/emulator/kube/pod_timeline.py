"""The course of every pod that clients made: bound, image pulled, started, ended; or why not.

Bindings are a function of the documents and of the time, so that reading needs no scheduler that
writes. Before each write they are fixed in the pods' documents (:func:`settle`): what came before
a change must not look different after it.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ackgpu.emulator.container.machine import Process, process_of
from ackgpu.emulator.kube import system
from ackgpu.emulator.kube.claims import wanted_claim
from ackgpu.emulator.kube.nodes import NodeFacts, facts
from ackgpu.emulator.kube.objects import Obj, containers_of, controller_of, suffix_of, uid_of
from ackgpu.emulator.kube.scheduler import Amounts, Load, earliest, explain, requests_of
from ackgpu.emulator.kube.state import ClusterState, doc_id, version_at
from ackgpu.emulator.shared.quantities import amount
from ackgpu.emulator.store import Doc

PULL = 6.0  # seconds that a node takes to pull an image
START = 1.0
BACK_OFF, MAX_BACK_OFF = 10.0, 300.0  # seconds between restarts (kubelet, CrashLoopBackOff)


@dataclass(frozen=True)
class PodTimeline:
    """How a pod fares. Moments are emulated seconds, None where they do not come.

    ``message``: why it is not bound. ``evicted``: when the kubelet ends it for its node's sake.
    ``pull_fails``: its image cannot be pulled; ``pull_says``: why. ``process``: what
    its containers do, by name.
    """

    node: NodeFacts | None
    node_name: str
    bound: float | None
    started: float | None
    message: str = ""
    evicted: float | None = None
    pull_fails: str = ""
    pull_says: str = ""
    process: Mapping[str, Process] | None = None


def pod_docs(state: ClusterState) -> list[Doc]:
    """The pods that clients and controllers made and that exist now.

    A pod goes with its node; where a ReplicaSet owns it, another takes its place then. A Job's pod
    that has ended is followed by the next attempt, or by the next completion.
    """
    courses(state)
    docs: list[Doc] = state.computed["pods"]
    return docs


def _present(state: ClusterState) -> list[Doc]:
    gone = {
        str(doc.body["node_name"]): doc.deleted_at
        for doc in state.node_docs
        if doc.deleted_at is not None
    }
    present = {str(doc.body["node_name"]) for doc in state.node_docs if doc.alive(state.now)}
    found: list[Doc] = []
    # In the order of their birth, as the scheduler takes them: an earlier pod gets the room.
    for doc in sorted(state.written("pods"), key=lambda doc: int(doc.body["created"])):
        node = (doc.body.get("bound") or {}).get("node", "")
        lost = node in gone and node not in present
        if not lost:
            found.append(doc)
        elif doc.deleted_at is None and _owner_kind(doc) not in {"", "DaemonSet"}:
            successor = _follower(state, doc, gone[node] or 0.0)
            successor.body["succeeds"] = doc.id
            found.append(successor)
    return found


def _follower(state: ClusterState, before: Doc, at: float) -> Doc:
    """A pod like one before it, made by its controller ``at``; not stored yet."""
    obj = copy.deepcopy(before.body["object"])
    meta = obj["metadata"]
    follows = meta["uid"]
    if _owner_kind(before) != "StatefulSet":
        # From the pod before, not by chance: each read
        # has to come to the same name until it is stored.
        meta["name"] = f"{meta['name'].rsplit('-', 1)[0]}-{suffix_of(follows)}"
    meta["uid"] = uid_of("follower", follows)
    meta["creationTimestamp"] = state.stamp(at)
    version = version_at(at)
    body: Obj = {"object": obj, "created": version, "version": version, "at": at}
    body |= {"follows": follows, "fresh": True}
    key = (meta["namespace"], meta["name"])
    pod_id = doc_id(state.id, "pods", key)
    return Doc("kube", pod_id, before.region, state.id, "pods", at, None, body)


class _Jobs:
    """How far each Job's pods are, while their courses are worked out one after another."""

    def __init__(self, state: ClusterState, docs: list[Doc]) -> None:
        self._state = state
        jobs = (doc.body["object"] for doc in state.written("jobs"))
        self._jobs = {obj["metadata"]["uid"]: obj["spec"] for obj in jobs}
        self._followed = {doc.body.get("follows") for doc in docs}
        self._started: Counter[str] = Counter(
            uid for doc in docs if (uid := _owner_uid(doc)) and not doc.body.get("retry")
        )
        self._failed: Counter[str] = Counter()

    def next_after(self, doc: Doc, course: PodTimeline) -> Doc | None:
        """The pod that follows one that has ended, where it is there by now."""
        uid, end = _owner_uid(doc), finished(doc.body["object"]["spec"], course)
        job = self._jobs.get(uid)
        if job is None or end is None or end > self._state.now or doc.deleted_at is not None:
            return None
        failed = any(run.code for run in (course.process or {}).values())
        self._failed[uid] += failed
        if _uid(doc) in self._followed:
            return None
        if failed:
            if self._failed[uid] > int(job["backoffLimit"]):
                return None
            # 10 s, 20 s, 40 s … (Kubernetes documentation, Jobs, "Pod backoff failure policy").
            at = end + BACK_OFF * 2 ** (self._failed[uid] - 1)
        elif self._started[uid] < int(job["completions"]):
            at = end
        else:
            return None
        if at > self._state.now:
            return None
        self._started[uid] += not failed
        follower = _follower(self._state, doc, at)
        follower.body["retry"] = failed
        return follower


def _owner_kind(doc: Doc) -> str:
    return str((controller_of(doc.body["object"]) or {}).get("kind", ""))


def _owner_uid(doc: Doc) -> str:
    return str((controller_of(doc.body["object"]) or {}).get("uid", ""))


def courses(state: ClusterState) -> dict[str, PodTimeline]:
    """The course of each pod, by uid."""
    found: dict[str, PodTimeline] | None = state.computed.get("courses")
    if found is None:
        found = state.computed["courses"] = _simulate(state)
    return found


def _simulate(state: ClusterState) -> dict[str, PodTimeline]:
    docs = state.computed["pods"] = _present(state)
    if not docs:
        return {}
    jobs = _Jobs(state, docs)
    loads = {node.name: Load(node, _amounts(node.allocatable)) for node in facts(state)}
    _place_system(state, loads)
    result: dict[str, PodTimeline] = {}
    for doc in docs:
        spec = doc.body["object"]["spec"]
        asked = requests_of(spec)
        waits = "" if _bound(doc) else wanted_claim(state, doc.body["object"])
        placed = _bound(doc) or (None if waits else _choose(spec, asked, loads, doc.created_at))
        # A node that will be there later takes no pod yet.
        if placed is None or placed[1] > state.now:
            message = waits or explain(spec, asked, list(loads.values()), state.now)
            result[_uid(doc)] = PodTimeline(None, "", None, None, message)
            continue
        course = _course(state, doc, *placed, loads)
        result[_uid(doc)] = course
        if placed[0] in loads:
            loads[placed[0]].taken.append((placed[1], _ends(doc, course), asked))
        if follower := jobs.next_after(doc, course) or _replacement(state, doc, course):
            # Appended while the list is walked: a follower
            # may itself have ended by now, and be followed.
            docs.append(follower)
    return result


def evicted(course: PodTimeline | None, state: ClusterState) -> bool:
    """Whether a pod has been evicted by now: it stays as Failed, and counts no more."""
    return course is not None and course.evicted is not None and course.evicted <= state.now


def _replacement(state: ClusterState, doc: Doc, course: PodTimeline) -> Doc | None:
    """The pod that a ReplicaSet makes for one that was evicted; None where it is there already."""
    owner = controller_of(doc.body["object"]) or {}
    if (
        not evicted(course, state)
        or owner.get("kind") != "ReplicaSet"
        or doc.deleted_at is not None
    ):
        return None
    if any(each.body.get("follows") == _uid(doc) for each in state.computed["pods"]):
        return None
    successor = _follower(state, doc, course.evicted or 0.0)
    # A fault that evicts so many times counts over the generations.
    successor.body["evictions"] = int(doc.body.get("evictions", 0)) + 1
    return successor


def _uid(doc: Doc) -> str:
    return str(doc.body["object"]["metadata"]["uid"])


def _amounts(quantities: Mapping[str, str]) -> Amounts:
    return {name: amount(value) for name, value in quantities.items()}


def _place_system(state: ClusterState, loads: Mapping[str, Load]) -> None:
    for pod in system.system_pods(state):
        if pod.node is not None and pod.node.name in loads:
            asked = requests_of(system.pod_spec(pod.row))
            loads[pod.node.name].taken.append((pod.created, None, asked))


def _bound(doc: Doc) -> tuple[str, float] | None:
    if "bound" in doc.body:
        return doc.body["bound"]["node"], float(doc.body["bound"]["at"])
    given = doc.body["object"]["spec"].get("nodeName")
    return (given, doc.created_at) if given else None


def _choose(
    spec: Obj, asked: Amounts, loads: Mapping[str, Load], since: float
) -> tuple[str, float] | None:
    """The node that can take the pod first; among equals the one with the fewest pods."""
    best: tuple[float, int, int] | None = None
    chosen = ""
    for name, load in loads.items():
        at = earliest(spec, asked, load, since)
        if at is None:
            continue
        rank = (at, len(load.taken), load.node.index)
        if best is None or rank < best:
            best, chosen = rank, name
    return (chosen, best[0]) if best else None


def _course(
    state: ClusterState, doc: Doc, node_name: str, bound: float, loads: Mapping[str, Load]
) -> PodTimeline:
    spec = doc.body["object"]["spec"]
    node = loads[node_name].node if node_name in loads else None
    for container in spec["containers"]:
        image = container["image"]
        index = node.index if node else 0
        fault = state.fault("image_pull_backoff", node=node_name, index=index, image=image)
        if fault:
            says = str(fault.get("message", ""))
            return PodTimeline(node, node_name, bound, None, pull_fails=image, pull_says=says)
    started = bound + PULL + START
    fault = state.fault("pod_evicted", node=node_name, index=node.index if node else 0)
    if fault and int(doc.body.get("evictions", 0)) < int(fault.get("times", 1)):
        return PodTimeline(node, node_name, bound, None, evicted=bound + PULL)
    process = {
        container["name"]: process_of(state, node, doc.body["object"], container)
        for container in containers_of(spec)
    }
    return PodTimeline(node, node_name, bound, started, process=process)


def _ends(doc: Doc, course: PodTimeline) -> float | None:
    """When the pod frees what it takes: deleted, or all its containers ended for good."""
    ends = [doc.deleted_at] if doc.deleted_at is not None else []
    done = finished(doc.body["object"]["spec"], course)
    if done is not None:
        ends.append(done)
    return min(ends) if ends else None


def finished(spec: Obj, course: PodTimeline) -> float | None:
    """When all containers have ended and none is started again; None where that never comes."""
    if course.evicted is not None:
        return course.evicted
    if course.started is None or not course.process:
        return None
    own = [course.process[row["name"]] for row in spec["containers"]]
    ends = [container_end(spec, course.started, run) for run in own]
    return None if None in ends else max(end for end in ends if end is not None)


def container_end(spec: Obj, started: float, run: Process) -> float | None:
    """When a container ends for good; None where it runs on or is started again."""
    policy = spec.get("restartPolicy", "Always")
    again = policy == "Always" or (policy == "OnFailure" and run.code != 0)
    return None if run.seconds is None or again else started + run.seconds


def settle(state: ClusterState) -> None:
    """Fix in the documents what has come about only by time: bindings and successors."""
    found = courses(state)
    for doc in pod_docs(state):
        course = found[_uid(doc)]
        fresh = doc.body.pop("fresh", False)
        if course.bound is not None and "bound" not in doc.body:
            doc.body["bound"] = {"node": course.node_name, "at": course.bound}
        elif not fresh:
            continue
        if "succeeds" in doc.body:
            _bury(state, doc.body.pop("succeeds"), doc.created_at)
        state.session.put(doc)
    state.forget_entries()


def _bury(state: ClusterState, lost_id: str, at: float) -> None:
    lost: Any = state.session.get("kube", lost_id)
    if lost is not None:
        lost.deleted_at = at
        state.session.put(lost)
