"""Who installs the driver of a node's GPU, whether it comes up, and what the console shows of it.

ACK's start-up installs a Tesla driver on whole cards before the node joins, or the ``.run`` file
that labels of the pool name (ACK documentation). It does not serve vGPU types: there the kernel
module of a Tesla driver does not load (seen in the field), and the GRID driver comes with ECS's
plugin, which user data runs after the join, or with the image. What nobody has published is a
doubt: ``vgn5i_driver``, ``plugin_build``, ``late_labels``.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from ackgpu.emulator.cs.faults import fault
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared.gpus import Gpu
from ackgpu.emulator.shared.tables import table
from ackgpu.emulator.store import Doc

RUNFILE_LABEL = "ack.aliyun.com/nvidia-driver-runfile"
PLUGIN_SECONDS = 120.0
"""How long the plugin takes; its page says up to ten minutes."""
_PLUGIN = re.compile(r"^\s*acs-plugin-manager\s+--exec\s+--plugin\s+(\w+)", re.MULTILINE)
_TOLD = re.compile(r'echo "([^"]*)"[^\n]*> /dev/console')
_RETIRED = ("ecs.vgn5i", "ecs.vgn6i-m")
_VGPU = re.compile(r"ecs\.[vs]gn\d")
_VERSION = re.compile(r"-(\d+\.\d+(?:\.\d+)?)[-.]")
_FAILED = "ERROR: Installation has failed.  Please see '/var/log/nvidia-installer.log' for details."
_NOT_LOADED = (
    "nvidia-installer: ERROR: Unable to load the kernel module 'nvidia.ko'.",
    "NVRM: The NVIDIA probe routine failed for 1 device(s).",
    "cloud-init: NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.",
)
"""What an instance prints whose driver does not load (NVIDIA, "Driver installation guide")."""
_NOT_BUILT = (
    "ERROR: Unable to find the kernel source tree for the currently running kernel.",
    _FAILED,
)


@dataclass(frozen=True)
class Installed:
    """What came of the driver: ``runs``, ``late`` seconds after the node is Ready as usual.

    ``labelled``: the node gets the labels that describe its GPU. ``console``: lines that the
    instance's console has of it. ``version``: another one than the type's own, if it says so.
    """

    runs: bool = True
    late: float = 0.0
    labelled: bool = True
    console: tuple[str, ...] = ()
    version: str = ""


def install(call: Call, cluster: Doc, pool: Doc, node: Doc, index: int) -> Installed:
    """What comes of the driver on a node of the pool, its ``index``-th."""
    broken = _broken(call, cluster, pool, index)
    return broken if broken is not None else _asked_for(call, pool, node)


def _asked_for(call: Call, pool: Doc, node: Doc) -> Installed:
    """What comes of it by what the pool asks for."""
    type_id, labels = node.body["instance_type"], node.body["labels"]
    if pool.body["scaling_group"].get("image_type") == "Custom":
        return Installed()
    if runfile := labels.get(RUNFILE_LABEL):
        found = _VERSION.search(runfile)
        return Installed(version=found[1] if found else "")
    script = _script(pool)
    if _PLUGIN.search(script):
        return _by_plugin(call, script)
    if not _VGPU.match(type_id):
        return Installed()
    if type_id.startswith(_RETIRED) and "-vws" not in type_id:
        by_ack = call.doubt("vgn5i_driver") == "ack"
        return Installed() if by_ack else Installed(runs=False)
    return Installed(runs=False, console=_NOT_LOADED)


def _broken(call: Call, cluster: Doc, pool: Doc, index: int) -> Installed | None:
    """What a fault makes of it."""

    def found(kind: str) -> bool:
        return fault(call, kind, cluster=cluster.name, pool=pool.name, index=index) is not None

    if found("driver_missing"):
        return Installed(runs=False)
    if found("driver_tesla"):
        return Installed(runs=False, console=_NOT_LOADED)
    failed = fault(call, "driver_failed", cluster=cluster.name, pool=pool.name, index=index)
    if failed is None:
        return None
    lines = (str(failed["message"]),) if "message" in failed else _NOT_LOADED
    return Installed(runs=False, console=_told(_script(pool), lines))


def _by_plugin(call: Call, script: str) -> Installed:
    if call.doubt("plugin_build") == "fails":
        return Installed(runs=False, console=_told(script, _NOT_BUILT))
    return Installed(late=PLUGIN_SECONDS, labelled=call.doubt("late_labels") == "set")


def _told(script: str, lines: tuple[str, ...]) -> tuple[str, ...]:
    """What a failure leaves on the console: what the script writes there, before the log's end.

    A script that writes nothing leaves nothing; ACK's own start-up shows the installer's lines.
    """
    told = _TOLD.search(script)
    if told:
        return (told[1], *lines)
    return () if _PLUGIN.search(script) else lines


def _script(pool: Doc) -> str:
    text = pool.body["kubernetes_config"].get("user_data") or ""
    try:
        return base64.b64decode(text, validate=True).decode(errors="replace")
    except (ValueError, binascii.Error):
        return str(text)


def versioned(gpu: Gpu, version: str) -> Gpu:
    """The GPU under another driver; a version that is not known keeps the CUDA of its branch."""
    drivers: dict[str, str] = table("cs/gpus")["drivers"]
    branch = version.partition(".")[0]
    near = [cuda for known, cuda in drivers.items() if known.partition(".")[0] == branch]
    cuda = drivers.get(version) or (near or [gpu.cuda])[0]
    return Gpu(gpu.name, gpu.memory_mib, gpu.count, version, cuda)
