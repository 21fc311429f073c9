"""Create, update, patch, apply: everything that changes objects but deletion."""

from __future__ import annotations

import copy
from typing import Any

from ackgpu.emulator.kube.admission import validate
from ackgpu.emulator.kube.certificate_signer import name_requestor, sign_approved
from ackgpu.emulator.kube.claims import PROTECTION, choose_class
from ackgpu.emulator.kube.controllers import reconcile
from ackgpu.emulator.kube.defaults import apply_defaults
from ackgpu.emulator.kube.managed_fields import apply, record_update
from ackgpu.emulator.kube.object_store import lay_over, new_object, store_again, store_new
from ackgpu.emulator.kube.objects import Obj
from ackgpu.emulator.kube.patches import json_patch, refused_patch, strategic_merge
from ackgpu.emulator.kube.permissions import require_verb
from ackgpu.emulator.kube.pod_admission import admit
from ackgpu.emulator.kube.pod_security import violation
from ackgpu.emulator.kube.pods import qos_class
from ackgpu.emulator.kube.quotas import over_quota
from ackgpu.emulator.kube.reads import require
from ackgpu.emulator.kube.request import PROTOBUF, KubeRequest, unsupported
from ackgpu.emulator.kube.services import complete_service, follow_service
from ackgpu.emulator.kube.state import ClusterState, StoredObject
from ackgpu.emulator.kube.status import (
    KubeError,
    already_exists,
    bad_request,
    conflict,
    not_found,
    qualified,
)
from ackgpu.emulator.kube.type_check import checked
from ackgpu.emulator.kube.views import as_asked, as_stored
from ackgpu.emulator.shared.merge_patches import merge_patch
from ackgpu.emulator.store import Doc

APPLY = "application/apply-patch+yaml"
PATCHES = {
    "application/json-patch+json": json_patch,
    "application/merge-patch+json": merge_patch,
    "application/strategic-merge-patch+json": strategic_merge,
}
BODIES = frozenset({"", "application/json", "application/yaml", PROTOBUF})


def create(state: ClusterState, request: KubeRequest) -> Obj:
    """Create the object in the body."""
    obj = body_of(request)
    target = request.target
    resource = target.resource
    metadata = obj["metadata"]
    if resource.namespaced:
        metadata["namespace"] = target.namespace
        require_namespace(state, target.namespace)
    if resource.key == "certificatesigningrequests":
        name_requestor(obj, request.identity)
    new_object(state, obj)
    return _insert(state, request, obj)


def _insert(state: ClusterState, request: KubeRequest, obj: Obj) -> Obj:
    resource = request.target.resource
    _complete(state, request, None, obj)
    key = (obj["metadata"].get("namespace", ""), obj["metadata"]["name"])
    if state.entry(resource.key, key) is not None:
        raise already_exists(resource.plural, resource.group, key[1])
    _admit(state, request, obj)
    if resource.key in PROTECTION:
        given = obj["metadata"].get("finalizers") or []
        obj["metadata"]["finalizers"] = list(dict.fromkeys([*given, PROTECTION[resource.key]]))
    if "managedFields" not in obj["metadata"]:
        record_update(None, obj, request.manager, state.stamp(state.now), "")
    doc = store_new(state, resource, obj)
    if resource.key == "services":
        follow_service(state, doc)
    return _dry(request, doc) if request.dry_run else shown_after(state, request, key)


def _admit(state: ClusterState, request: KubeRequest, obj: Obj) -> None:
    """Refuse with 403 what quotas and admission do not allow; tell what pods should not do."""
    resource, name = request.target.resource, obj["metadata"]["name"]
    if resource.key == "pods":
        why = admit(state, obj)
    else:
        why = over_quota(state, resource, obj)
        why = why and f'{qualified(resource.plural, resource.group)} "{name}" is forbidden: {why}'
    if why:
        raise KubeError(403, "Forbidden", why, details={"name": name, "kind": resource.plural})
    spec = obj["spec"] if resource.key == "pods" else (obj.get("spec") or {}).get("template")
    spec = (spec or {}).get("spec", spec)
    if spec and (text := violation(state, obj["metadata"].get("namespace", ""), spec, "warn")):
        request.warnings.append(text)


def body_of(request: KubeRequest) -> Obj:
    """The object in the body; it must be of the kind that the path addresses."""
    if request.content_type not in BODIES:
        raise unsupported(request.content_type)
    obj = request.parsed()
    if not isinstance(obj, dict):
        raise bad_request("the request body holds no object")
    return check_kind(request, obj)


def check_kind(request: KubeRequest, obj: Obj) -> Obj:
    """The object, whose kind and name must be those that the path addresses."""
    target = request.target
    resource = target.resource
    expected = {"apiVersion": resource.api_version, "kind": resource.kind}
    for field, value in expected.items():
        if obj.setdefault(field, value) != value:
            raise bad_request(
                f"{obj.get('kind')} in version {obj.get('apiVersion')!r} cannot be handled as a"
                f" {resource.kind}: the {field} must be {value!r}"
            )
    if obj.get("metadata") is None:
        obj["metadata"] = {}
    obj, unknown = checked(obj, request.query.get("fieldValidation", "Warn"), resource)
    request.warnings.extend(f'unknown field "{path}"' for path in unknown)
    obj = as_stored(obj)
    metadata = obj["metadata"]
    if not isinstance(metadata, dict):
        raise bad_request("metadata is no object")
    given = metadata.get("namespace")
    if resource.namespaced and given and given != target.namespace:
        raise bad_request(
            f"the namespace of the provided object does not match the namespace sent on the"
            f" request: {given} != {target.namespace}"
        )
    if target.name and metadata.setdefault("name", target.name) != target.name:
        raise bad_request(
            "the name of the object does not match the name on the URL:"
            f" {metadata['name']} != {target.name}"
        )
    return obj


def require_namespace(state: ClusterState, name: str) -> None:
    """Refuse where the namespace does not exist or is being deleted."""
    entry = state.entry("namespaces", ("", name))
    if entry is None:
        raise not_found("namespaces", "", name)
    if entry.object["status"]["phase"] == "Terminating":
        text = f"unable to create new content in namespace {name} because it is being terminated"
        raise KubeError(403, "Forbidden", text)


def update(state: ClusterState, request: KubeRequest) -> Obj:
    """Replace the object with the one in the body."""
    return store_change(state, request, require(state, request), body_of(request))


def patch(state: ClusterState, request: KubeRequest) -> tuple[Obj, bool]:
    """Patch or apply; the second value says whether the object was created."""
    kind = request.content_type
    if kind == APPLY:
        return _apply(state, request)
    if kind not in PATCHES:
        raise unsupported(kind)
    entry = require(state, request)
    asked = as_asked(request.target.resource.api_version, entry.object)
    changes = request.parsed()
    if kind != "application/json-patch+json" and not isinstance(changes, dict):
        raise bad_request("the patch is no object")
    patched: Obj = PATCHES[kind](copy.deepcopy(asked), changes)
    if not isinstance(patched, dict):
        raise bad_request("the patch leaves no object")
    try:
        obj = check_kind(request, copy.deepcopy(patched))
    except KubeError as refusal:
        strategic = changes if "strategic" in kind else None
        raise refused_patch(strategic, patched, refusal) from None
    return store_change(state, request, entry, obj), False


def _apply(state: ClusterState, request: KubeRequest) -> tuple[Obj, bool]:
    manager = request.query.get("fieldManager", "")
    if not manager:
        raise bad_request("PatchOptions.meta.k8s.io is invalid: fieldManager: Required value")
    applied = request.parsed()
    if not isinstance(applied, dict):
        raise bad_request("the applied configuration is no object")
    applied = check_kind(request, applied)
    if applied["metadata"].get("managedFields"):
        raise bad_request("metadata.managedFields must be nil")
    stamp, force = state.stamp(state.now), request.flag("force")
    resource = request.target.resource
    entry = state.entry(resource.key, request.target.key)
    if entry is not None:
        # Applied in an older version of the group
        # (autoscaling/v1), it is stored in the one that is served.
        applied["apiVersion"] = entry.object["apiVersion"]
        merged = apply(copy.deepcopy(entry.object), applied, manager, stamp, force=force)
        return store_change(state, request, entry, merged, recorded=True), False
    if resource.namespaced:
        require_namespace(state, request.target.namespace)
        applied["metadata"]["namespace"] = request.target.namespace
    if "create" not in resource.verbs:
        raise not_found(resource.plural, resource.group, request.target.name)
    # An apply of what is not there is a creation, which the right to patch does not cover.
    require_verb(state, request, "create")
    empty = {"apiVersion": applied["apiVersion"], "kind": applied["kind"], "metadata": {}}
    return _insert(state, request, apply(empty, applied, manager, stamp, force=force)), True


def store_change(
    state: ClusterState,
    request: KubeRequest,
    entry: StoredObject,
    obj: Obj,
    *,
    recorded: bool = False,
) -> Obj:
    """Store an object's new form, where it differs. ``recorded``: managedFields are up to date."""
    resource, old = request.target.resource, entry.object
    _check_version(request, entry, obj)
    # Before validation: what cannot be changed is taken
    # from the stored object, and not judged anew.
    obj = _kept(request, old, obj)
    _complete(state, request, old, obj)
    if not recorded:
        stamp = state.stamp(state.now)
        record_update(old, obj, request.manager, stamp, request.target.subresource)
    # A write that changes nothing gets no new resourceVersion, and wakes no watch.
    if _unchanged(old, obj):
        return old
    doc = state.documents(resource.key).get(entry.key)
    if doc is not None and "object" in doc.body and doc.alive(state.now):
        _store(state, request, doc, old, obj)
    else:
        lay_over(state, resource, entry, obj)
    if request.dry_run:
        obj["metadata"]["resourceVersion"] = str(entry.version)
        return {**obj, "status": old["status"]} if "status" in old else obj
    return shown_after(state, request, entry.key)


def _complete(state: ClusterState, request: KubeRequest, old: Obj | None, obj: Obj) -> None:
    """Defaults and validation; a Service keeps its address and node ports."""
    resource = request.target.resource
    apply_defaults(resource, obj)
    if old is None and resource.key == "persistentvolumeclaims":
        choose_class(state, obj)
    validate(state, resource, obj, old)
    if resource.key == "services":
        complete_service(state, old["spec"] if old else {}, obj)


def _store(state: ClusterState, request: KubeRequest, doc: Doc, old: Obj, obj: Obj) -> None:
    plural = request.target.resource.key
    if request.target.resource.status is not None:
        # What the cluster computes is never stored, or it would stay as it was at this moment.
        obj.pop("status", None)
    if plural == "pods":
        obj["spec"].pop("nodeName", None)
        # kubectl debug waits for when the container began, and nothing else tells.
        late = [row["name"] for row in obj["spec"].get("ephemeralContainers") or []]
        doc.body["beside"] = {**dict.fromkeys(late, state.now), **doc.body.get("beside", {})}
    # Of the spec only: controllers compare it with observedGeneration, and labels are no work.
    if "generation" in old["metadata"] and old.get("spec") != obj.get("spec"):
        obj["metadata"]["generation"] = old["metadata"]["generation"] + 1
    doc.body["object"] = obj
    # The last finalizer went with this write, and what waited for it goes.
    leaving = "deletionTimestamp" in obj["metadata"]
    if leaving and not obj["metadata"].get("finalizers") and doc.deleted_at is None:
        doc.deleted_at = state.now
    if plural == "certificatesigningrequests":
        sign_approved(state, obj)
    store_again(state, doc)
    if plural == "services":
        follow_service(state, doc)


def _check_version(request: KubeRequest, entry: StoredObject, obj: Obj) -> None:
    resource = request.target.resource
    given = obj["metadata"].get("resourceVersion")
    uid = obj["metadata"].get("uid")
    # The uid too: an object that was deleted and made anew under the name is another one.
    if (given and given != str(entry.version)) or (uid and uid != entry.uid):
        raise conflict(resource.plural, resource.group, request.target.name)


def _kept(request: KubeRequest, old: Obj, obj: Obj) -> Obj:
    """The new form with what cannot be changed: identity, and spec or status by subresource."""
    metadata = {**obj["metadata"]}
    for field in ("name", "namespace", "uid", "creationTimestamp", "generation",
                  "deletionTimestamp", "deletionGracePeriodSeconds"):  # fmt: skip
        metadata.pop(field, None)
        if field in old["metadata"]:
            metadata[field] = old["metadata"][field]
    metadata.pop("resourceVersion", None)
    for field in ("labels", "annotations", "finalizers", "ownerReferences"):
        if not metadata.get(field, True):
            del metadata[field]
    if request.target.subresource in {"approval", "status"}:
        kept = copy.deepcopy(old)
        kept["metadata"] = {**kept["metadata"], "managedFields": metadata.get("managedFields", [])}
        return {**kept, "status": obj.get("status", {})}
    result = {**obj, "metadata": metadata}
    if request.target.resource.key == "pods":
        by = request.target.subresource == "ephemeralcontainers"
        beside = (obj if by else old)["spec"].get("ephemeralContainers")
        result["spec"] = {**(old if by else obj)["spec"], "ephemeralContainers": beside or []}
        if not beside:
            del result["spec"]["ephemeralContainers"]
    result.pop("status", None)
    return {**result, "status": old["status"]} if "status" in old else result


def _unchanged(old: Obj, obj: Obj) -> bool:
    def bare(value: Obj) -> Obj:
        metadata = {
            key: inner
            for key, inner in value["metadata"].items()
            if key not in {"resourceVersion", "managedFields"}
        }
        return {**value, "metadata": metadata}

    def owners(value: Obj) -> list[Any]:
        rows = value["metadata"].get("managedFields") or []
        # Times are no change, or an apply of the same would be one each second.
        return [{key: inner for key, inner in row.items() if key != "time"} for row in rows]

    return bare(old) == bare(obj) and owners(old) == owners(obj)


def _dry(request: KubeRequest, doc: Doc) -> Obj:
    """What a dry run shows of a new object: no controller has seen it, nothing has stored it."""
    obj, resource = dict(doc.body["object"]), request.target.resource
    if resource.key == "pods":
        return {**obj, "status": {"phase": "Pending", "qosClass": qos_class(obj["spec"])}}
    return obj if resource.status is None else {**obj, "status": resource.status}


def shown_after(state: ClusterState, request: KubeRequest, key: tuple[str, str]) -> Obj:
    """The object as it is after the write and after the controllers acted."""
    reconcile(state)
    entry = state.entry(request.target.resource.key, key)
    if entry is None:
        doc = state.documents(request.target.resource.key)[key]
        return dict(doc.body["object"])
    return entry.object
