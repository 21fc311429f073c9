"""Temporary certificates kept for clients of Kubernetes, and the answer to one that asks again.

kubectl runs ``ackgpu kubeconfig credential NAME`` for each of its commands. It is answered from a
file that the user alone may read, before typer is loaded; what is not answered here is left to the
command itself (:mod:`ackgpu.commands.kubeconfig.credential`), which fetches a certificate and keeps
it here.

A file holds one certificate of one cluster, for one way to the cloud: its name ends with a digest
of all that decides who signs and where (flags, variables, the files of credentials).

Protocol: client-go credential plugins, ``client.authentication.k8s.io`` v1 and v1beta1.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time

from ackgpu import flag
from ackgpu.state_dir import state_dir

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing costs as much as Python's own start
    from collections.abc import Mapping, Sequence
    from typing import Any

GROUP = "client.authentication.k8s.io"
VERSIONS = (f"{GROUP}/v1beta1", f"{GROUP}/v1")
"""What is spoken, the default first: kubectl 1.20 to 1.37 accept v1beta1."""
ASKED = "KUBERNETES_EXEC_INFO"
_DIRECTORY = "credentials"
_DECIDING = ("ACKGPU_", "ALIBABA_CLOUD_", "ALICLOUD_", "ALIYUN_")
_FILES = (".aliyun/config.json", ".alibabacloud/credentials")
_FLAGS = {
    flag.REGION: "region",
    "-r": "region",
    flag.PROFILE: "profile",
    "-p": "profile",
    flag.TEMPORARY_MINUTES: "minutes",
}


def answer(words: Sequence[str], env: Mapping[str, str]) -> bool:
    """Answer ``kubeconfig credential WORDS`` from the cache; False if that cannot be done here.

    Whatever is out of the ordinary, a word that is not known or a file that cannot be read, is left
    to the command, which says what is wrong.
    """
    given = _parsed(words)
    if given is None:
        return False
    try:
        version = asked_version(env)
        status = fresh(path_of(given, env))
        if status is None:
            return False
        sys.stdout.write(text_of(status, version))
        sys.stdout.flush()
    except (ValueError, OSError):
        return False
    return True


def asked_version(env: Mapping[str, str]) -> str:
    """The version of the protocol that the client asks for; v1beta1 if it does not say.

    Raises ValueError for one that is not spoken, and for what is no ExecCredential.
    """
    asked = env.get(ASKED)
    if not asked:
        return VERSIONS[0]
    info = json.loads(asked)
    version = info.get("apiVersion") if isinstance(info, dict) else None
    if version not in VERSIONS:
        raise ValueError(f"{ASKED} asks for {version}")
    return str(version)


def text_of(status: Mapping[str, Any], version: str) -> str:
    """The ExecCredential that a client reads."""
    told = {
        "expirationTimestamp": status["renewAt"],
        "clientCertificateData": status["certificate"],
        "clientKeyData": status["key"],
    }
    answered = {"apiVersion": version, "kind": "ExecCredential", "status": told}
    return json.dumps(answered) + "\n"


def fresh(path: str) -> dict[str, Any] | None:
    """What is kept at ``path``, unless it is due to be renewed."""
    status = read(path)
    return status if status is not None and now() < status["renewAt"] else None


def read(path: str) -> dict[str, Any] | None:
    """What is kept at ``path``; None unless it is whole and the user's own secret.

    Members: ``certificate`` and ``key`` (PEM), ``renewAt`` and ``end`` (as :func:`now`).
    """
    try:
        # No link and no FIFO: another user might have put one into a shared state directory.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        about = os.fstat(descriptor)
        # What others could read, or have written, is not handed to kubectl.
        if about.st_uid != os.getuid() or about.st_mode & 0o077:
            return None
        try:
            status = json.loads(file.read(1 << 17))
        except (ValueError, OSError):
            return None
    members = ("certificate", "key", "renewAt", "end")
    whole = isinstance(status, dict) and all(isinstance(status.get(m), str) for m in members)
    return status if whole else None


def now() -> str:
    """The instant it is, UTC, as RFC 3339 writes it: such texts compare as the instants do."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def path_of(given: Mapping[str, str], env: Mapping[str, str]) -> str:
    """Where the certificate is kept of the cluster, and the way to the cloud, that ``given`` says.

    ``given``: ``name``, and ``region``, ``profile``, ``minutes``, ``emulator`` where they are given
    by a flag. Raises ValueError or OSError if there is no state directory.
    """
    deciding = sorted((k, v) for k, v in env.items() if k.startswith(_DECIDING))
    seen = [sorted(given.items()), deciding, _stamps(env)]
    digest = hashlib.blake2b(json.dumps(seen).encode(), digest_size=12).hexdigest()
    return os.path.join(directory_of(env), f"{given['name']}.{digest}.json")


def directory_of(env: Mapping[str, str]) -> str:
    """The directory of all of them; raises as :func:`path_of`."""
    return os.path.join(state_dir(env), _DIRECTORY)


def forget(name: str, env: Mapping[str, str]) -> None:
    """Remove whatever is kept of the clusters of that name."""
    try:
        directory = directory_of(env)
        kept = [entry for entry in os.listdir(directory) if _is_of(name, entry)]
    except (ValueError, OSError):
        return
    for entry in kept:
        try:
            os.unlink(os.path.join(directory, entry))
        except OSError:
            continue  # gone already, or not ours to remove


def _is_of(name: str, entry: str) -> bool:
    """Names of clusters may have dots in them; a digest has none."""
    return entry.endswith(".json") and entry.rsplit(".", 2)[0] == name


def _stamps(env: Mapping[str, str]) -> list[list[int]]:
    """When the files that may name another user's key were written, and their sizes."""
    home = env.get("HOME") or os.path.expanduser("~")
    named = env.get("ALIBABA_CLOUD_CREDENTIALS_FILE")
    stamps: list[list[int]] = []
    for path in (*(os.path.join(home, file) for file in _FILES), *([named] if named else [])):
        try:
            about = os.stat(path)
        except OSError:
            # A file that is missing counts too: the day it appears another key signs.
            stamps.append([])
        else:
            stamps.append([about.st_mtime_ns, about.st_size])
    return stamps


def _parsed(words: Sequence[str]) -> dict[str, str] | None:
    """The words as :func:`path_of` wants them; None for any that no kubeconfig has."""
    given: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        if word == flag.EMULATOR:
            given["emulator"] = "1"
        elif word in _FLAGS:
            value = next(rest, "")
            if not value or value.startswith("-") or _FLAGS[word] in given:
                return None
            given[_FLAGS[word]] = value
        elif word.startswith("-") or "/" in word or "name" in given:
            return None
        else:
            given["name"] = word
    return given if given.get("name") else None
