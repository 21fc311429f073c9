"""What ``doctor`` looks at on this machine. Nothing is written, and nothing is asked of the cloud.

Proxy variables: the SDKs read HTTP_PROXY and HTTPS_PROXY alone; ackgpu's transport adds NO_PROXY.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator, Mapping
from importlib import metadata, resources
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ackgpu.clock import SystemClock
from ackgpu.commands.doctor.diagnosis import Diagnosis, doubtful, ill, unused, well
from ackgpu.engine.event_log import EVENTS
from ackgpu.engine.journal import Journal
from ackgpu.errors import AckGpuError, LocalError
from ackgpu.session import Session

MIN_FREE_BYTES = 100 * 2**20
KUBECTL_SECONDS = 5.0
_PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")
_IGNORED_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def on_this_machine(session: Session, env: Mapping[str, str]) -> Iterator[Diagnosis]:
    """Everything, in the order in which it is shown."""
    yield well("python", f"{platform.python_version()} on {platform.system()}")
    yield packages()
    yield state_directory(session.settings.state_dir)
    yield journals(session.settings.state_dir)
    yield kubeconfig(session)
    yield kubectl(env)
    yield proxies(env)


def packages() -> Diagnosis:
    """Whether what ackgpu stands on has the versions that it works with."""
    name = "packages"
    text = resources.files("ackgpu.commands").joinpath("data", "packages.toml").read_text("utf-8")
    wanted = tomllib.loads(text)
    for named, bounds in wanted.items():
        package = named.partition("[")[0]  # its extras are not part of the name
        try:
            installed = metadata.version(package)
        except metadata.PackageNotFoundError:
            return _unusable(name, f"{package} is not installed.")
        if _release(installed) < _release(bounds["least"]):
            return _unusable(name, f"{package} {installed} is older than {bounds['least']}.")
        if "below" in bounds and _release(installed) >= _release(bounds["below"]):
            message = f"{package} {installed} is not below {bounds['below']}: {bounds['why']}"
            return doubtful(name, message, f"pip install '{package}<{bounds['below']}'")
    return well(name, f"{len(wanted)} that ackgpu stands on, in versions that it works with")


def state_directory(path: Path) -> Diagnosis:
    """Whether journals can be written: without one nothing is asked of the cloud."""
    name = "state directory"
    nearest = next(part for part in (path, *path.parents) if part.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        error = LocalError(
            f"{path} cannot be written: {nearest} is not a directory that can be.",
            resolution="Point ACKGPU_STATE_DIR at a directory that can be written.",
        )
        return ill(name, error)
    free = shutil.disk_usage(nearest).free
    if free < MIN_FREE_BYTES:
        message = f"{nearest} has {free // 2**20} MiB left"
        return doubtful(name, message, "Free some space, or point ACKGPU_STATE_DIR elsewhere.")
    return well(name, str(path))


def journals(state: Path) -> Diagnosis:
    """Runs that did not end; one that is going on at this moment looks the same."""
    name = "journals"
    unfinished: list[str] = []
    try:
        for path in sorted(state.glob("clusters/*/*/*/*.jsonl")):
            if path.name == EVENTS:
                continue
            journal = Journal(path, SystemClock())
            if not journal.finished:
                region, cluster = path.parts[-3:-1]
                unfinished.append(f"{journal.verb} {cluster} in {region}")
    except LocalError as error:
        return ill(name, error)
    except OSError as error:
        return ill(name, LocalError(f"{error.filename} cannot be read: {error.strerror}."))
    if not unfinished:
        return well(name, "no run is unfinished")
    return doubtful(
        name,
        f"not ended, or still going on: {', '.join(unfinished)}",
        "The same command goes on; ackgpu delete NAME removes what was made.",
    )


def kubeconfig(session: Session) -> Diagnosis:
    """Whether contexts can be read and written, and whether somebody holds kubectl's lock."""
    name = "kubeconfig"
    file = session.kubeconfig()
    try:
        file.check_writable()
    except AckGpuError as error:
        return ill(name, error)
    path = Path(file.path)
    lock = path.with_name(f"{path.name}.lock")
    if lock.exists():
        remedy = f"Wait for who holds it; where nothing runs, remove {lock}: kubectl fails with it."
        return doubtful(name, f"{path} is locked: {lock} exists", remedy)
    if path.exists() and path.stat().st_mode & 0o077:
        return doubtful(name, f"{path} can be read by other users", f"chmod 600 {path}")
    return well(name, str(path) if path.exists() else f"{path}, not there yet")


def kubectl(env: Mapping[str, str]) -> Diagnosis:
    """Which kubectl there is; ackgpu itself needs none."""
    name = "kubectl"
    found = shutil.which("kubectl", path=env.get("PATH"))
    if found is None:
        return unused(name, "not found; ackgpu needs none")
    try:
        ended = subprocess.run(  # noqa: S603 -- the user's own kubectl, found on their PATH
            [found, "version", "--client", "-o", "json"],
            capture_output=True,
            timeout=KUBECTL_SECONDS,
            check=True,
            env={**env},
        )
        version = json.loads(ended.stdout)["clientVersion"]["gitVersion"]
    except (OSError, subprocess.SubprocessError, ValueError, LookupError, TypeError):
        return doubtful(name, f"{found} does not tell its version", "Install it anew.")
    return well(name, f"{version} ({found})")


def proxies(env: Mapping[str, str]) -> Diagnosis:
    """The variables that lead calls through a proxy, and those that the SDKs ignore."""
    name = "proxies"
    used = next((key for key in _PROXIES if env.get(key)), "")
    bundle = next((key for key in _IGNORED_BUNDLES if env.get(key)), "")
    if bundle and not env.get("SSL_CERT_FILE"):
        return doubtful(name, f"{bundle} is set and the SDKs ignore it", "Set SSL_CERT_FILE.")
    alone = (env.get("ALL_PROXY") or env.get("all_proxy")) and not used
    if alone:
        return doubtful(name, "ALL_PROXY is set and the SDKs ignore it", "Set HTTPS_PROXY.")
    if not used:
        return well(name, "none is set")
    around = env.get("NO_PROXY") or env.get("no_proxy")
    return well(
        name, f"{used} leads to {_host(env[used])}{f', but for {around}' if around else ''}"
    )


def _unusable(name: str, why: str) -> Diagnosis:
    return ill(
        name, LocalError(why, resolution="Install ackgpu anew: pip install --upgrade ackgpu")
    )


def _release(version: str) -> tuple[int, ...]:
    leading: Any = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in leading.group().split(".")) if leading else ()


def _host(url: str) -> str:
    """Where a proxy is, without the user and password that its URL may hold."""
    parts = urlsplit(url if "://" in url else f"//{url}")
    try:
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        port = ""
    return f"{parts.hostname or 'nowhere'}{port}"
