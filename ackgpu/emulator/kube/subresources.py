"""Subresources that are written to: scale, eviction, tokens; and the reviews of access."""

from __future__ import annotations

import base64
import copy
import json
from dataclasses import replace
from functools import reduce
from typing import Any

from ackgpu.emulator.kube.access import KubeUser, identify, token_id
from ackgpu.emulator.kube.columns import look_up
from ackgpu.emulator.kube.deletion import delete
from ackgpu.emulator.kube.disruption import require_leave
from ackgpu.emulator.kube.objects import Obj
from ackgpu.emulator.kube.permissions import Action, allowed, rules_of
from ackgpu.emulator.kube.request import KubeRequest, unsupported
from ackgpu.emulator.kube.resources import SUBRESOURCE_KINDS
from ackgpu.emulator.kube.state import KIND, ClusterState
from ackgpu.emulator.kube.status import KubeError, bad_request, invalid, not_allowed, success
from ackgpu.emulator.kube.type_check import checked
from ackgpu.emulator.kube.writes import PATCHES, require, store_change
from ackgpu.emulator.store import Doc

TOKEN_LASTS, SHORTEST_TOKEN, MAX_TOKEN = 3600, 600, 2**32  # seconds


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
        given = _typed(request, change(scale_of(state, request), request.parsed()))
    else:
        given = _body(request)
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
    options = _body(request).get("deleteOptions") or {}
    require_leave(state, require(state, request).object)
    headers = {**request.headers, "content-type": "application/json"}
    delete(state, replace(request, body=json.dumps(options).encode(), headers=headers))
    return {**success({}), "code": 201}


def issue_token(state: ClusterState, request: KubeRequest) -> Obj:
    """A token of a service account, good for the time requested."""
    require(state, request)
    spec = _body(request).get("spec") or {}
    seconds = int(spec.get("expirationSeconds") or TOKEN_LASTS)
    if not SHORTEST_TOKEN <= seconds <= MAX_TOKEN:
        short = seconds < SHORTEST_TOKEN
        text = "less than 10 minutes" if short else "larger than 2^32 seconds"
        why = f"Invalid value: {seconds}: may not specify a duration {text}"
        group, _, kind = SUBRESOURCE_KINDS["token"]
        raise invalid(kind, group, "", [("spec.expirationSeconds", why)])
    secret = f"{state.rng.getrandbits(256):064x}"
    head = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    token = f"{head}.{secret}.emulated"
    namespace, name = request.target.key
    body = {"namespace": namespace, "account": name}
    state.session.put(
        Doc(KIND, token_id(token), "", state.id, "tokens", state.now, state.now + seconds, body)
    )
    return {
        "kind": "TokenRequest",
        "apiVersion": "authentication.k8s.io/v1",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {**spec, "expirationSeconds": seconds},
        "status": {"token": token, "expirationTimestamp": state.stamp(state.now + seconds)},
    }


def review(state: ClusterState, request: KubeRequest) -> Obj:
    """The answer to a review of access, of who asks, or of a token."""
    obj = _body(request)
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
        return {**head, "spec": spec, "status": _token_status(state, str(spec.get("token") or ""))}
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
    shown = {"authentication.kubernetes.io/credential-id": [identity.credential]}
    return {**told, "extra": shown} if identity.credential else told


def _token_status(state: ClusterState, token: str) -> Obj:
    try:
        _, identity = identify(state.session, state.now, None, f"Bearer {token}")
    except KubeError:
        return {"user": {}, "error": "invalid bearer token"}
    audiences = ["https://kubernetes.default.svc"]
    return {"authenticated": True, "user": _user(identity), "audiences": audiences}


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


def _body(request: KubeRequest) -> Obj:
    """The body, checked against the type that the path takes."""
    return _typed(request, request.parsed() or {})


def _typed(request: KubeRequest, obj: Any) -> Obj:
    if not isinstance(obj, dict):
        raise bad_request("the request body holds no object")
    resource = request.target.resource
    group, version, kind = SUBRESOURCE_KINDS.get(
        request.target.subresource, (resource.group, resource.version, resource.kind)
    )
    given = {**obj, "apiVersion": f"{group}/{version}", "kind": kind}
    return checked(given, "Ignore")[0]
