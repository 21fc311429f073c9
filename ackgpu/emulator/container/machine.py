"""A container as the commands run in it see it: files, environment, GPU, toolkit.

Nothing is ever executed. What a command prints, how it ends and how long it takes are worked out
by the modules of emulated commands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ackgpu.emulator.container.network import PodNetwork
from ackgpu.emulator.kube.nodes import NodeFacts
from ackgpu.emulator.kube.objects import Obj
from ackgpu.emulator.kube.state import ClusterState
from ackgpu.emulator.shared.gpus import Gpu
from ackgpu.emulator.shared.quantities import amount
from ackgpu.emulator.shared.tables import table

GPU_FAULTS = ("driver_mismatch", "driver_unloaded", "unlicensed", "sample_wrong_result")


@dataclass(frozen=True)
class CommandOutcome:
    """What a command printed, its exit code, and the seconds it took; None: it runs on."""

    out: bytes = b""
    err: bytes = b""
    code: int = 0
    seconds: float | None = 0.0


def printed(text: str, code: int = 0) -> CommandOutcome:
    """The outcome of a command that writes to stdout."""
    return CommandOutcome(out=text.encode(), code=code)


def failed(text: str, code: int = 1) -> CommandOutcome:
    """The outcome of a command that complains on stderr."""
    return CommandOutcome(err=text.encode(), code=code)


@dataclass
class File:
    """A file in a container. ``program`` is what a built program does when it is run."""

    content: bytes = b""
    program: str = ""

    @property
    def executable(self) -> bool:
        """Whether it can be run."""
        return bool(self.program)


@dataclass
class Machine:
    """One container. Commands change ``files``, ``directories``, ``cwd`` and ``env``."""

    hostname: str
    image: str
    now: datetime
    gpu: Gpu | None = None
    toolkit: str = ""
    faults: frozenset[str] = frozenset()
    env: dict[str, str] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)
    directories: set[str] = field(default_factory=set)
    cwd: str = "/"
    network: PodNetwork = field(default_factory=PodNetwork)

    def path(self, name: str) -> str:
        """An absolute, normal path."""
        parts: list[str] = []
        for part in (name if name.startswith("/") else f"{self.cwd}/{name}").split("/"):
            if part == "..":
                parts[-1:] = []
            elif part not in {"", "."}:
                parts.append(part)
        return "/" + "/".join(parts)

    def is_directory(self, path: str) -> bool:
        """Whether a directory lies at an absolute path."""
        if path == "/" or path in self.directories:
            return True
        prefix = f"{path}/"
        return any(known.startswith(prefix) for known in (*self.files, *self.directories))


@dataclass(frozen=True)
class Process:
    """What a container's main process does: its output, exit code and length (None: runs on)."""

    out: bytes
    code: int
    seconds: float | None


BASE_FILES = {
    "/etc/hostname": "{hostname}\n",
    "/etc/os-release": 'NAME="Ubuntu"\nID=ubuntu\nPRETTY_NAME="Ubuntu"\n',
    "/etc/hosts": "127.0.0.1\tlocalhost\n",
    "/proc/version": "Linux version 5.10.134-19.2.al8.x86_64\n",
}
BASE_DIRECTORIES = ("/bin", "/etc", "/home", "/opt", "/root", "/tmp", "/usr/local", "/var/log")  # noqa: S108


def machine_of(state: ClusterState, node: NodeFacts | None, pod: Obj, container: Obj) -> Machine:
    """The container as it is when it starts."""
    name = pod["metadata"]["name"]
    index = node.index if node else 0
    faults = frozenset(
        kind
        for kind in GPU_FAULTS
        if state.fault(kind, node=node.name if node else "", index=index, image=container["image"])
    )
    toolkit = toolkit_of(container["image"])
    machine = Machine(
        hostname=name,
        image=container["image"],
        now=state.timeline.instant(state.now),
        gpu=_visible(state, node, container),
        toolkit=toolkit,
        faults=faults,
        env=_environment(name, container),
        cwd=container.get("workingDir", "/"),
        directories=set(BASE_DIRECTORIES),
    )
    for path, text in BASE_FILES.items():
        machine.files[path] = File(text.format(hostname=name).encode())
    if toolkit:
        machine.directories.add(f"/usr/local/cuda-{toolkit}/bin")
        machine.directories.add("/usr/local/cuda/bin")
    return machine


def _visible(state: ClusterState, node: NodeFacts | None, container: Obj) -> Gpu | None:
    """The GPU that the NVIDIA runtime lets the container see.

    It follows ``NVIDIA_VISIBLE_DEVICES``, which the device plugin sets where a GPU is asked for,
    and which CUDA images set to ``all``.
    """
    if node is None or not node.has_gpu(state.now):
        return None
    limits: Mapping[str, Any] = (container.get("resources") or {}).get("limits") or {}
    devices = ("nvidia.com/gpu", "aliyun.com/gpu-mem")
    asked = any(amount(limits.get(name, 0)) > 0 for name in devices)
    return node.gpu if asked or "cuda" in container["image"] else None


def toolkit_of(image: str) -> str:
    """The CUDA toolkit in an image by its name (``…cuda:9.0-cudnn7-devel…``); empty for none."""
    match = re.search(r"cuda[:/_-]v?(\d+\.\d+)", image)
    if not match or "devel" not in image:
        return ""
    return match[1]


def toolkit_row(version: str) -> dict[str, str]:
    """What ``nvcc`` of that toolkit, or of the nearest known one, prints."""
    rows: dict[str, dict[str, str]] = table("kube/gpus")["toolkits"]
    number = float(version)
    nearest = min(rows, key=lambda known: abs(float(known) - number))
    return rows[nearest]


def _environment(name: str, container: Obj) -> dict[str, str]:
    env = {
        "PATH": "/usr/local/cuda/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOSTNAME": name,
        "HOME": "/root",
        "KUBERNETES_SERVICE_HOST": "kubernetes.default.svc",
        "KUBERNETES_SERVICE_PORT": "443",
    }
    env.update((row["name"], row.get("value", "")) for row in container.get("env") or [])
    return env


def process_of(state: ClusterState, node: NodeFacts | None, pod: Obj, container: Obj) -> Process:
    """What the container's own command does."""
    from ackgpu.emulator.container.shell import NoSuchProgram, run

    command = [*(container.get("command") or []), *(container.get("args") or [])]
    if not command:
        return _default_process(container["image"])
    try:
        outcome = run(machine_of(state, node, pod, container), command, b"")
    except NoSuchProgram as missing:
        text = f'exec: "{missing}": executable file not found in $PATH\n'
        return Process(text.encode(), 128, 0.0)
    return Process(outcome.out + outcome.err, outcome.code, outcome.seconds)


SHELL_IMAGES = ("ubuntu", "debian", "alpine", "busybox", "centos", "cuda", "alinux")


def _default_process(image: str) -> Process:
    """An image's own command: a shell ends at once without a terminal, a server runs on."""
    name = image.rsplit("/", 1)[-1]
    if name.startswith(SHELL_IMAGES):
        return Process(b"", 0, 0.0)
    return Process(b"", 0, None)


UNREAD = b"\x00the input has not been read yet\x00"
"""Stands for input; recognised by identity alone."""


class NeedsInput(Exception):
    """The command reads its input."""


def consumed(stdin: bytes) -> bytes:
    """The input, for a command that reads it; raises NeedsInput where it is still to be read."""
    if stdin is UNREAD:
        raise NeedsInput
    return stdin
