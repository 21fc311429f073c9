"""Who installs the NVIDIA driver on a pool's nodes.

ACK's own start-up installs a Tesla driver on whole cards before the node joins, and its document
on lightweight GPU workloads shows vgn5i nodes with driver 418.70. For the families that bring a
licence (vws, sgn) nothing of ACK installs the GRID driver; ECS's plugin for Cloud Assistant does
(ECS documentation, "Install GRID drivers"). No way to a GRID driver is published as proven on ACK.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ackgpu.spec import catalog
from ackgpu.spec.catalog import GpuType

AUTO, ACK, PLUGIN, RUNFILE, IMAGE, NONE = "auto", "ack", "plugin", "runfile", "image", "none"
OSS_LABEL = "ack.aliyun.com/nvidia-driver-oss-endpoint"
RUNFILE_LABEL = "ack.aliyun.com/nvidia-driver-runfile"
"""Labels of a pool by which ACK installs a ``.run`` file from a bucket (ACK documentation)."""
VERSION_LABEL = "ack.aliyun.com/nvidia-driver-version"
"""Label of a pool that asks ACK for a Tesla driver; one that it does not offer it passes over."""
_RUNFILE_VERSION = re.compile(r"-(\d+\.\d+(?:\.\d+)?)[-.]")
_OPEN_PLUGIN, _GRID_PLUGIN = "gpu_grid_driver_install", "grid_driver_install"
_WITH_OPEN_PLUGIN = "sgn8ia"


def driver_of(driver: str, instance_types: Sequence[str]) -> str:
    """The way that ``driver`` means for nodes of these types: ``auto`` is settled."""
    if driver != AUTO:
        return driver
    return PLUGIN if _needs_grid(instance_types) else ACK


def plugin_of(instance_types: Sequence[str]) -> str:
    """The plugin of Cloud Assistant that has the GRID driver of these types."""
    rows = filter(None, map(catalog.gpu_type, instance_types))
    is_new = any(row.family == _WITH_OPEN_PLUGIN for row in rows)
    return _OPEN_PLUGIN if is_new else _GRID_PLUGIN


def version_of(labels: Mapping[str, str]) -> str:
    """The driver's version that the pool of a node with these labels asks for; empty if none."""
    runfile = _RUNFILE_VERSION.search(labels.get(RUNFILE_LABEL, ""))
    return labels.get(VERSION_LABEL, "") or (runfile[1] if runfile else "")


def is_proven(driver: str, instance_types: Sequence[str]) -> bool:
    """Whether somebody has published that the way works on ACK: its own, on whole cards."""
    whole = [catalog.looks_whole_gpu(type_id) for type_id in instance_types]
    return driver == ACK and bool(whole) and all(whole)


def is_nobodys(driver: str, instance_types: Sequence[str]) -> bool:
    """Whether nobody installs a driver that these types run: ACK's start-up has no GRID driver."""
    return driver == NONE or (driver == ACK and _needs_grid(instance_types))


def _needs_grid(instance_types: Sequence[str]) -> bool:
    known = filter(None, map(catalog.gpu_type, instance_types))
    return any(row.vgpu and row.license == "included" for row in known)


def told(driver: str, instance_types: Sequence[str]) -> str:
    """Who installs what, in a sentence without its full stop."""
    known = next(filter(None, map(catalog.gpu_type, instance_types)), None)
    family = known.family if known else "these types"
    if driver == PLUGIN:
        plugin = plugin_of(instance_types)
        return f"user data installs the GRID driver of {family} by ECS's plugin {plugin}"
    return {
        ACK: _by_ack(known, is_whole=is_proven(driver, instance_types)),
        RUNFILE: "ACK's start-up installs the .run file of the bucket that the spec names",
        IMAGE: "the image has the driver",
        NONE: "nobody installs a driver",
    }[driver]


def _by_ack(known: GpuType | None, *, is_whole: bool) -> str:
    if is_whole:
        return "ACK's start-up installs a Tesla driver"
    if known is None:
        return "ACK's start-up may install a driver"
    if known.license == "included":
        return f"ACK's start-up installs no GRID driver on {known.family}, so nobody does"
    return f"ACK's start-up installs {known.driver_version} on {known.family}"
