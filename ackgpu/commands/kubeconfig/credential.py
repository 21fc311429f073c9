"""``kubeconfig credential``: a temporary certificate for a client of Kubernetes, kept and renewed.

Answers from the cache were given before this module is loaded (:mod:`ackgpu.credential_cache`).
Of several callers at a time one fetches; the others wait for it and share what came of it, its
failure too. A certificate is renewed before its end, and one that still holds is given for as long
as it does if the cloud does not answer.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from filelock import FileLock

from ackgpu import credential_cache as cache
from ackgpu import errors, flag
from ackgpu.cloud.api import ClientCertificate
from ackgpu.commands.cluster.lookup import cluster_named
from ackgpu.commands.cluster.reach import TEMPORARY_MINUTES, kubeconfig_of
from ackgpu.errors import AckGpuError, CredentialsError, Transient, UsageError
from ackgpu.private_file import MODE
from ackgpu.render.results import PlainText, Result
from ackgpu.session import Session
from ackgpu.state_dir import VARIABLE

TAKEN_MINUTES = (15, 4320)
"""How long a temporary kubeconfig may hold (CS API reference, TemporaryDurationMinutes)."""
RENEWED_BEFORE = timedelta(minutes=5)
RENEWED_SHARE = 5
"""Renewed that long before the end, but at most a fifth of the certificate's life before it."""


@dataclass(frozen=True, kw_only=True)
class CredentialOptions:
    """The options of ``kubeconfig credential``."""

    name: str
    minutes: int | None = None


def execute(options: CredentialOptions, session: Session) -> Result:
    """Print the credential."""
    name, minutes = options.name, options.minutes
    check_minutes(minutes)
    version = _version(session)
    path = Path(cache.path_of(_given(session, name, minutes), session.given_env))
    began = session.clock.wall()
    with _alone(session, path):
        # Again, behind the lock: another caller may have fetched one while this one waited.
        status = cache.fresh(str(path))
        if status is None:
            # A hundred kubectl at once would otherwise meet the same refusal one after the other.
            _raise_shared(path, since=began)
            status = _fetched(session, name, minutes or TEMPORARY_MINUTES, path)
    part = PlainText(text=cache.text_of(status, version), with_secrets=True)
    return Result(command="kubeconfig credential", part=part)


def check_minutes(minutes: int | None) -> None:
    """Raise UsageError for a life that ACK gives no certificate."""
    least, most = TAKEN_MINUTES
    if minutes is not None and not least <= minutes <= most:
        raise UsageError(f"{flag.TEMPORARY_MINUTES} {minutes}: ACK takes {least} to {most}.")


def plugin_of(session: Session, name: str, minutes: int | None) -> dict[str, Any]:
    """The ``exec`` of a kubeconfig that asks this installation for the cluster's credential.

    It carries the flags that lead to the cloud, and the state directory if the environment names
    one; keys and endpoints come from the environment of whoever runs the client.
    """
    program, *words = _program(session.given_env)
    line = session.settings.command(f"kubeconfig credential {name}", region=session.region).split()
    life = [flag.TEMPORARY_MINUTES, str(minutes)] if minutes else []
    kept = session.given_env.get(VARIABLE)
    # Without an empty or null env: the Python client takes it for a list and fails.
    state = {"env": [{"name": VARIABLE, "value": str(session.settings.state_dir)}]} if kept else {}
    return {
        "apiVersion": cache.VERSIONS[0],
        "command": program,
        "args": [*words, *line[1:], *life],
        **state,
        "interactiveMode": "Never",
        "provideClusterInfo": False,
        "installHint": "ackgpu gives the credentials of this cluster: install it, or write the"
        f" context again with `ackgpu kubeconfig write {name} {flag.EXEC}`.",
    }


def _program(env: Mapping[str, str]) -> list[str]:
    """How this installation is run, from wherever: by the name on the PATH that leads to it."""
    own = Path(sys.executable).with_name("ackgpu")
    named = shutil.which("ackgpu", path=env.get("PATH"))
    if named and own.exists() and os.path.realpath(named) == os.path.realpath(own):
        return [str(Path(named).absolute())]
    return [str(own)] if own.exists() else [sys.executable, "-m", "ackgpu"]


def _given(session: Session, name: str, minutes: int | None) -> dict[str, str]:
    """The flags, as the cache reads them from the line that ``kubeconfig write`` wrote."""
    flags = session.settings.given
    given = {
        "name": name,
        "region": flags.region or "",
        "profile": flags.profile or "",
        "emulator": "1" if flags.emulator else "",
        "minutes": str(minutes or ""),
    }
    return {key: value for key, value in given.items() if value}


def _version(session: Session) -> str:
    try:
        return cache.asked_version(session.given_env)
    except ValueError as error:
        raise UsageError(
            f"The credential cannot be given in the form that the client wants: {error}.",
            resolution=f"Use one that speaks {' or '.join(cache.VERSIONS)}: kubectl 1.20 or newer.",
        ) from None


def _fetched(session: Session, name: str, minutes: int, path: Path) -> dict[str, Any]:
    """A new certificate, kept at ``path``; the old one if it holds and the cloud is not there."""
    kept = cache.read(str(path))
    try:
        cloud = session.cloud()
        cluster = cluster_named(cloud, name)
        private = not cluster.public_endpoint
        text = kubeconfig_of(cloud, cluster, private=private, minutes=minutes)
        got = session.kubeconfig().certificate_in(text)
        status = _status(got, session.clock.wall())
    except AckGpuError as error:
        if isinstance(error, Transient) and kept is not None and cache.now() < kept["end"]:
            session.display.warn(f"The certificate of {name} is not renewed yet: {error.message}")
            # Not kept so: the next command tries again to renew it.
            return {**kept, "renewAt": kept["end"]}
        session.complete(error)
        _write(path.with_suffix(".failed"), _failure(error, session.clock.wall()))
        raise
    _remove_ended(name, path.parent)
    problem = _write(path, status)
    if problem:
        session.display.warn(f"The certificate of {name} is not kept: {problem}.")
    return status


def _remove_ended(name: str, directory: Path) -> None:
    """Remove certificates that have ended, as those of a key that is not used any more."""
    for path in directory.glob(f"{name}.*.json"):
        kept = cache.read(str(path))
        if kept is not None and kept["end"] < cache.now():
            with suppress(OSError):
                path.unlink()


def _status(got: ClientCertificate, now: datetime) -> dict[str, Any]:
    if got.end <= now:
        raise CredentialsError(
            f"ACK gave a certificate that ended at {got.end:%Y-%m-%d %H:%M:%S} UTC, and by this"
            f" machine's clock it is {now:%Y-%m-%d %H:%M:%S} UTC.",
            resolution="Set this machine's clock; `ackgpu doctor` compares it with the cloud's.",
        )
    renew = got.end - min(RENEWED_BEFORE, (got.end - now) / RENEWED_SHARE)
    told = {"certificate": got.certificate, "key": got.key}
    return told | {"renewAt": _written(renew), "end": _written(got.end)}


def _written(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%SZ}"


@contextmanager
def _alone(session: Session, path: Path) -> Iterator[None]:
    """Fetch for all callers at a time; if no lock can be kept there, each fetches for itself."""
    lock = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = FileLock(path.with_suffix(".lock"), mode=MODE)
        lock.acquire()
    except OSError as error:
        lock = None
        session.display.warn(f"{path.parent} cannot be used: {error.strerror or error}.")
    try:
        yield
    finally:
        if lock is not None:
            lock.release()


def _failure(error: AckGpuError, now: datetime) -> dict[str, Any]:
    return {
        "at": now.isoformat(),
        "class": type(error).__name__,
        "message": error.message,
        "resolution": error.resolution,
        "details": error.details,
    }


def _raise_shared(path: Path, *, since: datetime) -> None:
    """Raise the failure of a caller whose attempt this one has waited for."""
    try:
        failure = json.loads(path.with_suffix(".failed").read_text(encoding="utf-8"))
        late = datetime.fromisoformat(failure["at"]) >= since
    except (OSError, ValueError, KeyError, TypeError):
        return
    kind = getattr(errors, str(failure.get("class")), None)
    if late and isinstance(kind, type) and issubclass(kind, AckGpuError):
        raise kind(failure["message"], resolution=failure["resolution"], details=failure["details"])


def _write(path: Path, content: Mapping[str, Any]) -> str:
    """Put a file in place at once, only for the user; why not, empty if it worked."""
    try:
        handle, name = tempfile.mkstemp(prefix=".", suffix=".new", dir=path.parent)  # mode 0600
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(content, file)
            Path(name).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as error:
        return error.strerror or str(error)
    return ""
