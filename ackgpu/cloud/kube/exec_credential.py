"""Credentials that a kubeconfig has a program give (client-go credential plugins).

v1 and v1beta1 are run, for tokens and for client certificates, and the answer is put into the
user's entry in their place.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, MutableMapping
from typing import Any

from ackgpu.cloud.kube.access import Access
from ackgpu.credential_program import Program
from ackgpu.errors import CredentialsError
from ackgpu.redaction import learn

_GROUP = "client.authentication.k8s.io"
_VERSIONS = frozenset({f"{_GROUP}/v1", f"{_GROUP}/v1beta1"})
_EXTENSION = f"{_GROUP}/exec"
"""The cluster's extension that is meant for the plugin (client authentication v1 reference)."""
_TOLD = (
    "server",
    "tls-server-name",
    "insecure-skip-tls-verify",
    "proxy-url",
    "disable-compression",
)


def resolve(user: MutableMapping[str, Any], access: Access) -> None:
    """Replace the user's ``exec`` by what its program answers; without one, nothing.

    A token that stands in the file itself wins, as with kubectl, and the program is not run then.
    Raises CredentialsError where the program is missing, fails or answers something else.
    """
    plugin = user.get("exec")
    if not isinstance(plugin, Mapping) or user.get("token") or user.get("tokenFile"):
        return
    version = str(plugin.get("apiVersion"))
    if version not in _VERSIONS:
        raise CredentialsError(
            f"The kubeconfig's credential plugin speaks {version}, which ackgpu does not.",
            resolution=f"Have it speak {_GROUP}/v1.",
        )
    status = _status(_run(plugin, access, version), str(plugin.get("command")), version)
    del user["exec"]
    if status.get("token"):
        user["token"] = status["token"]
    if status.get("clientCertificateData") and status.get("clientKeyData"):
        user["client-certificate-data"] = _encoded(status["clientCertificateData"])
        user["client-key-data"] = _encoded(status["clientKeyData"])


def _run(plugin: Mapping[str, Any], access: Access, version: str) -> str:
    command = [str(plugin.get("command") or ""), *map(str, plugin.get("args") or [])]
    added = {str(row["name"]): str(row.get("value", "")) for row in plugin.get("env") or []}
    # What a file gives its plugin is often a password.
    learn(*added.values())
    info = json.dumps(_info(plugin, access, version))
    return Program(
        f"The kubeconfig's credential plugin {command[0]}",
        command,
        {**added, "KUBERNETES_EXEC_INFO": info},
        str(plugin.get("installHint") or ""),
    ).output()


def _info(plugin: Mapping[str, Any], access: Access, version: str) -> dict[str, Any]:
    # Nothing may ask at a terminal that shows a run.
    spec: dict[str, Any] = {"interactive": False}
    if plugin.get("provideClusterInfo"):
        cluster = access.cluster
        told = {key: cluster[key] for key in _TOLD if cluster.get(key)}
        if access.authority:
            told["certificate-authority-data"] = _encoded(access.authority)
        for row in cluster.get("extensions") or []:
            if row.get("name") == _EXTENSION:
                told["config"] = row.get("extension")
        spec["cluster"] = told
    return {"apiVersion": version, "kind": "ExecCredential", "spec": spec}


def _status(output: str, command: str, version: str) -> Mapping[str, Any]:
    try:
        answer = json.loads(output)
        status = answer["status"]
        usable = status.get("token") or status.get("clientCertificateData")
    except (ValueError, KeyError, TypeError, AttributeError):
        usable = None
    if not usable:
        raise CredentialsError(
            f"The kubeconfig's credential plugin {command} did not answer an ExecCredential.",
            resolution="Run it by hand to see what it answers.",
        )
    answered = str(answer.get("apiVersion") or version)
    if answered != version:
        raise CredentialsError(
            f"The kubeconfig's credential plugin {command} was asked in {version} and answered in"
            f" {answered}.",
            resolution="Let the apiVersion of the kubeconfig's exec be the one that it speaks.",
        )
    learn(status.get("token"), status.get("clientKeyData"))
    found: Mapping[str, Any] = status
    return found


def _encoded(pem: str) -> str:
    return base64.b64encode(pem.encode()).decode()
