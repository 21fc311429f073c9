"""Who asks, and of which cluster: by client certificate or by bearer token.

All clusters share one port. A client certificate's organisation ``ack:cluster:<id>`` says which
cluster it opens: DescribeClusterUserKubeconfig issues it so, and the signer of a
CertificateSigningRequest, which adds an organisational unit. A service account's token is looked up
among those issued. ACK's certificates stand for cluster-admin, as the kubeconfig of a cluster's
owner does; a service account and a requested certificate may do what role bindings say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from ackgpu.emulator.kube.state import KIND
from ackgpu.emulator.kube.status import unauthorized
from ackgpu.emulator.store import Doc, Transaction

CLUSTER_PREFIX = "ack:cluster:"
ISSUER = "https://kubernetes.default.svc"
"""Who issues the tokens of service accounts, and whom they are for where nothing is said."""


@dataclass(frozen=True)
class KubeUser:
    """A user of one cluster. ``credential``: the id of what they showed to be let in.

    ``uid``: a service account's.
    """

    user: str
    groups: tuple[str, ...]
    admin: bool
    credential: str = ""
    uid: str = ""


def credentials(http: web.Request) -> tuple[dict[str, Any] | None, str]:
    """The client's certificate with its SHA-256, and its ``Authorization``."""
    found = http.transport.get_extra_info("peercert") if http.transport else None
    tls = http.transport.get_extra_info("ssl_object") if http.transport else None
    if found and tls is not None:
        digest = hashlib.sha256(tls.getpeercert(binary_form=True)).hexdigest()
        found = {**found, "sha256": digest}
    return found, http.headers.get("Authorization", "")


def identify(
    session: Transaction, now: float, certificate: Mapping[str, Any] | None, authorization: str
) -> tuple[Doc, KubeUser]:
    """The cluster that the caller may speak to, and who they are there; else 401."""
    if authorization.lower().startswith("bearer "):
        return by_token(session, now, authorization.split(None, 1)[1])
    if certificate:
        return _by_certificate(session, now, certificate)
    raise unauthorized()


def _by_certificate(
    session: Transaction, now: float, certificate: Mapping[str, Any]
) -> tuple[Doc, KubeUser]:
    subject = [pair for group in certificate.get("subject", ()) for pair in group]
    organizations = tuple(value for key, value in subject if key == "organizationName")
    common_name = next((value for key, value in subject if key == "commonName"), "")
    cluster_id = next(
        (name.removeprefix(CLUSTER_PREFIX) for name in organizations if CLUSTER_PREFIX in name), ""
    )
    cluster = _cluster(session, now, cluster_id)
    if _is_revoked(cluster, common_name):
        raise unauthorized()
    groups = tuple(name for name in organizations if not name.startswith(CLUSTER_PREFIX))
    requested = any(key == "organizationalUnitName" for key, _ in subject)
    named, shown = (*groups, "system:authenticated"), f"X509SHA256={certificate.get('sha256', '')}"
    return cluster, KubeUser(common_name, named, admin=not requested, credential=shown)


def _is_revoked(cluster: Doc, common_name: str) -> bool:
    """Whether the certificates were revoked since: their names end with their generation."""
    generation = common_name.rpartition("-")[2]
    if not generation.isdecimal():
        return False
    return int(generation) < int(cluster.body.get("certificate_generation", 0))


def account_groups(namespace: str) -> list[str]:
    """The groups of every service account of a namespace."""
    return ["system:serviceaccounts", f"system:serviceaccounts:{namespace}"]


def by_token(
    session: Transaction, now: float, token: str, audiences: Collection[str] = (ISSUER,)
) -> tuple[Doc, KubeUser]:
    """The cluster and the service account of a token that is for one of ``audiences``; else 401."""
    doc = session.get(KIND, token_id(token))
    if doc is None or not doc.alive(now) or not set(audiences) & set(doc.body["audiences"]):
        raise unauthorized()
    bound = session.get(KIND, doc.body["bound"]) if doc.body["bound"] else doc
    if bound is None or not bound.alive(now):
        raise unauthorized()
    namespace, name = doc.body["namespace"], doc.body["account"]
    groups = (*account_groups(namespace), "system:authenticated")
    user = f"system:serviceaccount:{namespace}:{name}"
    return _cluster(session, now, doc.scope), KubeUser(
        user, groups, admin=False, credential=f"JTI={doc.body['jti']}", uid=doc.body["uid"]
    )


def _cluster(session: Transaction, now: float, cluster_id: str) -> Doc:
    cluster = session.get("cluster", cluster_id) if cluster_id else None
    if cluster is None or not cluster.alive(now):
        raise unauthorized()
    return cluster


def token_id(token: str) -> str:
    """The id of the document that keeps an issued token; the token itself is not kept."""
    return f"token/{hashlib.sha256(token.encode()).hexdigest()}"
