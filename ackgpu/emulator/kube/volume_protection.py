"""Claims and volumes in use: they wait with their deletion until nobody uses them.

Source: Kubernetes documentation, "Storage Object in Use Protection"; finalizers and conditions are
the controllers' (``pkg/controller/volume/pvcprotection``, ``pvprotection``).
"""

from __future__ import annotations

from ackgpu.emulator.kube.claims import CLAIMS, PROTECTION, VOLUMES
from ackgpu.emulator.kube.object_store import store_again
from ackgpu.emulator.kube.objects import Obj
from ackgpu.emulator.kube.pod_timeline import courses, finished, pod_docs
from ackgpu.emulator.kube.state import ClusterState
from ackgpu.emulator.store import Doc


def release_unused(state: ClusterState) -> None:
    """Let claims, and then volumes, go when their last user has gone.

    Claims go that are to be deleted; volumes too, and those that go with their claim.
    """
    for plural, free_at in ((CLAIMS, _claim_free_at), (VOLUMES, _volume_free_at)):
        for doc in state.written(plural):
            at = free_at(state, doc) if doc.deleted_at is None and _leaves(plural, doc) else None
            if at is not None:
                doc.deleted_at = max(at, state.now)
                store_again(state, doc)


def _leaves(plural: str, doc: Doc) -> bool:
    """Whether an object is to be deleted once nobody uses it."""
    metadata, spec = doc.body["object"]["metadata"], doc.body["object"]["spec"]
    follows = spec.get("persistentVolumeReclaimPolicy") == "Delete" and "claimRef" in spec
    only = metadata.get("finalizers", []) == [PROTECTION[plural]]
    return only and ("deletionTimestamp" in metadata or follows)


def _claim_free_at(state: ClusterState, claim: Doc) -> float | None:
    """When the last pod that uses a claim has ended or gone; None where that never comes."""
    metadata, found = claim.body["object"]["metadata"], courses(state)
    ends = [state.now]
    for pod in pod_docs(state):
        obj = pod.body["object"]
        course = found[obj["metadata"]["uid"]]
        if course.bound is None or not _uses(obj, metadata):
            continue
        moments = (pod.deleted_at, finished(obj["spec"], course))
        known = [moment for moment in moments if moment is not None]
        if not known:
            return None
        ends.append(min(known))
    return max(ends)


def _uses(pod: Obj, claim: Obj) -> bool:
    rows = pod["spec"].get("volumes") or []
    names = [(row.get("persistentVolumeClaim") or {}).get("claimName") for row in rows]
    return pod["metadata"]["namespace"] == claim["namespace"] and claim["name"] in names


def _volume_free_at(state: ClusterState, volume: Doc) -> float | None:
    reference = volume.body["object"]["spec"].get("claimRef") or {}
    key = (reference.get("namespace", ""), reference.get("name", ""))
    claim = state.documents(CLAIMS).get(key)
    bound = claim is not None and claim.body["object"]["metadata"]["uid"] == reference.get("uid")
    return claim.deleted_at if claim is not None and bound else state.now
