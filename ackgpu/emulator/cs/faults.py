"""Faults of the domain that a scenario asks for: what the cloud may do wrong with a cluster.

Each is an entry ``{"kind": …}`` of ``settings["faults"]``. They take effect on what is made after
they were set, as a course once written down is kept. The kinds:

* ``cluster_failed`` ``{stage, message}``: the control plane fails at stage ``stage`` (from 1);
* ``cluster_stuck``: the cluster stays ``initial`` for ever;
* ``pool_failed`` ``{code, message}``: the pool gets no node and ends ``failed``;
* ``node_never_joins`` ``{message}``, ``node_not_ready`` ``{condition, reason, message}``: the
  instance runs, the node never joins, or never becomes Ready (with ``condition`` as DiskPressure);
* ``console_output`` ``{text}``: what else the instance prints on its console;
* ``label_missing`` ``{key}``: the GPU label ``key`` (all where none is given) never appears;
* ``label_wrong`` ``{key, value}``: it appears with another value;
* ``gpu_allocatable`` ``{value}``, ``plugin_down``: the node offers that many GPUs, or none;
* ``driver_missing``, ``driver_tesla``, ``driver_failed`` ``{message}``: nobody installs a driver;
  ACK's start-up tries a Tesla driver on a vGPU; the installer fails, and may say why;
* ``delete_failed``, ``pool_delete_failed``: the first deletion of a cluster, of a pool, ends in
  ``delete_failed``; the second works;
* ``service_not_open``: Container Service is not opened yet;
* ``short_certificates`` ``{seconds}``: temporary kubeconfigs hold for so many real seconds;
* ``empty_lists_ignored``: ModifyClusterNodePool leaves alone what an empty list names (whether the
  service empties it is unconfirmed; it does here without this).

``cluster``, ``pool`` (names) narrow a fault; ``count`` limits it to the first so many nodes of a
pool, ``node`` to the one of that index (from 0).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ackgpu.emulator.cs import gpus
from ackgpu.emulator.operation import Call
from ackgpu.emulator.store import Doc


def fault(
    call: Call, kind: str, *, cluster: str = "", pool: str = "", index: int | None = None
) -> Mapping[str, Any] | None:
    """The first fault of that kind which concerns the cluster, the pool and the node, or None."""
    for entry in call.settings.get("faults", ()):
        if entry.get("kind") != kind:
            continue
        if entry.get("cluster", cluster) != cluster or entry.get("pool", pool) != pool:
            continue
        if index is not None and not _reaches(entry, index):
            continue
        found: Mapping[str, Any] = entry
        return found
    return None


def _reaches(entry: Mapping[str, Any], index: int) -> bool:
    if "node" in entry:
        return bool(entry["node"] == index)
    return index < int(entry.get("count", index + 1))


NEVER_JOINED = "the instance did not join the cluster within 10 minutes"
NEVER_READY = "kubelet does not report the node as ready"


def apply_faults(call: Call, cluster: Doc, pool: Doc, node: Doc, index: int) -> None:
    """Let the scenario's faults change the node, which is the ``index``-th of its pool."""

    def found(kind: str) -> Mapping[str, Any] | None:
        return fault(call, kind, cluster=cluster.name, pool=pool.name, index=index)

    if never := found("node_never_joins"):
        said = never.get("message", NEVER_JOINED)
        node.body |= {"t_join": None, "t_ready": None, "t_gpu": None, "error_message": said}
    elif unready := found("node_not_ready"):
        node.body |= {"t_ready": None, "t_gpu": None, "error_message": NEVER_READY}
        node.body["not_ready"] = {
            key: unready[key] for key in ("condition", "reason", "message") if key in unready
        }
    if printed := found("console_output"):
        node.body["console"] = [*node.body["console"], *str(printed["text"]).splitlines()]
    if node.body["gpu"] is not None:
        _change_gpu(node, found)


def _change_gpu(node: Doc, found: Any) -> None:
    gpu_labels, gpu = node.body["gpu_labels"], node.body["gpu"]
    described = [key for key in gpu_labels if key.startswith(gpus.PREFIX)]
    if missing := found("label_missing"):
        for key in [missing["key"]] if missing.get("key") else described:
            gpu_labels.pop(key, None)
    if wrong := found("label_wrong"):
        gpu_labels[wrong["key"]] = wrong["value"]
    if offered := found("gpu_allocatable"):
        gpu["allocatable"] = int(offered["value"])
    if found("plugin_down"):
        gpu |= {"allocatable": 0, "plugin_down": True}
