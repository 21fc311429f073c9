"""What a scenario's faults do to a node: to its course, its GPU, its conditions and its console."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ackgpu.emulator.cs import gpus
from ackgpu.emulator.cs.faults import fault
from ackgpu.emulator.operation import Call
from ackgpu.emulator.store import Doc

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
