"""Whether a node's GPU is what was paid for, as a row of checks: the first that fails tells most.

The rungs up to ``gpu`` are read from the node and from the device plugin's pods; ``driver`` and
``cuda`` come from a sample that ran on the node (:mod:`ackgpu.steps.sample_trial`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from ackgpu import flag
from ackgpu.cloud.api import KubeNode, KubePod
from ackgpu.spec import catalog
from ackgpu.spec.catalog import COUNT_LABEL, MEM_LABEL, NAME_LABEL
from ackgpu.spec.model import ExpectSpec
from ackgpu.steps.quantities import whole

TYPE_LABEL = "node.kubernetes.io/instance-type"
POOL_LABEL = "alibabacloud.com/nodepool-id"
ZONE_LABEL = "topology.kubernetes.io/zone"
HOSTNAME_LABEL = "kubernetes.io/hostname"
SCHEDULE_LABEL = "ack.node.gpu.schedule"
GPU = "nvidia.com/gpu"
GPU_MEMORY = "aliyun.com/gpu-mem"
SHARED = frozenset({"share", "cgpu", "topology", "mps", "core_mem"})
"""Values of the schedule label with which a GPU is handed out by memory (ACK, GPU sharing)."""
PLUGIN_NAMESPACE, PLUGIN_SELECTOR = "kube-system", "component=nvidia-device-plugin"
"""Where the device plugin's pods are (ACK documentation, "Custom NVIDIA driver version")."""
_STATE_TAINTS = ("node.kubernetes.io/", "node.cloudprovider.kubernetes.io/")
"""How the taints begin that a cluster sets for a node's state, and nobody on purpose (Kubernetes,
"Well-Known Labels, Annotations and Taints")."""
LEVELS = {
    "labels": ("ready", "labels", "values"),
    "allocatable": ("ready", "labels", "values", "plugin", "gpu"),
    "network": ("ready", "labels", "values", "plugin", "gpu"),
    "cuda": ("ready", "labels", "values", "plugin", "gpu", "driver", "cuda"),
}
_expected = cache(catalog.expected_labels)  # asked for each of thousands of nodes
_is_whole = cache(catalog.looks_whole_gpu)
_BOUND = re.compile(r"(>=|<=|>|<|=)?\s*(\d+)")

Verdict = Literal["passed", "failed", "unknown", "skipped"]
PluginPods = Mapping[str, KubePod]
"""The device plugin's pod of each node, by the node's name."""


@dataclass(frozen=True)
class NodeCheck:
    """A check and its verdict. ``final``: waiting will not mend it.

    ``by_name`` is said beside the remedy to those who named the cluster to ackgpu: it holds a
    command with NAME in it. ``unknown``: it could not be looked at; ``skipped``: a lower rung
    stopped the climb. ``by_driver``: the lack of a driver explains it, so that what its installer
    said is worth reading.
    """

    name: str
    verdict: Verdict
    message: str = ""
    remedy: str = ""
    final: bool = False
    by_name: str = ""
    by_driver: bool = False


@dataclass(frozen=True)
class NodeVerdict:
    """What the checks say of a node. ``gpu`` is allocatable of capacity, such as ``1/1``."""

    node: str
    instance_id: str
    rungs: tuple[NodeCheck, ...]
    gpu: str
    labels: Mapping[str, str]
    warnings: tuple[str, ...] = ()

    @property
    def instance_type(self) -> str:
        """The ECS instance type, empty where the node does not say it."""
        return self.labels.get(TYPE_LABEL, "")

    @property
    def gpu_name(self) -> str:
        """The GPU as the node's labels name it."""
        return " ".join(self.labels[key] for key in (NAME_LABEL, MEM_LABEL) if key in self.labels)

    @property
    def shared(self) -> bool:
        """Whether the GPU is handed out by memory."""
        return is_shared(self.labels)

    @property
    def failure(self) -> NodeCheck | None:
        """The first check that failed, or that could not be looked at."""
        wrong = (rung for rung in self.rungs if rung.verdict in {"failed", "unknown"})
        return next(wrong, None)

    @property
    def ok(self) -> bool:
        """Whether every check was reached and passed."""
        return all(rung.verdict == "passed" for rung in self.rungs)

    def with_rungs(self, *further: NodeCheck) -> NodeVerdict:
        """The verdict with further checks; they are skipped if an earlier one failed."""
        if not self.ok:
            further = tuple(NodeCheck(rung.name, "skipped") for rung in further)
        return replace(self, rungs=(*self.rungs, *further))


def judge(
    node: KubeNode,
    expect: ExpectSpec,
    level: str = "allocatable",
    plugins: PluginPods | None = None,
) -> NodeVerdict:
    """Climb as far as ``level`` needs of what the API tells: to ``values`` or to ``gpu``.

    ``plugins`` None: the device plugin's pods were not read.
    """
    labels = node.labels
    checks = [_ready(node), _labels(node), _values(node, expect)]
    if level != "labels":
        checks += [_plugin(node, expect, plugins), _gpu(node, expect)]
    rungs: list[NodeCheck] = []
    reached = True
    # A later check would only repeat what the first failure explains.
    for rung in checks:
        rungs.append(rung if reached else NodeCheck(rung.name, "skipped"))
        reached = reached and rung.verdict == "passed"
    resource = GPU_MEMORY if is_shared(labels) else GPU
    return NodeVerdict(
        node=node.name,
        instance_id=node.instance_id,
        rungs=tuple(rungs),
        gpu=f"{_has(node.allocatable, resource)}/{_has(node.capacity, resource)}",
        labels=labels,
        warnings=_warnings(labels),
    )


def is_ack(labels: Mapping[str, str]) -> bool:
    """Whether a node is of ACK: it has a pool there, or an ECS instance type."""
    return POOL_LABEL in labels or labels.get(TYPE_LABEL, "").startswith("ecs.")


def replacing(node: str, labels: Mapping[str, str]) -> str:
    """The command that replaces a node of ACK; empty elsewhere."""
    return f"`ackgpu node replace NAME {node}` replaces it" if node and is_ack(labels) else ""


def is_shared(labels: Mapping[str, str]) -> bool:
    """Whether a node hands its GPU out by memory."""
    return labels.get(SCHEDULE_LABEL, "") in SHARED


@cache
def _passed(name: str) -> NodeCheck:
    """The check that passed: the same for each of thousands of nodes."""
    return NodeCheck(name, "passed")


def _ready(node: KubeNode) -> NodeCheck:
    if node.ready:
        return _passed("ready")
    message = f"the node is not Ready: {node.not_ready_reason or 'no reason given'}"
    remedy = f"`kubectl describe node {node.name}` shows the kubelet's conditions"
    more = (
        f"`ackgpu node repair NAME {node.name}` has ACK restart what runs it,"
        f" `ackgpu describe NAME {flag.EVENTS}` shows what ACK says"
    )
    return NodeCheck(
        "ready", "failed", message, remedy, by_name=more if is_ack(node.labels) else ""
    )


def _labels(node: KubeNode) -> NodeCheck:
    absent = [key for key in (COUNT_LABEL, MEM_LABEL, NAME_LABEL) if key not in node.labels]
    if not absent:
        return _passed("labels")
    message = f"without the label {', '.join(absent)}"
    offered = _has(node.allocatable, GPU) + _has(node.allocatable, GPU_MEMORY) > 0
    if is_ack(node.labels) and not offered:
        remedy = (
            "ACK's start-up sets them from nvidia-smi, so no driver ran when it did; replace the"
            " node once that is mended"
        )
        by_name = replacing(node.name, node.labels)
        return NodeCheck("labels", "failed", message, remedy, by_name=by_name, by_driver=True)
    why = (
        "the GPU is offered, so that only its labels are lacking: ACK sets them when the node"
        " joins, and the driver came later"
        if is_ack(node.labels)
        else "nothing on this cluster sets them"
    )
    label = f"`kubectl label node {node.name} {_described(node.labels, absent)}`"
    remedy = f"{why}; label the node with what nvidia-smi shows on it: {label}"
    return NodeCheck("labels", "failed", message, remedy)


def _described(labels: Mapping[str, str], absent: Sequence[str]) -> str:
    """The absent labels as the node's type should have them."""
    known = _expected(labels.get(TYPE_LABEL, ""))
    values = {
        COUNT_LABEL: known.nvidia_count if known else "1",
        MEM_LABEL: known.nvidia_mem if known else "",
        NAME_LABEL: known.nvidia_name if known else "",
    }
    return " ".join(f"{key}={values[key] or '…'}" for key in absent)


def _values(node: KubeNode, expect: ExpectSpec) -> NodeCheck:
    labels = node.labels
    wrong = _wrong_values(labels, expect)
    if not wrong:
        return _passed("values")
    type_id = labels.get(TYPE_LABEL, "the type")
    message = "; ".join(f"{key} is {has}; {type_id} should show {want}" for key, has, want in wrong)
    instance = f"the instance {node.instance_id}" if node.instance_id else "its instance"
    remedy = f"the node runs another slice than its type says: replace it, or report {instance}"
    by_name = replacing(node.name, labels)
    return NodeCheck("values", "failed", message, remedy, final=True, by_name=by_name)


def _wrong_values(labels: Mapping[str, str], expect: ExpectSpec) -> list[tuple[str, str, str]]:
    """Each label with a wrong value: key, value, expected."""
    wrong: list[tuple[str, str, str]] = []
    type_id = labels.get(TYPE_LABEL, "")
    name, memory, number = (labels.get(key, "") for key in (NAME_LABEL, MEM_LABEL, COUNT_LABEL))
    whole = _is_whole(type_id)
    # What the spec expects is of its vGPU nodes; a whole GPU is judged by its own type.
    if whole:
        expect = ExpectSpec(from_instance_table=expect.from_instance_table)
    counts = number.isdecimal() and int(number) > 0 if whole else number == str(expect.count)
    if not counts:
        wrong.append((COUNT_LABEL, number, "1 or more" if whole else str(expect.count)))
    if expect.name and name != expect.name:
        wrong.append((NAME_LABEL, name, expect.name))
    if expect.mem_mib and not _within(memory, expect.mem_mib):
        wrong.append((MEM_LABEL, memory, f"{expect.mem_mib}MiB"))
    known = _expected(type_id)
    if known is None or not expect.from_instance_table:
        return wrong
    if not expect.mem_mib and not known.accepts_mem(memory):
        wrong.append((MEM_LABEL, memory, known.nvidia_mem))
    if not expect.name and known.confidence == "documented" and name != known.nvidia_name:
        wrong.append((NAME_LABEL, name, known.nvidia_name))
    return wrong


def _warnings(labels: Mapping[str, str]) -> tuple[str, ...]:
    known = _expected(labels.get(TYPE_LABEL, ""))
    name = labels.get(NAME_LABEL, "")
    if known is None:
        return (f"{labels.get(TYPE_LABEL, 'its type')} is not in ackgpu's table of GPU types",)
    if known.confidence != "derived" or not name or name == known.nvidia_name:
        return ()
    return (
        f"{NAME_LABEL} is {name}; {known.nvidia_name} was expected, by derivation, not by document",
    )


def _plugin(node: KubeNode, expect: ExpectSpec, plugins: PluginPods | None) -> NodeCheck:
    """Whether the device plugin serves.

    The kubelet takes a plugin's devices out of allocatable as soon as the plugin goes (Kubernetes,
    "Device Plugins"), so devices that are offered prove the plugin; its pods need not be read.
    """
    if _has(node.allocatable, _offer(node.labels, expect)[0]) > 0:
        return _passed("plugin")
    if plugins is None:
        text = "the device plugin's pods could not be read, and the node offers no GPU"
        return NodeCheck("plugin", "unknown", text, f"kubectl get pods -n {PLUGIN_NAMESPACE}"
                    f" -l {PLUGIN_SELECTOR} -o wide shows them to who may list pods")  # fmt: skip
    pod = plugins.get(node.name)
    if pod is None:
        remedy = (
            "it starts about 90 s after the node is Ready; if it does not, check the addon"
            f" ack-nvidia-device-plugin and the node's label {SCHEDULE_LABEL}"
            if is_ack(node.labels)
            else "let the DaemonSet of NVIDIA's device plugin run on it (its node selector, its"
            " tolerations)"
        )
        return NodeCheck("plugin", "failed", "no device plugin runs on the node", remedy)
    if pod.ready:
        return _passed("plugin")
    why = ": ".join(filter(None, (pod.reason or pod.phase, pod.message)))
    remedy = f"kubectl -n {PLUGIN_NAMESPACE} logs {pod.name}; delete the pod to have it start anew"
    message = f"the device plugin {pod.name} is not running: {why}"
    return NodeCheck("plugin", "failed", message, remedy, by_driver=True)


def _gpu(node: KubeNode, expect: ExpectSpec) -> NodeCheck:
    lack = _lack(node, expect)
    if not lack:
        return _open(node)
    remedy = (
        "the device plugin runs and offers no healthy GPU: its log says why"
        f" (kubectl -n {PLUGIN_NAMESPACE} logs -l {PLUGIN_SELECTOR}); replace the node if it stays"
    )
    by_name = replacing(node.name, node.labels)
    return NodeCheck("gpu", "failed", lack, remedy, by_name=by_name, by_driver=True)


def _open(node: KubeNode) -> NodeCheck:
    """Whether a pod can be given the GPU; taints of a node pool's own are for its pods to bear."""
    if node.unschedulable:
        message = "the node is cordoned (spec.unschedulable): no new pod is given its GPU"
        return NodeCheck("gpu", "failed", message, f"`kubectl uncordon {node.name}` opens it again")
    taint = next((key for key in node.taints if key.startswith(_STATE_TAINTS)), "")
    if not taint:
        return _passed("gpu")
    message = f"the taint {taint} keeps pods off the node: no new pod is given its GPU"
    remedy = (
        f"`kubectl describe node {node.name}` shows the condition behind it; the cluster takes the"
        " taint away when that has passed"
    )
    return NodeCheck("gpu", "failed", message, remedy)


def _lack(node: KubeNode, expect: ExpectSpec) -> str:
    """What the node does not offer of its GPUs; empty where it offers them all."""
    resource, wanted = _offer(node.labels, expect)
    for word, amounts in (("capacity", node.capacity), ("allocatable", node.allocatable)):
        has = _has(amounts, resource)
        if has < wanted:
            return f"{word} {resource} is {has}, {wanted} expected"
    return ""


def _has(amounts: Mapping[str, str], resource: str) -> int:
    return whole(amounts.get(resource, "0"))


def _offer(labels: Mapping[str, str], expect: ExpectSpec) -> tuple[str, int]:
    """The resource under which a node offers its GPUs, and how much of it there must be."""
    if is_shared(labels):
        return GPU_MEMORY, 1
    if _is_whole(labels.get(TYPE_LABEL, "")):
        number = labels.get(COUNT_LABEL, "")
        return GPU, int(number) if number.isdecimal() else 1
    return GPU, expect.count


def _within(label: str, bound: str) -> bool:
    match = _BOUND.fullmatch(bound.removesuffix("MiB").strip())
    if not label.removesuffix("MiB").isdecimal() or match is None:
        return False
    value, limit = int(label.removesuffix("MiB")), int(match.group(2))
    match match.group(1):
        case ">=":
            return value >= limit
        case "<=":
            return value <= limit
        case ">":
            return value > limit
        case "<":
            return value < limit
        case _:
            return value == limit
