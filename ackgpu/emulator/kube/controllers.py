"""The controllers, and of StatefulSets and DaemonSets what they make and how far it is.

A pod of a StatefulSet keeps its name, so that one that goes is gone at once and another has its
place; all of them start together. DaemonSets see a new node with the next change in the cluster.
"""

from __future__ import annotations

import copy

from ackgpu.emulator.kube import system, workloads
from ackgpu.emulator.kube.autoscaling import hold_bounds
from ackgpu.emulator.kube.claims import CLAIMS, PROTECTION, bind_claims, choose_class
from ackgpu.emulator.kube.nodes import NodeFacts, facts
from ackgpu.emulator.kube.object_store import remove, store_again, store_new
from ackgpu.emulator.kube.objects import Obj, owner_reference
from ackgpu.emulator.kube.pod_admission import admit
from ackgpu.emulator.kube.resources import by_plural
from ackgpu.emulator.kube.scheduler import rejection
from ackgpu.emulator.kube.state import ClusterState, Told
from ackgpu.emulator.kube.volume_protection import release_unused
from ackgpu.emulator.kube.workloads import counts, owned, pod_of, remove_pod, template_hash
from ackgpu.emulator.store import Doc

REVISION = "controller-revision-hash"
EVERYWHERE = [
    {"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": effect}
    for key, effect in {
        "not-ready": "NoExecute", "unreachable": "NoExecute", "disk-pressure": "NoSchedule",
        "memory-pressure": "NoSchedule", "pid-pressure": "NoSchedule",
        "unschedulable": "NoSchedule",
    }.items()
]  # fmt: skip
"""What a DaemonSet's pods tolerate (Kubernetes documentation, "DaemonSet")."""


def reconcile(state: ClusterState) -> None:
    """Let the controllers act: on what is written, in the order in which they need each other."""
    hold_bounds(state)
    acting = {
        "deployments": workloads.hold_deployment,
        "replicasets": workloads.hold_replicas,
        "jobs": workloads.hold_job,
        "statefulsets": _hold_stateful_set,
        "daemonsets": _hold_daemon_set,
    }
    # Deployments before ReplicaSets: what one makes the next has to see in the same write.
    for plural, act in acting.items():
        for doc in state.written(plural):
            if "deletionTimestamp" not in doc.body["object"]["metadata"]:
                act(state, doc)
    # After the pods: a claim is freed once no pod uses it any more.
    release_unused(state)
    bind_claims(state)
    state.forget_entries()


def _hold_stateful_set(state: ClusterState, doc: Doc) -> None:
    obj = doc.body["object"]
    metadata, spec = obj["metadata"], obj["spec"]
    revision = _revise(state, obj)
    first = (spec.get("ordinals") or {}).get("start", 0)
    numbers = range(first, first + int(spec["replicas"]))
    wanted = {f"{metadata['name']}-{number}": str(number) for number in numbers}
    for pod in owned(state, "pods", metadata["uid"]):
        made = pod.body["object"]["metadata"]
        if made["name"] not in wanted and pod.deleted_at is None:
            remove_pod(state, pod)
        elif _outdated(spec, made, revision):
            remove(state, pod)
    for name, number in wanted.items():
        if state.entry("pods", (metadata["namespace"], name)) is None:
            pod_labels = {"apps.kubernetes.io/pod-index": number, REVISION: revision,
                          "statefulset.kubernetes.io/pod-name": name}  # fmt: skip
            made = pod_of(state, obj)
            made["metadata"] |= {"name": name, "labels": made["metadata"]["labels"] | pod_labels}
            made["spec"] |= {"hostname": name, "subdomain": spec.get("serviceName", "")}
            _claim(state, obj, made)
            _make(state, doc, made)


def _outdated(spec: Obj, pod: Obj, revision: str) -> bool:
    """Whether a pod is of an older template, and is to be replaced for it."""
    kept = spec["updateStrategy"]["type"] == "OnDelete"
    return not kept and bool(pod["labels"][REVISION] != revision)


def _make(state: ClusterState, owner: Doc, pod: Obj) -> Doc | None:
    """Store a pod; where it is refused, its owner says why."""
    why = admit(state, pod)
    if owner.body.get("refused", "") != why:
        owner.body["refused"] = why
        store_again(state, owner)
    return None if why else store_new(state, by_plural("pods"), pod)


def _claim(state: ClusterState, owner: Obj, pod: Obj) -> None:
    """Give a pod its own claims, which stay when it goes."""
    namespace = owner["metadata"]["namespace"]
    for template in owner["spec"].get("volumeClaimTemplates") or []:
        volume = template["metadata"]["name"]
        name = f"{volume}-{pod['metadata']['name']}"
        rows = [row for row in pod["spec"].get("volumes") or [] if row["name"] != volume]
        row = {"name": volume, "persistentVolumeClaim": {"claimName": name}}
        pod["spec"]["volumes"] = [row, *rows]
        # A claim outlives its pod, and the next pod of the name finds its data again.
        if state.entry(CLAIMS, (namespace, name)) is None:
            labels = owner["spec"]["selector"].get("matchLabels") or {}
            metadata = {"name": name, "namespace": namespace, "labels": dict(labels)}
            claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim",
                     "metadata": {**metadata, "finalizers": [PROTECTION[CLAIMS]]},
                     "spec": copy.deepcopy(template["spec"])}  # fmt: skip
            choose_class(state, claim)
            store_new(state, by_plural(CLAIMS), claim)


def _hold_daemon_set(state: ClusterState, doc: Doc) -> None:
    obj = doc.body["object"]
    revision, uid = _revise(state, obj), obj["metadata"]["uid"]
    chosen = [node.name for node in _nodes(state, obj)]
    for pod in owned(state, "pods", uid):
        if pod.deleted_at is None and (
            pod.body["only"] not in chosen
            or _outdated(obj["spec"], pod.body["object"]["metadata"], revision)
        ):
            remove_pod(state, pod)
    there = {pod.body["only"] for pod in owned(state, "pods", uid) if pod.deleted_at is None}
    for name in chosen:
        if name in there:
            continue
        made = pod_of(state, obj)
        made["metadata"]["labels"][REVISION] = revision
        field = {"key": "metadata.name", "operator": "In", "values": [name]}
        terms = {"nodeSelectorTerms": [{"matchFields": [field]}]}
        required = {"requiredDuringSchedulingIgnoredDuringExecution": terms}
        affinity = {**(made["spec"].get("affinity") or {}), "nodeAffinity": required}
        tolerated = [*(made["spec"].get("tolerations") or []), *EVERYWHERE]
        made["spec"] |= {"affinity": affinity, "tolerations": tolerated}
        if stored := _make(state, doc, made):
            stored.body["only"] = name
            state.session.put(stored)


def _nodes(state: ClusterState, daemons: Obj) -> list[NodeFacts]:
    """The nodes that a DaemonSet wants a pod on."""
    spec = daemons["spec"]["template"]["spec"]
    spec = {**spec, "tolerations": [*(spec.get("tolerations") or []), *EVERYWHERE]}
    return [node for node in facts(state) if not rejection(spec, node)]


def _revise(state: ClusterState, obj: Obj) -> str:
    """The revision of the present template, kept as a ControllerRevision; an older one returns."""
    metadata, template = obj["metadata"], obj["spec"]["template"]
    digest, rows = template_hash(template), owned(state, "controllerrevisions", metadata["uid"])
    name = f"{metadata['name']}-{digest}"
    newest = max((int(row.body["object"]["revision"]) for row in rows), default=0)
    same = next((row for row in rows if row.body["object"]["metadata"]["name"] == name), None)
    if same is None:
        data = {"spec": {"template": {**template, "$patch": "replace"}}}
        labels = {**(template["metadata"].get("labels") or {}), REVISION: digest}
        head = {"name": name, "namespace": metadata["namespace"], "labels": labels,
                "ownerReferences": [owner_reference(obj)]}  # fmt: skip
        made: Obj = {"apiVersion": "apps/v1", "kind": "ControllerRevision", "metadata": head}
        made |= {"data": data, "revision": newest + 1}
        store_new(state, by_plural("controllerrevisions"), made)
    elif int(same.body["object"]["revision"]) != newest:
        # An undo: the old revision is numbered anew, and
        # no second one is kept of the same template.
        same.body["object"]["revision"] = newest + 1
        store_again(state, same)
    return name if obj["kind"] == "StatefulSet" else digest


def _up_to_date(state: ClusterState, doc: Doc, revision: str) -> int:
    labels = [pod.body["object"]["metadata"]["labels"]
              for pod in owned(state, "pods", doc.body["object"]["metadata"]["uid"])
              if pod.deleted_at is None]  # fmt: skip
    return sum(row[REVISION] == revision for row in labels)


def stateful_set_status(state: ClusterState, doc: Doc) -> Told:
    """How far a StatefulSet is."""
    obj = doc.body["object"]
    metadata = obj["metadata"]
    found, changed = counts(state, [metadata["uid"]])
    found.pop("terminatingReplicas")
    revision = f"{metadata['name']}-{template_hash(obj['spec']['template'])}"
    updated = _up_to_date(state, doc, revision)
    return changed, {
        "observedGeneration": metadata["generation"], "collisionCount": 0,
        "availableReplicas": 0, **found, "currentRevision": revision,
        "updateRevision": revision, "currentReplicas": updated, "updatedReplicas": updated,
    }  # fmt: skip


def daemon_set_status(state: ClusterState, doc: Doc) -> Told:
    """How far a DaemonSet is."""
    obj = doc.body["object"]
    found, changed = counts(state, [obj["metadata"]["uid"]])
    status = system.daemon_status(len(_nodes(state, obj)), found.get("readyReplicas", 0))
    updated = _up_to_date(state, doc, template_hash(obj["spec"]["template"]))
    return changed, {
        **status, "observedGeneration": obj["metadata"]["generation"],
        "currentNumberScheduled": found["replicas"], "updatedNumberScheduled": updated,
    }  # fmt: skip
