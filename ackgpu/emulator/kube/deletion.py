"""Deletion: grace periods, finalizers, propagation to what an object owns, namespaces."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.kube.controllers import reconcile
from ackgpu.emulator.kube.custom import DEFINITIONS, resources_of
from ackgpu.emulator.kube.object_store import hide, remove, store_again
from ackgpu.emulator.kube.objects import Obj
from ackgpu.emulator.kube.reads import listed, require, select
from ackgpu.emulator.kube.request import KubeRequest
from ackgpu.emulator.kube.resources import ApiResource, by_plural
from ackgpu.emulator.kube.services import release_balancer
from ackgpu.emulator.kube.state import ClusterState, StoredObject
from ackgpu.emulator.kube.status import KubeError, bad_request, conflict, success
from ackgpu.emulator.kube.type_check import checked
from ackgpu.emulator.kube.workloads import owned, remove_pod
from ackgpu.emulator.store import Doc

OWNED = {
    "deployments": ("replicasets",), "replicasets": ("pods",), "jobs": ("pods",),
    "statefulsets": ("pods", "controllerrevisions"), "cronjobs": ("jobs",),
    "daemonsets": ("pods", "controllerrevisions"),
}  # fmt: skip
POLICIES = frozenset({"Background", "Foreground", "Orphan"})
NAMESPACE_TAKES = 2.0  # seconds that the namespace controller takes once a namespace is empty


def delete(state: ClusterState, request: KubeRequest) -> Obj:
    """Delete the object addressed."""
    options = _options(request)
    entry = require(state, request)
    resource = request.target.resource
    preconditions = options.get("preconditions") or {}
    uid, version = preconditions.get("uid"), preconditions.get("resourceVersion")
    if (uid and uid != entry.uid) or (version and version != str(entry.version)):
        raise conflict(resource.plural, resource.group, request.target.name)
    answer = _delete_entry(state, resource, entry, options)
    reconcile(state)
    return answer


def delete_collection(state: ClusterState, request: KubeRequest) -> Obj:
    """Delete every object that the selectors let through; answers with their list."""
    options = _options(request)
    chosen = select(state, request)
    gone = [entry.object for entry in chosen]
    for entry in chosen:
        _delete_entry(state, request.target.resource, entry, options)
    reconcile(state)
    return listed(state, request, gone, {"resourceVersion": str(state.version)})


def _options(request: KubeRequest) -> dict[str, Any]:
    given = request.parsed()
    if given is not None and not isinstance(given, dict):
        raise bad_request("the request body holds no DeleteOptions")
    asked = {**(given or {}), "apiVersion": "v1", "kind": "DeleteOptions"}
    options: dict[str, Any] = checked(asked, "Ignore")[0]
    if "propagationPolicy" in request.query:
        options["propagationPolicy"] = request.query["propagationPolicy"]
    grace = request.query.get("gracePeriodSeconds", "")
    if grace:
        if not grace.isdecimal():
            raise bad_request(f'strconv.ParseInt: parsing "{grace}": invalid syntax')
        options["gracePeriodSeconds"] = int(grace)
    policy = options.setdefault("propagationPolicy", "Background")
    if policy not in POLICIES:
        raise bad_request(f'DeleteOptions is invalid: propagationPolicy: Invalid value: "{policy}"')
    return options


def _delete_entry(
    state: ClusterState, resource: ApiResource, entry: StoredObject, options: dict[str, Any]
) -> Obj:
    doc = state.documents(resource.key).get(entry.key)
    if doc is None or "object" not in doc.body:
        return _delete_brought(state, resource, entry)
    policy = options["propagationPolicy"]
    if resource.key == "pods":
        grace = options.get("gracePeriodSeconds")
        if doc.deleted_at is None or grace is not None:
            remove_pod(state, doc, None if grace is None else float(grace))
    elif resource.key == "namespaces":
        _delete_namespace(state, doc)
    else:
        if resource.key == DEFINITIONS:
            for inner in state.written(entry.key[1]):
                remove(state, inner)
        delete_with_owned(state, resource, doc, policy)
    return _answer(state, resource, doc)


def _delete_brought(state: ClusterState, resource: ApiResource, entry: StoredObject) -> Obj:
    """Delete what the cluster itself brings: a node, or a system pod; the rest is protected."""
    if not resource.removable:
        spaces = resource.key == "namespaces"
        why = "this namespace may not be deleted" if spaces else "it is managed by ACK"
        text = f'{resource.plural} "{entry.key[1]}" is forbidden: {why}'
        raise KubeError(403, "Forbidden", text)
    shown = entry.object
    hide(state, resource, entry)
    return shown if resource.key == "pods" else _details(resource, shown["metadata"])


def _answer(state: ClusterState, resource: ApiResource, doc: Doc) -> Obj:
    """The object while it is still there, a Status once it is gone."""
    if doc.deleted_at is None or doc.deleted_at > state.now or resource.key == "pods":
        obj: Obj = doc.body["object"]
        return {**obj, "metadata": {**obj["metadata"], "resourceVersion": str(state.version)}}
    return _details(resource, doc.body["object"]["metadata"])


def _details(resource: ApiResource, metadata: Obj) -> Obj:
    details = {"name": metadata["name"], "kind": resource.plural, "uid": metadata["uid"]}
    return success({**details, "group": resource.group} if resource.group else details)


def delete_with_owned(state: ClusterState, resource: ApiResource, doc: Doc, policy: str) -> None:
    """Delete an object, and by ``policy`` what it owns."""
    metadata = doc.body["object"]["metadata"]
    kinds = OWNED.get(resource.key, ())
    last = state.now
    for kind, inner in [(k, inner) for k in kinds for inner in owned(state, k, metadata["uid"])]:
        if policy == "Orphan":
            inner.body["object"]["metadata"].pop("ownerReferences", None)
            store_again(state, inner)
        elif kind == "pods":
            remove_pod(state, inner)
        else:
            delete_with_owned(state, by_plural(kind), inner, policy)
        last = max(last, inner.deleted_at or state.now)
    if resource.key == "services":
        release_balancer(state, doc)
    if metadata.get("finalizers"):
        metadata["deletionTimestamp"] = state.stamp(state.now)
        metadata["deletionGracePeriodSeconds"] = 0
        store_again(state, doc)
    elif policy == "Foreground" and last > state.now:
        metadata["finalizers"] = ["foregroundDeletion"]
        remove(state, doc, after=last - state.now)
    else:
        remove(state, doc)


def _delete_namespace(state: ClusterState, doc: Doc) -> None:
    """Everything in the namespace goes, then the namespace."""
    name = doc.body["object"]["metadata"]["name"]
    last = state.now
    for resource in resources_of(state):
        if not resource.namespaced or "delete" not in resource.verbs:
            continue
        rows = state.written(resource.key)
        for inner in [row for row in rows if row.id.split("/")[2] == name]:
            if resource.key == "services":
                release_balancer(state, inner)
            (remove_pod if resource.key == "pods" else remove)(state, inner)
            last = max(last, inner.deleted_at or state.now)
    if doc.deleted_at is None:
        remove(state, doc, after=last - state.now + NAMESPACE_TAKES)
