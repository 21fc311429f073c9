"""Tokens of service accounts: JSON Web Tokens (RFC 7519) with the claims that Kubernetes documents.

Source of the claims: Kubernetes documentation, "Managing Service Accounts". They are signed by the
emulator's authority; a token is looked up among those issued, so that it ends with its account.
"""

from __future__ import annotations

import base64
import json
import uuid
from typing import Any

from ackgpu.emulator.kube.access import ISSUER, token_id
from ackgpu.emulator.kube.objects import Obj
from ackgpu.emulator.kube.reads import require
from ackgpu.emulator.kube.request import KubeRequest
from ackgpu.emulator.kube.resources import SUBRESOURCE_KINDS
from ackgpu.emulator.kube.state import KIND, ClusterState, doc_id
from ackgpu.emulator.kube.status import bad_request, invalid, not_found
from ackgpu.emulator.kube.type_check import checked
from ackgpu.emulator.store import Doc

TOKEN_LASTS, SHORTEST_TOKEN, MAX_TOKEN = 3600, 600, 2**32  # seconds


def issue_token(state: ClusterState, request: KubeRequest) -> Obj:
    """A token of a service account, good for the time and the audiences requested."""
    account = require(state, request)
    spec = typed_body(request).get("spec") or {}
    seconds = _duration(spec)
    namespace, name = request.target.key
    audiences = spec.get("audiences") or [ISSUER]
    claims, bound = _bound_to(state, namespace, spec.get("boundObjectRef"))
    now = int(state.timeline.instant(state.now).timestamp())
    jti = str(uuid.UUID(int=state.rng.getrandbits(128), version=4))
    told = {"namespace": namespace, **claims, "serviceaccount": {"name": name, "uid": account.uid}}
    token = _signed(state, {
        "aud": audiences, "exp": now + seconds, "iat": now, "iss": ISSUER, "jti": jti,
        "kubernetes.io": told, "nbf": now, "sub": f"system:serviceaccount:{namespace}:{name}",
    })  # fmt: skip
    bound = bound or _written(state, "serviceaccounts", account.key)
    body = {"namespace": namespace, "account": name, "audiences": audiences, "jti": jti,
            "uid": account.uid, "bound": bound}  # fmt: skip
    state.session.put(
        Doc(KIND, token_id(token), "", state.id, "tokens", state.now, state.now + seconds, body)
    )
    return {
        "kind": "TokenRequest",
        "apiVersion": "authentication.k8s.io/v1",
        "metadata": {
            "name": name, "namespace": namespace, "creationTimestamp": state.stamp(state.now),
        },
        "spec": {
            "boundObjectRef": None, **spec, "audiences": audiences, "expirationSeconds": seconds,
        },
        "status": {"token": token, "expirationTimestamp": state.stamp(state.now + seconds)},
    }  # fmt: skip


def _duration(spec: Obj) -> int:
    seconds = int(spec.get("expirationSeconds") or TOKEN_LASTS)
    if not SHORTEST_TOKEN <= seconds <= MAX_TOKEN:
        short = seconds < SHORTEST_TOKEN
        text = "less than 10 minutes" if short else "larger than 2^32 seconds"
        why = f"Invalid value: {seconds}: may not specify a duration {text}"
        group, _, kind = SUBRESOURCE_KINDS["token"]
        raise invalid(kind, group, "", [("spec.expirationSeconds", why)])
    return seconds


def _bound_to(state: ClusterState, namespace: str, reference: Obj | None) -> tuple[Obj, str]:
    """The claim of the Pod or Secret that a token ends with, and its document."""
    if not reference:
        return {}, ""
    kind, name = str(reference.get("kind")), str(reference.get("name"))
    plural = {"Pod": "pods", "Secret": "secrets"}.get(kind)
    if plural is None:
        raise bad_request(f"cannot bind token to object of type {kind}")
    entry = state.entry(plural, (namespace, name))
    if entry is None:
        raise not_found(plural, "", name)
    return {kind.lower(): {"name": name, "uid": entry.uid}}, _written(state, plural, entry.key)


def _written(state: ClusterState, plural: str, key: tuple[str, str]) -> str:
    """The document of what clients made; what the cluster itself brings has none."""
    doc = state.documents(plural).get(key)
    return doc_id(state.id, plural, key) if doc and "object" in doc.body else ""


def audiences_of(state: ClusterState, token: str) -> list[str]:
    """Whom an issued token is for."""
    doc = state.session.get(KIND, token_id(token))
    return list(doc.body["audiences"]) if doc else []


def _signed(state: ClusterState, claims: Obj) -> str:
    from ackgpu.emulator.certificates import token_signature

    parts = ({"alg": "ES256", "kid": token_id(state.id)[6:49]}, claims)
    text = ".".join(_encoded(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
    return f"{text}.{_encoded(token_signature(state.session, text.encode()))}"


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def typed_body(request: KubeRequest) -> Obj:
    """The body, checked against the type that the path takes."""
    return typed(request, request.parsed() or {})


def typed(request: KubeRequest, obj: Any) -> Obj:
    """An object, checked against the type that the path takes."""
    if not isinstance(obj, dict):
        raise bad_request("the request body holds no object")
    resource = request.target.resource
    group, version, kind = SUBRESOURCE_KINDS.get(
        request.target.subresource, (resource.group, resource.version, resource.kind)
    )
    given = {**obj, "apiVersion": f"{group}/{version}", "kind": kind}
    return checked(given, "Ignore")[0]
