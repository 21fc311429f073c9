"""PersistentVolumeClaims and the volumes that they are bound to.

A claim takes the smallest volume that fits, or its class makes one: at once, or with
``WaitForFirstConsumer`` when a pod that uses it has a node. The disk behind such a volume is no
disk of the account. Source: Kubernetes documentation, "Persistent Volumes".
"""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.kube.object_store import store_again, store_new
from ackgpu.emulator.kube.objects import Obj, suffix_of
from ackgpu.emulator.kube.resources import by_plural
from ackgpu.emulator.kube.selectors import matches
from ackgpu.emulator.kube.state import ClusterState, Told
from ackgpu.emulator.shared.quantities import amount
from ackgpu.emulator.store import Doc

CLAIMS, VOLUMES = "persistentvolumeclaims", "persistentvolumes"
DRIVER = "diskplugin.csi.alibabacloud.com"
DEFAULT = "storageclass.kubernetes.io/is-default-class"
PROTECTION = {CLAIMS: "kubernetes.io/pvc-protection", VOLUMES: "kubernetes.io/pv-protection"}
"""The finalizers that the API server gives every new claim and volume."""
BOUND = {"pv.kubernetes.io/bind-completed": "yes", "pv.kubernetes.io/bound-by-controller": "yes"}


def choose_class(state: ClusterState, claim: Obj) -> None:
    """Give a new claim that names no class the default one, where there is one."""
    classes = [entry.object for entry in state.entries("storageclasses")]
    usual = [row["metadata"]["name"] for row in classes
             if (row["metadata"].get("annotations") or {}).get(DEFAULT) == "true"]  # fmt: skip
    if usual and "storageClassName" not in claim["spec"]:
        claim["spec"]["storageClassName"] = usual[-1]


def bind_claims(state: ClusterState) -> None:
    """Bind the claims that wait."""
    for claim in sorted(state.written(CLAIMS), key=lambda doc: int(doc.body["created"])):
        obj = claim.body["object"]
        wanted = BOUND.items() - (obj["metadata"].get("annotations") or {}).items()
        volume = (_fitting(state, obj) or _provisioned(state, obj)) if wanted else None
        if volume is not None:
            _bind(state, claim, volume)


def _has_claim(state: ClusterState, spec: Obj) -> bool:
    reference = spec["claimRef"]
    entry = state.entry(CLAIMS, (reference["namespace"], reference["name"]))
    return entry is not None and reference.get("uid") in {None, entry.uid}


def _asked(claim: Obj) -> Any:
    return amount(((claim["spec"].get("resources") or {}).get("requests") or {})["storage"])


def _fitting(state: ClusterState, claim: Obj) -> Doc | None:
    """The smallest free volume that a claim can have, or the one that it names."""
    spec, found = claim["spec"], []
    key = (claim["metadata"]["namespace"], claim["metadata"]["name"])
    for doc in state.written(VOLUMES):
        volume = doc.body["object"]["spec"]
        reserved = volume.get("claimRef") or {}
        free = not reserved or (reserved.get("namespace"), reserved.get("name")) == key
        named = spec.get("volumeName") in {None, "", doc.body["object"]["metadata"]["name"]}
        same = (volume.get("storageClassName") or "") == (spec.get("storageClassName") or "")
        modes = set(spec.get("accessModes") or []) <= set(volume.get("accessModes") or [])
        labels = doc.body["object"]["metadata"].get("labels") or {}
        chosen = matches(spec.get("selector") or {}, labels)
        size = amount((volume.get("capacity") or {}).get("storage", "0"))
        if free and named and same and modes and chosen and size >= _asked(claim):
            found.append((size, doc.id, doc))
    return min(found)[2] if found else None


def _provisioned(state: ClusterState, claim: Obj) -> Doc | None:
    """The volume that the claim's class makes; None where it has none, or waits for a pod."""
    spec, metadata = claim["spec"], claim["metadata"]
    entry = state.entry("storageclasses", ("", spec.get("storageClassName") or ""))
    if entry is None or entry.object["provisioner"] != DRIVER or spec.get("volumeName"):
        return None
    waits = entry.object["volumeBindingMode"] == "WaitForFirstConsumer"
    if waits and not _consumed(state, metadata):
        return None
    obj = {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {
            "name": f"d-{suffix_of(metadata['uid'], 20)}",
            "annotations": {"pv.kubernetes.io/provisioned-by": DRIVER},
            "finalizers": [PROTECTION[VOLUMES]],
        },
        "spec": {
            "accessModes": spec["accessModes"],
            "capacity": {"storage": spec["resources"]["requests"]["storage"]},
            "csi": {"driver": DRIVER, "fsType": "ext4",
                    "volumeHandle": f"d-{suffix_of(metadata['uid'], 20)}"},
            "persistentVolumeReclaimPolicy": entry.object["reclaimPolicy"],
            "storageClassName": entry.key[1],
            "volumeMode": spec["volumeMode"],
        },
    }  # fmt: skip
    return store_new(state, by_plural(VOLUMES), obj)


def _consumed(state: ClusterState, metadata: Obj) -> bool:
    return any(
        entry.object["spec"].get("nodeName")
        and (row.get("persistentVolumeClaim") or {}).get("claimName") == metadata["name"]
        for entry in state.within(metadata["namespace"], "pods")
        for row in entry.object["spec"].get("volumes") or []
    )


def _bind(state: ClusterState, claim: Doc, volume: Doc) -> None:
    obj, made = claim.body["object"], volume.body["object"]
    named = {key: obj["metadata"][key] for key in ("name", "namespace", "uid")}
    made["spec"]["claimRef"] = {
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", **named
    }  # fmt: skip
    store_again(state, volume)
    obj["spec"]["volumeName"] = made["metadata"]["name"]
    obj["metadata"].setdefault("annotations", {}).update(BOUND)
    store_again(state, claim)


def wanted_claim(state: ClusterState, pod: Obj) -> str:
    """What the scheduler says of a pod whose claim is missing or not bound; empty otherwise."""
    nodes = f"0/{len(state.entries('nodes'))} nodes are available"
    for row in pod["spec"].get("volumes") or []:
        if not (name := (row.get("persistentVolumeClaim") or {}).get("claimName")):
            continue
        entry = state.entry(CLAIMS, (pod["metadata"]["namespace"], name))
        if entry is None:
            return f'{nodes}: persistentvolumeclaim "{name}" not found.'
        kind = state.entry("storageclasses", ("", entry.object["spec"].get("storageClassName", "")))
        waits = kind and kind.object["volumeBindingMode"] == "WaitForFirstConsumer"
        if entry.object["status"]["phase"] == "Pending" and not waits:
            return f"{nodes}: pod has unbound immediate PersistentVolumeClaims."
    return ""


def claim_status(state: ClusterState, doc: Doc) -> Told:
    """What a claim is bound to."""
    obj = doc.body["object"]
    volume = state.documents(VOLUMES).get(("", obj["spec"].get("volumeName", "")))
    bound = BOUND.items() <= (obj["metadata"].get("annotations") or {}).items()
    if volume is None or not bound:
        return None, {"phase": "Pending"}
    made = volume.body["object"]["spec"]
    phase = "Bound" if volume.alive(state.now) else "Lost"
    return None, {"phase": phase, **{key: made[key] for key in ("accessModes", "capacity")}}


def volume_status(state: ClusterState, doc: Doc) -> Told:
    """The phase of a volume."""
    spec = doc.body["object"]["spec"]
    taken = "uid" in (spec.get("claimRef") or {})
    phase = "Available" if not taken else "Bound" if _has_claim(state, spec) else "Released"
    return None, {"phase": phase}
