"""Every GPU node of a cluster, judged: one paginated pass over the nodes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ackgpu.cloud.api import KubeApi, KubeNode
from ackgpu.errors import AccessDenied
from ackgpu.spec import catalog
from ackgpu.spec.catalog import MEM_LABEL, NAME_LABEL
from ackgpu.spec.model import ExpectSpec
from ackgpu.steps.gpu_checks import (
    GPU,
    GPU_MEMORY,
    PLUGIN_NAMESPACE,
    PLUGIN_SELECTOR,
    TYPE_LABEL,
    NodeVerdict,
    PluginPods,
    judge,
)


def has_gpu(node: KubeNode) -> bool:
    """Whether a node has a GPU, or should have one by its type."""
    type_id = node.labels.get(TYPE_LABEL, "")
    known = catalog.looks_vgpu(type_id) or catalog.looks_whole_gpu(type_id)
    labelled = NAME_LABEL in node.labels or MEM_LABEL in node.labels
    return known or labelled or GPU in node.capacity or GPU_MEMORY in node.capacity


def climb(
    api: KubeApi,
    expect: ExpectSpec,
    level: str = "allocatable",
    wants: Callable[[KubeNode], bool] = has_gpu,
) -> tuple[NodeVerdict, ...]:
    """The verdict of every node that ``wants`` takes.

    The device plugin's pods are read only where a node's GPU is missing: elsewhere the GPU that a
    node offers proves them. Who may not list them gets the rung as unknown.
    """
    return judged(api, [node for node in api.nodes() if wants(node)], expect, level)


def judged(
    api: KubeApi, nodes: Sequence[KubeNode], expect: ExpectSpec, level: str = "allocatable"
) -> tuple[NodeVerdict, ...]:
    """The verdicts of nodes that were read already."""
    verdicts = tuple(judge(node, expect, level) for node in nodes)
    if not any(_asks_for_plugin(verdict) for verdict in verdicts):
        return verdicts
    plugins = _plugin_pods(api)
    return tuple(
        judge(node, expect, level, plugins) if _asks_for_plugin(verdict) else verdict
        for node, verdict in zip(nodes, verdicts, strict=True)
    )


def _asks_for_plugin(verdict: NodeVerdict) -> bool:
    return verdict.failure is not None and verdict.failure.name == "plugin"


def _plugin_pods(api: KubeApi) -> PluginPods | None:
    try:
        pods = api.pods(PLUGIN_NAMESPACE, PLUGIN_SELECTOR)
    except AccessDenied:
        return None
    found = {pod.node: pod for pod in pods if not pod.terminating}
    return found | {pod.node: pod for pod in pods if pod.ready}
