"""Credentials that a kubeconfig has a program give (client-go credential plugins).

lightkube runs such programs for v1beta1 tokens alone; here v1 and v1beta1 are run for tokens and
for client certificates, and the answer is put into the kubeconfig in their place.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Mapping, MutableMapping
from typing import Any

from ackgpu.errors import CredentialsError

_GROUP = "client.authentication.k8s.io"
_VERSIONS = frozenset({f"{_GROUP}/v1", f"{_GROUP}/v1beta1"})
_TIMEOUT = 60.0


def resolve(user: MutableMapping[str, Any], cluster: Mapping[str, Any]) -> None:
    """Replace the user's ``exec`` by what its program answers; without one, nothing.

    Raises CredentialsError where the program is missing, fails or answers something else.
    """
    plugin = user.get("exec")
    if not isinstance(plugin, Mapping):
        return
    version = str(plugin.get("apiVersion"))
    if version not in _VERSIONS:
        raise CredentialsError(
            f"The kubeconfig's credential plugin speaks {version}, which ackgpu does not.",
            resolution=f"Have it speak {_GROUP}/v1.",
        )
    status = _status(_run(plugin, cluster, version), str(plugin.get("command")))
    del user["exec"]
    if status.get("token"):
        user["token"] = status["token"]
    if status.get("clientCertificateData") and status.get("clientKeyData"):
        user["client-certificate-data"] = _encoded(status["clientCertificateData"])
        user["client-key-data"] = _encoded(status["clientKeyData"])


def _run(plugin: Mapping[str, Any], cluster: Mapping[str, Any], version: str) -> str:
    command = [str(plugin.get("command") or ""), *map(str, plugin.get("args") or [])]
    added = {str(row["name"]): str(row.get("value", "")) for row in plugin.get("env") or []}
    info = json.dumps(_info(plugin, cluster, version))
    failed = f"The kubeconfig's credential plugin {command[0]} failed"
    try:
        done = subprocess.run(  # noqa: S603 -- the user's kubeconfig names it, as for kubectl
            command,
            env={**os.environ, **added, "KUBERNETES_EXEC_INFO": info},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT,
            check=False,
            text=True,
        )
    except FileNotFoundError:
        hint = str(plugin.get("installHint") or f"Install {command[0]}, or put it on the PATH.")
        raise CredentialsError(f"{failed}: it is not installed.", resolution=hint) from None
    except subprocess.TimeoutExpired:
        raise CredentialsError(
            f"{failed}: it did not answer within {_TIMEOUT:.0f} s.",
            resolution="Run it by hand; it may want to ask something.",
        ) from None
    except OSError as error:
        raise CredentialsError(f"{failed}: {error.strerror}.") from None
    if done.returncode:
        raise CredentialsError(
            f"{failed}: it exited with {done.returncode}.",
            resolution="Run it by hand to see why.",
            details=done.stderr.strip().splitlines()[-3:],
        )
    return done.stdout


def _info(plugin: Mapping[str, Any], cluster: Mapping[str, Any], version: str) -> dict[str, Any]:
    spec: dict[str, Any] = {"interactive": False}
    if plugin.get("provideClusterInfo"):
        keys = ("server", "certificate-authority-data", "tls-server-name")
        spec["cluster"] = {key: cluster[key] for key in keys if cluster.get(key)}
    return {"apiVersion": version, "kind": "ExecCredential", "spec": spec}


def _status(output: str, command: str) -> Mapping[str, Any]:
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
    found: Mapping[str, Any] = status
    return found


def _encoded(pem: str) -> str:
    return base64.b64encode(pem.encode()).decode()
