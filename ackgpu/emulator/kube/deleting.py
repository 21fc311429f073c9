"""Deletion: grace periods, finalizers, propagation to what an object owns, namespaces."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.kube.decoding import checked
from ackgpu.emulator.kube.namespaces import SYSTEM
from ackgpu.emulator.kube.objects import Obj
from ackgpu.emulator.kube.reading import select
from ackgpu.emulator.kube.request import KubeRequest
from ackgpu.emulator.kube.resources import RESOURCES, Resource, by_plural
from ackgpu.emulator.kube.services import release_balancer
from ackgpu.emulator.kube.state import ClusterState, Entry
from ackgpu.emulator.kube.status import KubeError, bad_request, conflict, success
from ackgpu.emulator.kube.storing import hide, remove, store_again
from ackgpu.emulator.kube.workloads import owned, reconcile, remove_pod
from ackgpu.emulator.kube.writing import require
from ackgpu.emulator.store import Doc

OWNED = {"deployments": "replicasets", "replicasets": "pods", "jobs": "pods"}
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
    resource = request.target.resource
    chosen = select(state, request)
    gone = [entry.object for entry in chosen]
    for entry in chosen:
        _delete_entry(state, resource, entry, options)
    reconcile(state)
    return {
        "kind": f"{resource.kind}List",
        "apiVersion": resource.api_version,
        "metadata": {"resourceVersion": str(state.version)},
        "items": gone,
    }


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
        if not grace.isdigit():
            raise bad_request(f'strconv.ParseInt: parsing "{grace}": invalid syntax')
        options["gracePeriodSeconds"] = int(grace)
    policy = options.setdefault("propagationPolicy", "Background")
    if policy not in POLICIES:
        raise bad_request(f'DeleteOptions is invalid: propagationPolicy: Invalid value: "{policy}"')
    return options


def _delete_entry(
    state: ClusterState, resource: Resource, entry: Entry, options: dict[str, Any]
) -> Obj:
    doc = state.documents(resource.plural).get(entry.key)
    if doc is None or "object" not in doc.body:
        return _delete_brought(state, resource, entry)
    policy = options["propagationPolicy"]
    if resource.plural == "pods":
        grace = options.get("gracePeriodSeconds")
        if doc.gone is None or grace is not None:
            remove_pod(state, doc, None if grace is None else float(grace))
    elif resource.plural == "namespaces":
        _delete_namespace(state, doc)
    else:
        _delete_with_owned(state, resource, doc, policy)
    return _answer(state, resource, doc)


def _delete_brought(state: ClusterState, resource: Resource, entry: Entry) -> Obj:
    """Delete what the cluster itself brings: a node, or a system pod; the rest is protected."""
    if resource.plural == "namespaces":
        text = f'namespaces "{entry.key[1]}" is forbidden: this namespace may not be deleted'
        raise KubeError(403, "Forbidden", text)
    if resource.plural not in {"nodes", "pods", "leases"}:
        text = f'{resource.plural} "{entry.key[1]}" is forbidden: it is managed by ACK'
        raise KubeError(403, "Forbidden", text)
    shown = entry.object
    hide(state, resource, entry)
    return shown if resource.plural == "pods" else _details(resource, shown["metadata"])


def _answer(state: ClusterState, resource: Resource, doc: Doc) -> Obj:
    """The object while it is still there, a Status once it is gone."""
    if doc.gone is None or doc.gone > state.now or resource.plural == "pods":
        obj: Obj = doc.body["object"]
        return {**obj, "metadata": {**obj["metadata"], "resourceVersion": str(state.version)}}
    return _details(resource, doc.body["object"]["metadata"])


def _details(resource: Resource, metadata: Obj) -> Obj:
    details = {"name": metadata["name"], "kind": resource.plural, "uid": metadata["uid"]}
    return success({**details, "group": resource.group} if resource.group else details)


def _delete_with_owned(state: ClusterState, resource: Resource, doc: Doc, policy: str) -> None:
    metadata = doc.body["object"]["metadata"]
    kind = OWNED.get(resource.plural)
    below = owned(state, kind, metadata["uid"]) if kind else []
    last = state.now
    for inner in below:
        if kind is None or policy == "Orphan":
            inner.body["object"]["metadata"].pop("ownerReferences", None)
            store_again(state, inner)
        elif kind == "pods":
            remove_pod(state, inner)
        else:
            _delete_with_owned(state, by_plural(kind), inner, policy)
        last = max(last, inner.gone or state.now)
    if resource.plural == "services":
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
    for resource in RESOURCES:
        if not resource.namespaced or "delete" not in resource.verbs:
            continue
        rows = state.written(resource.plural)
        for inner in [row for row in rows if row.id.split("/")[2] == name]:
            if resource.plural == "pods":
                remove_pod(state, inner)
            elif resource.plural == "services":
                release_balancer(state, inner)
                remove(state, inner)
            else:
                remove(state, inner)
            last = max(last, inner.gone or state.now)
    if name not in SYSTEM and doc.gone is None:
        remove(state, doc, after=last - state.now + NAMESPACE_TAKES)
