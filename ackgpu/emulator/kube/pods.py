"""Pods: their status follows from their course (see :mod:`ackgpu.emulator.kube.pod_timeline`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ackgpu.emulator.container.machine import Process
from ackgpu.emulator.kube import system
from ackgpu.emulator.kube.nodes import NodeFacts
from ackgpu.emulator.kube.objects import Obj, condition, owner_reference, told, uid_of
from ackgpu.emulator.kube.pod_timeline import (
    BACK_OFF,
    MAX_BACK_OFF,
    PULL,
    START,
    PodTimeline,
    courses,
    evicted,
    finished,
    pod_docs,
)
from ackgpu.emulator.kube.state import ClusterState, StoredObject, version_at
from ackgpu.emulator.store import Doc


def entries(state: ClusterState) -> list[StoredObject]:
    """Every pod: the system's and the clients'."""
    found = courses(state)
    own = [_entry(state, doc, found[doc.body["object"]["metadata"]["uid"]])
           for doc in pod_docs(state)]  # fmt: skip
    return [*own, *(_system_entry(state, pod) for pod in system.system_pods(state))]


def _entry(state: ClusterState, doc: Doc, course: PodTimeline) -> StoredObject:
    obj = doc.body["object"]
    rows = [_container(state, obj["spec"], row, course) for row in obj["spec"]["containers"]]
    moments = [course.bound, course.started, finished(obj["spec"], course)]
    moments += [row["changed"] for row in rows]
    passed = [m for m in moments if m is not None and m <= state.now]
    created = int(doc.body["created"])
    # The latest of what has come about: a watch compares versions, and sees time's work by it.
    version = max([int(doc.body["version"]), *(version_at(moment) for moment in passed)])

    def build() -> Obj:
        spec = {**obj["spec"]}
        if course.bound is not None:
            spec["nodeName"] = course.node_name
        status = _status(state, doc, course, [row["status"] for row in rows])
        return {**obj, "spec": spec, "status": status}

    key = (obj["metadata"]["namespace"], obj["metadata"]["name"])
    return StoredObject(
        key=key, uid=obj["metadata"]["uid"], created=created, version=version, build=build
    )


def _status(state: ClusterState, doc: Doc, course: PodTimeline, rows: list[Obj]) -> Obj:
    obj = doc.body["object"]
    if course.bound is None:
        row = told("Unschedulable", state.stamp(doc.created_at), why=course.message)
        rows = [{**row, "lastProbeTime": None}]
        return {"phase": "Pending", "conditions": rows, "qosClass": qos_class(obj["spec"])}
    if evicted(course, state):
        return _evicted_status(state, obj, course)
    phase = _phase(state, obj["spec"], course, rows)
    status: Obj = {
        "phase": phase, "conditions": _conditions(state, course, phase, rows),
        "containerStatuses": rows, "qosClass": qos_class(obj["spec"]),
        "startTime": state.stamp(course.bound), **_others(state, doc, course),
    }  # fmt: skip
    generation = {"observedGeneration": obj["metadata"].get("generation", 1)}
    status |= {**generation, "conditions": [{**row, **generation} for row in status["conditions"]]}
    if course.node is not None:
        status["hostIP"] = course.node.address
        status["hostIPs"] = [{"ip": course.node.address}]
    if course.started is not None and course.started <= state.now:
        address = pod_address(course.node, obj["metadata"]["uid"])
        status |= {"podIP": address, "podIPs": [{"ip": address}]} if address else {}
    return status


def _others(state: ClusterState, doc: Doc, course: PodTimeline) -> Obj:
    """The statuses of the containers that run before a pod's own, and of those put beside them."""
    spec: Obj = doc.body["object"]["spec"]
    found: Obj = {}
    # They are not started again, whatever the pod's own policy.
    once = {**spec, "restartPolicy": "Never"}
    begun = course.started is not None and course.started <= state.now
    # Init containers run between the binding and the start of the pod's own.
    first = replace(course, started=course.bound) if begun else course
    if rows := spec.get("initContainers"):
        found["initContainerStatuses"] = shown = []
        for row in rows:
            stays = row.get("restartPolicy") == "Always"
            way = (spec, row, course) if stays else (once, row, first)
            shown.append(_container(state, *way)["status"])
            shown[-1]["ready"] = begun
    if begun and (rows := spec.get("ephemeralContainers")):
        late = [replace(course, started=doc.body["beside"][row["name"]]) for row in rows]
        found["ephemeralContainerStatuses"] = [
            _container(state, once, row, at)["status"] for row, at in zip(rows, late, strict=True)
        ]
    return found


def _evicted_status(state: ClusterState, obj: Obj, course: PodTimeline) -> Obj:
    """A pod that the kubelet ended for want of disk (kubelet, eviction manager)."""
    ended = told("TerminationByKubelet", state.stamp(course.evicted or 0.0))
    return {
        "phase": "Failed", "reason": "Evicted", "message": ended["message"],
        "conditions": [{**ended, "lastProbeTime": None}],
        "qosClass": qos_class(obj["spec"]), "startTime": state.stamp(course.bound or 0.0),
    }  # fmt: skip


def _phase(state: ClusterState, spec: Obj, course: PodTimeline, rows: list[Obj]) -> str:
    if course.started is None or course.started > state.now:
        return "Pending"
    end = finished(spec, course)
    if end is None or end > state.now:
        return "Running"
    codes = [row["state"]["terminated"]["exitCode"] for row in rows]
    return "Failed" if any(codes) else "Succeeded"


def _conditions(state: ClusterState, course: PodTimeline, phase: str, rows: list[Obj]) -> list[Obj]:
    ready = all(row["ready"] for row in rows)
    unready = " ".join(row["name"] for row in rows if not row["ready"])
    done = phase == "Succeeded"
    why = {} if ready else {
        "reason": "PodCompleted" if done else "ContainersNotReady",
        "message": "" if done else f"containers with unready status: [{unready}]",
    }  # fmt: skip
    bound = course.bound or 0.0
    started = course.started if course.started is not None else bound
    changed = state.stamp(started if started <= state.now else bound)
    begun = state.stamp(bound)
    rows = [
        {**condition("PodReadyToStartContainers", holds=True), "lastTransitionTime": begun},
        {**condition("Initialized", holds=True), "lastTransitionTime": begun},
        {**condition("Ready", holds=ready, **why), "lastTransitionTime": changed},
        {**condition("ContainersReady", holds=ready, **why), "lastTransitionTime": changed},
        {**condition("PodScheduled", holds=True), "lastTransitionTime": begun},
    ]
    return [{**row, "lastProbeTime": None} for row in rows]


def _image_id(image: str) -> str:
    """Repository and digest, as containerd tells them: the digest that was requested, if any."""
    name, _, digest = image.partition("@")
    folder, slash, last = name.rpartition("/")
    made = f"sha256:{uid_of(image).replace('-', '') * 2}"
    return f"{folder}{slash}{last.partition(':')[0]}@{digest or made}"


def _container(
    state: ClusterState, spec: Obj, container: Obj, course: PodTimeline
) -> dict[str, Any]:
    """A container's status, and when it changed last."""
    restarts, current, last, changed = _attempt(state, spec, container, course)
    running = "running" in current
    image = container["image"]
    known = running or "terminated" in current
    status: Obj = {
        "name": container["name"], "image": image, "imageID": _image_id(image) if known else "",
        "lastState": last, "ready": running, "restartCount": restarts, "started": running,
        "state": current,
    }  # fmt: skip
    if known:
        mounts = container.get("volumeMounts") or []
        status["volumeMounts"] = [{**row, "recursiveReadOnly": "Disabled"} for row in mounts]
        status["resources"] = container["resources"]
        pod_key = f"{course.node_name}/{container['name']}/{course.started}"
        status["containerID"] = f"containerd://{uid_of(pod_key).replace('-', '') * 2}"
    return {"status": status, "changed": changed}


Attempt = tuple[int, Obj, Obj, float | None]
"""Restarts, the state now, the last state, and when it changed."""


def _attempt(state: ClusterState, spec: Obj, container: Obj, course: PodTimeline) -> Attempt:
    now = state.now
    if course.bound is None:
        return 0, {"waiting": {"reason": "ContainerCreating"}}, {}, None
    if course.pull_fails:
        return 0, _pull_failure(course, now), {}, _pull_moment(course, now)
    if course.started is None or course.started > now or course.process is None:
        return 0, {"waiting": {"reason": "ContainerCreating"}}, {}, course.bound
    run = course.process[container["name"]]
    if run.seconds is None or course.started + run.seconds > now:
        return 0, {"running": {"startedAt": state.stamp(course.started)}}, {}, course.started
    policy = spec.get("restartPolicy", "Always")
    again = policy == "Always" or (policy == "OnFailure" and run.code != 0)
    end = course.started + run.seconds
    if not again:
        return 0, _terminated(state, course.started, run), {}, end
    return _restarted(state, course.started, run, container["name"])


def _restarted(state: ClusterState, started: float, run: Process, name: str) -> Attempt:
    """Where a container that is started again and again is now."""
    length = run.seconds or 0.0
    restarts, wait = 0, BACK_OFF
    while started + length + wait <= state.now:
        started += length + wait
        restarts, wait = restarts + 1, min(wait * 2, MAX_BACK_OFF)
    last = _terminated(state, started, run)
    if started + length > state.now:
        return restarts, {"running": {"startedAt": state.stamp(started)}}, last, started
    message = f"back-off {int(wait)}s restarting failed container={name}"
    waiting = {"waiting": {"reason": "CrashLoopBackOff", "message": message}}
    return restarts, waiting, last, started + length


def _terminated(state: ClusterState, started: float, run: Process) -> Obj:
    return {
        "terminated": {
            "exitCode": run.code,
            "reason": "Error" if run.code else "Completed",
            "startedAt": state.stamp(started),
            "finishedAt": state.stamp(started + (run.seconds or 0.0)),
        }
    }


def _pull_moment(course: PodTimeline, now: float) -> float:
    bound = course.bound or 0.0
    refused = bound + START + PULL
    return refused if refused <= now else bound


def _pull_failure(course: PodTimeline, now: float) -> Obj:
    """First ErrImagePull, then ImagePullBackOff (kubelet's image manager)."""
    refused = (course.bound or 0.0) + START + PULL
    if now < refused:
        return {"waiting": {"reason": "ContainerCreating"}}
    image = course.pull_fails
    says = course.pull_says or "failed to resolve reference: i/o timeout"
    why = f'failed to pull and unpack image "{image}": {says}'
    if now < refused + BACK_OFF:
        return {"waiting": {"reason": "ErrImagePull", "message": why}}
    text = f'Back-off pulling image "{image}": ErrImagePull: {why}'
    return {"waiting": {"reason": "ImagePullBackOff", "message": text}}


def pod_address(node: NodeFacts | None, uid: str) -> str:
    """The pod's address in its node's share of the pod CIDR; empty where there is none."""
    cidr = str(node.doc.body.get("pod_cidr") or "") if node else ""
    if not cidr:
        return ""
    head, _, tail = cidr.partition("/")[0].rpartition(".")
    # The first two of a share are the network's and the bridge's.
    return f"{head}.{int(tail) + 2 + int(uid[:8], 16) % 60}"


def qos_class(spec: Obj) -> str:
    """The quality of service class (Kubernetes documentation, "Pod QoS classes")."""

    def compute(resources: Mapping[str, Any], field: str) -> dict[str, str]:
        given: Mapping[str, str] = resources.get(field) or {}
        return {name: value for name, value in given.items() if name in {"cpu", "memory"}}

    rows = [container.get("resources") or {} for container in spec["containers"]]
    pairs = [(compute(row, "requests"), compute(row, "limits")) for row in rows]
    if not any(requests or limits for requests, limits in pairs):
        return "BestEffort"
    if all(len(limits) == 2 and requests in ({}, limits) for requests, limits in pairs):  # noqa: PLR2004
        return "Guaranteed"
    return "Burstable"


def _system_entry(state: ClusterState, pod: system.SystemPod) -> StoredObject:
    running = pod.running is not None and pod.running <= state.now
    container = system.pod_spec(pod.row)["containers"][0]
    ready_at = pod.running if pod.running is not None else pod.created
    created = version_at(pod.created)
    owner_uid = uid_of(state.id, pod.owner_kind, pod.row["name"])
    head = {"name": pod.owner_name, "uid": owner_uid}
    owner = {"apiVersion": "apps/v1", "kind": pod.owner_kind, "metadata": head}

    def build() -> Obj:
        spec = system.pod_spec(pod.row)
        if pod.node is not None:
            spec["nodeName"] = pod.node.name
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": pod.name,
                "namespace": system.NAMESPACE,
                "uid": pod.uid,
                "creationTimestamp": state.stamp(pod.created),
                "labels": pod.row["labels"],
                "ownerReferences": [owner_reference(owner)],
            },
            "spec": spec,
            "status": _system_status(state, pod, container, running=running),
        }

    version = version_at(ready_at) if running else created
    key = (system.NAMESPACE, pod.name)
    return StoredObject(key=key, uid=pod.uid, created=created, version=version, build=build)


def _system_status(
    state: ClusterState, pod: system.SystemPod, container: Obj, *, running: bool
) -> Obj:
    if pod.node is None:
        text = "no nodes available to schedule pods"
        scheduled = condition("PodScheduled", holds=False, reason="Unschedulable", message=text)
        return {"phase": "Pending", "conditions": [scheduled], "qosClass": "Burstable"}
    current: Obj = {"waiting": {"reason": "ContainerCreating"}}
    if running and pod.running is not None:
        current = {"running": {"startedAt": state.stamp(pod.running)}}
    elif pod.running is None:
        text = f"back-off 5m0s restarting failed container={container['name']}"
        current = {"waiting": {"reason": "CrashLoopBackOff", "message": text}}
    row = {
        "name": container["name"], "image": container["image"], "imageID": "", "lastState": {},
        "ready": running, "restartCount": 0 if pod.running is not None else 6, "started": running,
        "state": current,
    }  # fmt: skip
    phase = "Pending" if pod.running is not None and not running else "Running"
    moment = pod.running if running and pod.running is not None else pod.created
    stamp = {"lastTransitionTime": state.stamp(moment), "lastProbeTime": None}
    kinds = ("Ready", "ContainersReady")
    rows = [{**condition(kind, holds=running), **stamp} for kind in kinds]
    rows.append({**condition("PodScheduled", holds=True), **stamp})
    status = {"phase": phase, "conditions": rows, "containerStatuses": [row]}
    address = {"hostIP": pod.node.address, "startTime": state.stamp(pod.created)}
    return {**status, **address, "podIP": pod.node.address, "qosClass": "Burstable"}
