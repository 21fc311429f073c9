"""Deployments, ReplicaSets and Jobs: what their controllers make, and how far it is.

Controllers act at once within the write that concerns them; how far things are follows from the
pods' courses. A new template replaces all pods at once, also where the strategy
says RollingUpdate: a real controller would keep old pods until new ones are available.
"""

from __future__ import annotations

import copy
import json
from typing import Any

from ackgpu.emulator.kube.defaults import apply_defaults
from ackgpu.emulator.kube.object_store import new_object, remove, store_again, store_new
from ackgpu.emulator.kube.objects import Obj, controller_of, owner_reference, suffix_of, told
from ackgpu.emulator.kube.pod_admission import admit
from ackgpu.emulator.kube.pod_timeline import courses, evicted, finished, pod_docs
from ackgpu.emulator.kube.resources import by_plural
from ackgpu.emulator.kube.state import ClusterState, Told
from ackgpu.emulator.shared.quantities import share_of
from ackgpu.emulator.store import Doc

HASH_LABEL = "pod-template-hash"
MAX_GRACE = 86400.0 * 365  # seconds: what is longer is for ever here
BURST = 500  # pods made in one go (kube-controller-manager, BurstReplicas)
REVISION = "deployment.kubernetes.io/revision"
UNTOLD = frozenset({REVISION, "kubectl.kubernetes.io/last-applied-configuration"})
"""Annotations of a Deployment that its ReplicaSets do not get."""


def owned(state: ClusterState, plural: str, uid: str) -> list[Doc]:
    """The objects of a resource that exist and whose controller has that uid."""
    rows = pod_docs(state) if plural == "pods" else state.written(plural)
    return [doc for doc in rows if (controller_of(doc.body["object"]) or {}).get("uid") == uid]


def template_hash(template: Obj) -> str:
    """The hash of a pod template, in the alphabet of generated names."""
    return suffix_of(json.dumps(template, sort_keys=True), 10)


def hold_deployment(state: ClusterState, doc: Doc) -> None:
    """One ReplicaSet for the present template at full size, none of the older ones."""
    obj = doc.body["object"]
    wanted = template_hash(obj["spec"]["template"])
    sets = owned(state, "replicasets", obj["metadata"]["uid"])
    current = next((rs for rs in sets if _hash(rs.body["object"]) == wanted), None)
    # A paused Deployment makes no new revision: the newest there is stays at size.
    if current is None and obj["spec"].get("paused"):
        current = max(sets, key=lambda rs: _revision(rs.body["object"]), default=None)
        if current is None:
            return
    others = [rs for rs in sets if rs is not current]
    for old in others:
        _resize(state, old, 0)
    newest = max((_revision(rs.body["object"]) for rs in others), default=0)
    if current is None:
        current = store_new(state, by_plural("replicasets"), _replica_set(obj, wanted))
        current.body["scaled"] = [[state.now, 0, int(obj["spec"]["replicas"])]]
        state.session.put(current)
    _annotate(state, doc, current, newest + 1)
    _resize(state, current, int(obj["spec"]["replicas"]))


def _annotate(state: ClusterState, deployment: Doc, current: Doc, revision: int) -> None:
    """Number the present ReplicaSet, and tell it what its Deployment is annotated with."""
    obj, made = deployment.body["object"], current.body["object"]
    revision = max(revision, _revision(made))
    own = obj["metadata"].get("annotations") or {}
    wanted = int(obj["spec"]["replicas"])
    share = (obj["spec"]["strategy"].get("rollingUpdate") or {}).get("maxSurge", 0)
    most = {"desired-replicas": wanted, "max-replicas": wanted + share_of(share, wanted),
            "revision": revision}  # fmt: skip
    told = {name: value for name, value in own.items() if name not in UNTOLD}
    told |= {f"deployment.kubernetes.io/{name}": str(number) for name, number in most.items()}
    if made["metadata"].get("annotations") != told:
        made["metadata"]["annotations"] = told
        store_again(state, current)
    if own.get(REVISION) != str(revision):
        obj["metadata"]["annotations"] = {**own, REVISION: str(revision)}
        store_again(state, deployment)


def _hash(obj: Obj) -> str:
    return str((obj["metadata"].get("labels") or {}).get(HASH_LABEL, ""))


def _revision(obj: Obj) -> int:
    return int((obj["metadata"].get("annotations") or {}).get(REVISION, 0))


def _replica_set(deployment: Obj, wanted: str) -> Obj:
    template = copy.deepcopy(deployment["spec"]["template"])
    labels = {**(template["metadata"].get("labels") or {}), HASH_LABEL: wanted}
    template["metadata"]["labels"] = labels
    selector = copy.deepcopy(deployment["spec"]["selector"])
    selector.setdefault("matchLabels", {})[HASH_LABEL] = wanted
    metadata = deployment["metadata"]
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{metadata['name']}-{wanted}",
            "namespace": metadata["namespace"],
            "labels": labels,
            "ownerReferences": [owner_reference(deployment)],
        },
        "spec": {
            "replicas": deployment["spec"]["replicas"],
            "selector": selector,
            "template": template,
        },
    }


def _resize(state: ClusterState, doc: Doc, replicas: int) -> None:
    before = doc.body["object"]["spec"]["replicas"]
    if before != replicas:
        doc.body.setdefault("scaled", []).append([state.now, before, replicas])
        doc.body["object"]["spec"]["replicas"] = replicas
        doc.body["object"]["metadata"]["generation"] += 1
        store_again(state, doc)


def hold_replicas(state: ClusterState, doc: Doc) -> None:
    """As many pods as wanted, up to 500 in one go; of too many, those that run least go first."""
    obj = doc.body["object"]
    found = courses(state)
    pods = [
        pod
        for pod in owned(state, "pods", obj["metadata"]["uid"])
        if pod.deleted_at is None
        and not evicted(found.get(pod.body["object"]["metadata"]["uid"]), state)
    ]

    def rank(pod: Doc) -> tuple[bool, int]:
        course = found.get(pod.body["object"]["metadata"]["uid"])
        return course is None or course.bound is None, int(pod.body["created"])

    # Those that are bound come first and stay; among them the older.
    pods.sort(key=rank)
    wanted = int(obj["spec"]["replicas"])
    for pod in pods[wanted:]:
        pod.body["scaled_down"] = state.now
        remove_pod(state, pod)
    why = ""
    for _ in range(min(wanted - len(pods), BURST)):
        made = pod_of(state, obj)
        why = admit(state, made)
        if why:
            break
        store_new(state, by_plural("pods"), made)
    if doc.body.get("refused", "") != why:
        doc.body["refused"] = why
        store_again(state, doc)


def pod_of(state: ClusterState, owner: Obj) -> Obj:
    """A pod as a controller makes it of its owner's template."""
    template = owner["spec"]["template"]
    name = owner["metadata"]["name"]
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "generateName": f"{name}-",
            "namespace": owner["metadata"]["namespace"],
            "labels": dict(template["metadata"].get("labels") or {}),
            "ownerReferences": [owner_reference(owner)],
        },
        "spec": copy.deepcopy(template["spec"]),
    }
    if template["metadata"].get("annotations"):
        pod["metadata"]["annotations"] = dict(template["metadata"]["annotations"])
    apply_defaults(by_plural("pods"), pod)
    return new_object(state, pod)


def remove_pod(state: ClusterState, doc: Doc, grace: float | None = None) -> None:
    """Let a pod go: at once where it runs nowhere, else when its process has ended.

    A shell, ``tail`` or ``sleep`` as a container's first process ignores SIGTERM, as any first
    process without a handler does, and is killed when the grace period is over.
    """
    course = courses(state).get(doc.body["object"]["metadata"]["uid"])
    owner = controller_of(doc.body["object"]) or {}
    spec = doc.body["object"]["spec"]
    if grace is None:
        grace = float(spec.get("terminationGracePeriodSeconds", 30))
    grace = min(max(grace, 0.0), MAX_GRACE)
    unstarted = course is None or course.started is None or course.started > state.now
    if course is None or unstarted or owner.get("kind") == "StatefulSet":  # another has its name
        grace = 0.0
    elif finished(spec, course) is None and not _ignores_signals(spec):
        grace = min(grace, 1.0)
    remove(state, doc, after=grace)


def _ignores_signals(spec: Obj) -> bool:
    commands = [[*(c.get("command") or []), *(c.get("args") or [])] for c in spec["containers"]]
    names = {command[0].rsplit("/", 1)[-1] for command in commands if command}
    return bool(names & {"tail", "sleep", "sh", "bash"})


def hold_job(state: ClusterState, doc: Doc) -> None:
    """The first pods, as many as may run at once; what follows them is worked out as they end."""
    obj = doc.body["object"]
    uid = obj["metadata"]["uid"]
    spec = obj["spec"]
    if "selector" not in spec:
        labels = {"batch.kubernetes.io/controller-uid": uid, "controller-uid": uid}
        names = dict.fromkeys(("batch.kubernetes.io/job-name", "job-name"), obj["metadata"]["name"])
        spec["selector"] = {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
        metadata = spec["template"]["metadata"]
        metadata["labels"] = {**(metadata.get("labels") or {}), **labels, **names}
        obj["metadata"].setdefault("labels", dict(metadata["labels"]))
        store_again(state, doc)
    # Only the first: a Job whose pods have ended must not begin again at each write.
    if not owned(state, "pods", uid):
        for _ in range(min(int(spec["completions"]), int(spec["parallelism"]), BURST)):
            store_new(state, by_plural("pods"), pod_of(state, obj))


def _tally(state: ClusterState, uid: str) -> tuple[dict[str, int], list[float]]:
    """How many of a Job's pods are active, have succeeded, have failed and are ready; and when."""
    found, passed = courses(state), []
    tally = {"active": 0, "succeeded": 0, "failed": 0, "ready": 0}
    for pod in owned(state, "pods", uid):
        spec = pod.body["object"]["spec"]
        course = found[pod.body["object"]["metadata"]["uid"]]
        end = finished(spec, course)
        passed += [at for at in (course.started, end) if at is not None and at <= state.now]
        if end is None or end > state.now:
            tally["active"] += 1
            tally["ready"] += course.started is not None and course.started <= state.now
        else:
            codes = [run.code for run in (course.process or {}).values()]
            tally["failed" if any(codes) else "succeeded"] += 1
    return tally, passed


def replica_set_status(state: ClusterState, doc: Doc) -> Told:
    """How far a ReplicaSet is."""
    metadata = doc.body["object"]["metadata"]
    found, changed = counts(state, [metadata["uid"]])
    status: Obj = {"observedGeneration": metadata["generation"], **found}
    status["fullyLabeledReplicas"] = found["replicas"]
    if doc.body.get("refused"):
        status["conditions"] = [_replica_failure(state, doc)]
    return changed, status


def counts(state: ClusterState, owners: list[str]) -> tuple[dict[str, int], float]:
    """How many pods of those owners there are and are ready, and when that changed last."""
    found = courses(state)
    counts, changed = {"replicas": 0, "terminatingReplicas": 0}, 0.0
    for uid in owners:
        for pod in owned(state, "pods", uid):
            course = found[pod.body["object"]["metadata"]["uid"]]
            counts["terminatingReplicas"] += pod.deleted_at is not None
            if pod.deleted_at is not None or evicted(course, state):
                continue
            counts["replicas"] += 1
            runs = course.started is not None and course.started <= state.now
            ends = finished(pod.body["object"]["spec"], course)
            if runs and course.started is not None and (ends is None or ends > state.now):
                for key in ("readyReplicas", "availableReplicas"):
                    counts[key] = counts.get(key, 0) + 1
                changed = max(changed, course.started)
    return counts, changed


def deployment_status(state: ClusterState, doc: Doc) -> Told:
    """How far a Deployment is."""
    obj = doc.body["object"]
    sets = owned(state, "replicasets", obj["metadata"]["uid"])
    found, changed = counts(state, [rs.body["object"]["metadata"]["uid"] for rs in sets])
    wanted = template_hash(obj["spec"]["template"])
    newest = [rs.body["object"]["metadata"]["uid"] for rs in sets
              if _hash(rs.body["object"]) == wanted]  # fmt: skip
    updated, _ = counts(state, newest)
    status: Obj = {"observedGeneration": obj["metadata"]["generation"]}
    status |= {key: n for key, n in found.items() if n or key == "terminatingReplicas"}
    if updated["replicas"]:
        status["updatedReplicas"] = updated["replicas"]
    missing = int(obj["spec"]["replicas"]) - found.get("availableReplicas", 0)
    if missing > 0:
        status["unavailableReplicas"] = missing
    since = max(changed, float(doc.body["at"]))
    newest_name = f"{obj['metadata']['name']}-{wanted}"
    stamp, enough = state.stamp(since), missing <= 0
    available = told(f"MinimumReplicas{'Available' if enough else 'Unavailable'}", stamp)
    way = "NewReplicaSetAvailable" if enough else "ReplicaSetUpdated"
    rows = [available, told(way, stamp, name=newest_name)]
    status["conditions"] = [{**row, "lastUpdateTime": stamp} for row in rows]
    refused = [rs for rs in sets if rs.body.get("refused") and _hash(rs.body["object"]) == wanted]
    status["conditions"] += [_replica_failure(state, rs) for rs in refused]
    return changed, status


def _replica_failure(state: ClusterState, doc: Doc) -> Obj:
    """The condition of a ReplicaSet, and of its Deployment, whose pods are refused."""
    stamp = state.stamp(float(doc.body["at"]))
    return {**told("FailedCreate", stamp, why=doc.body["refused"]), "lastUpdateTime": stamp}


def job_status(state: ClusterState, doc: Doc) -> Told:
    """How far a Job is."""
    obj = doc.body["object"]
    tally, passed = _tally(state, obj["metadata"]["uid"])
    changed = max([doc.created_at, *passed])
    status: dict[str, Any] = {"ready": 0, "terminating": 0, "uncountedTerminatedPods": {}}
    status |= {key: value for key, value in tally.items() if value}
    status["startTime"] = state.stamp(doc.created_at)
    kinds: tuple[str, ...] = ()
    if tally["succeeded"] >= int(obj["spec"]["completions"]):
        kinds, reason = ("SuccessCriteriaMet", "Complete"), "CompletionsReached"
        status["completionTime"] = state.stamp(changed)
    elif tally["failed"] > int(obj["spec"]["backoffLimit"]):
        kinds, reason = ("FailureTarget", "Failed"), "BackoffLimitExceeded"
    if kinds:
        row = {**told(reason, state.stamp(changed)), "lastProbeTime": None}
        status["conditions"] = [{**row, "type": kind} for kind in kinds]
    return changed, status
