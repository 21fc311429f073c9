"""Subresources that are written to: scale, eviction, tokens; and the reviews of access."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from functools import reduce

from ackgpu.emulator.kube.access import ISSUER, KubeUser, by_token
from ackgpu.emulator.kube.columns import look_up
from ackgpu.emulator.kube.deletion import delete
from ackgpu.emulator.kube.disruption import require_leave
from ackgpu.emulator.kube.objects import Obj
from ackgpu.emulator.kube.permissions import Action, allowed, rules_of
from ackgpu.emulator.kube.reads import require
from ackgpu.emulator.kube.request import KubeRequest, unsupported
from ackgpu.emulator.kube.state import ClusterState
from ackgpu.emulator.kube.status import KubeError, not_allowed, success
from ackgpu.emulator.kube.tokens import audiences_of, typed, typed_body
from ackgpu.emulator.kube.writes import PATCHES, store_change


def scale_of(state: ClusterState, request: KubeRequest) -> Obj:
    """The Scale of what has one; a CustomResourceDefinition says where its numbers are."""
    obj, custom = require(state, request).object, request.target.resource.schema
    metadata = obj["metadata"]
    fields = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    if custom:
        selector = look_up(obj, custom["scale"].get("labelSelectorPath", ".-"))
        there = look_up(obj, custom["scale"]["statusReplicasPath"])
    else:
        there, labels = obj["status"].get("replicas"), obj["spec"]["selector"].get("matchLabels")
        selector = ",".join(f"{key}={value}" for key, value in sorted((labels or {}).items()))
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {field: metadata[field] for field in fields if field in metadata},
        "spec": {"replicas": look_up(obj, _replicas(request)) or 0},
        "status": {"replicas": there or 0, **({"selector": selector} if selector else {})},
    }


def _replicas(request: KubeRequest) -> str:
    """Where the number that is wanted stands."""
    custom = request.target.resource.schema
    return str(custom["scale"]["specReplicasPath"]) if custom else ".spec.replicas"


def set_scale(state: ClusterState, request: KubeRequest) -> Obj:
    """Change the number of replicas."""
    entry = require(state, request)
    if request.method == "PATCH":
        change = PATCHES.get(request.content_type)
        if change is None:
            raise unsupported(request.content_type)
        given = typed(request, change(scale_of(state, request), request.parsed()))
    else:
        given = typed_body(request)
    changed = copy.deepcopy(entry.object)
    *way, last = _replicas(request).lstrip(".").split(".")
    place = reduce(lambda inner, step: inner.setdefault(step, {}), way, changed)
    place[last] = (given.get("spec") or {}).get("replicas", 0)
    version = (given.get("metadata") or {}).get("resourceVersion")
    changed["metadata"]["resourceVersion"] = version or str(entry.version)
    store_change(state, request, entry, changed)
    return scale_of(state, request)


def evict(state: ClusterState, request: KubeRequest) -> Obj:
    """Evict a pod: delete it, if its disruption budget allows."""
    options = typed_body(request).get("deleteOptions") or {}
    require_leave(state, require(state, request).object)
    headers = {**request.headers, "content-type": "application/json"}
    delete(state, replace(request, body=json.dumps(options).encode(), headers=headers))
    return {**success({}), "code": 201}


def review(state: ClusterState, request: KubeRequest) -> Obj:
    """The answer to a review of access, of who asks, or of a token."""
    obj = typed_body(request)
    resource = request.target.resource
    plural = resource.key
    if plural == "bindings":
        # The emulated scheduler is the only one: a pod bound by another would have no course.
        raise not_allowed()
    head = {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": {}}
    if plural == "selfsubjectreviews":
        return {**head, "status": {"userInfo": _user(request.identity)}}
    spec = obj.get("spec") or {}
    if plural == "tokenreviews":
        return {**head, "spec": spec, "status": _token_status(state, spec)}
    if plural == "selfsubjectrulesreviews":
        return {**head, "spec": spec, "status": _rules(state, request.identity, spec)}
    who = request.identity
    if plural != "selfsubjectaccessreviews":
        groups = tuple(spec.get("groups") or ())
        admin = "system:masters" in groups
        who = KubeUser(str(spec.get("user") or ""), groups, admin=admin)
    return {**head, "spec": spec, "status": _access(state, who, spec)}


def _user(identity: KubeUser) -> Obj:
    told: Obj = {"username": identity.user, "groups": list(identity.groups)}
    told |= {"uid": identity.uid} if identity.uid else {}
    shown = {"authentication.kubernetes.io/credential-id": [identity.credential]}
    return {**told, "extra": shown} if identity.credential else told


def _token_status(state: ClusterState, spec: Obj) -> Obj:
    wanted = spec.get("audiences") or [ISSUER]
    token = str(spec.get("token") or "")
    try:
        _, identity = by_token(state.session, state.now, token, wanted)
    except KubeError:
        return {"user": {}, "error": "invalid bearer token"}
    meant = audiences_of(state, token)
    there = [audience for audience in wanted if audience in meant]
    return {"authenticated": True, "user": _user(identity), "audiences": there}


def _rules(state: ClusterState, identity: KubeUser, spec: Obj) -> Obj:
    everything = [
        {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]},
        {"verbs": ["*"], "nonResourceURLs": ["*"]},
    ]
    bound = rules_of(state, identity, str(spec.get("namespace") or ""))
    rows = [*(everything if identity.admin else ()), *bound]
    return {
        "resourceRules": [row for row in rows if "resources" in row],
        "nonResourceRules": [row for row in rows if "nonResourceURLs" in row],
        "incomplete": False,
    }


def _access(state: ClusterState, identity: KubeUser, spec: Obj) -> Obj:
    asked = spec.get("resourceAttributes")
    if not asked:
        path = spec.get("nonResourceAttributes") or {}
        rules = rules_of(state, identity, "")
        return {"allowed": identity.admin or any(_opens(rule, path) for rule in rules)}
    path = "/".join(p for p in (asked.get("resource"), asked.get("subresource")) if p)
    place = (asked.get(part, "") for part in ("group", "namespace", "name"))
    return {"allowed": allowed(state, identity, Action(asked.get("verb", ""), path, *place))}


def _opens(rule: Obj, asked: Obj) -> bool:
    """Whether a rule allows a verb on a path that is no resource's; ``*`` may end its paths."""
    path = asked.get("path", "")
    return bool({"*", asked.get("verb", "")} & set(rule["verbs"])) and any(
        path == url or (url.endswith("*") and path.startswith(url[:-1]))
        for url in rule.get("nonResourceURLs") or []
    )
