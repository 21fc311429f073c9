"""Causes on nodes: those that never joined, are not Ready, or whose GPU cannot be used."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ackgpu import flag
from ackgpu.cloud.api import ClusterNode, KubeNode
from ackgpu.commands.diagnose.reads import ClusterReads
from ackgpu.render.causes import Cause, Likelihood
from ackgpu.steps.gpu_checks import PLUGIN_NAMESPACE, NodeCheck, NodeVerdict, is_ack

LINES_QUOTED = 3
EVENTS_QUOTED = 2
STOPPED = frozenset({"stopped", "stopping"})
DRIVER = re.compile(
    r"nvidia-installer: (?:ERROR|WARNING)|NVRM: .*(?:fail|mismatch|Xid)|NVIDIA-SMI has failed"
    r"|ERROR: Unable to (?:load|build|find) .*nvidia|nvidia\.ko.*(?:error|fail)",
    re.IGNORECASE,
)
"""How the driver's installer and kernel module say that they failed (NVIDIA, driver README)."""
KUBELET = re.compile(r"cgroup v1|failed to run kubelet", re.IGNORECASE)
JOINING = re.compile(r"cloud-init.*(?:fail|error)|Failed to start|no space left|OOM", re.IGNORECASE)
PULLS = frozenset({"ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull"})


def causes_on_nodes(seen: ClusterReads) -> Iterator[Cause]:
    """Every cause that a node shows, and pods whose image does not come."""
    for node in troubled(seen):
        yield from _of_ack(seen, node)
    for kube_node in seen.kube_nodes or ():
        if seen.about in {"", kube_node.name} and not kube_node.ready:
            yield from _not_ready(seen, kube_node)
    for verdict in seen.verdicts:
        failure = verdict.failure
        if seen.about in {"", verdict.node} and failure is not None and failure.name != "ready":
            yield _of_gpu(seen, verdict, failure)
    yield from _images(seen)


def troubled(seen: ClusterReads) -> Iterator[ClusterNode]:
    """The nodes that ACK itself shows as broken: not there, stopped, or never joined."""
    for node in seen.nodes:
        if seen.about in {"", node.name, node.instance_id} and (
            node.state in STOPPED
            or node.node_status == "Offline"
            or (node.node_status == "Unknown" and node.error)
        ):
            yield node


def broken_instances(seen: ClusterReads) -> list[str]:
    """The instances whose console may tell more: of nodes that are not well."""
    bad = {node.instance_id for node in troubled(seen)}
    bad |= {verdict.instance_id for verdict in seen.verdicts if not verdict.ok}
    bad |= {node.instance_id for node in seen.kube_nodes or () if not node.ready}
    names = {node.instance_id: node.name for node in seen.nodes}
    wanted = (each for each in names if each in bad)
    return [each for each in wanted if seen.about in {"", names[each], each}]


def _of_ack(seen: ClusterReads, node: ClusterNode) -> Iterator[Cause]:
    name = seen.name_of(node)
    replace = seen.command(f"node replace {seen.cluster.name} {name}")
    if node.node_status == "Offline":
        yield Cause(
            id="instance-gone",
            likelihood="certain",
            title="the instance is gone: somebody released it",
            evidence=(f"{node.instance_id}: ACK says {node.node_status}",),
            commands=(replace,),
            nodes=(name,),
        )
    elif node.state in STOPPED:
        start = f"aliyun ecs StartInstance --RegionId {seen.cluster.region}"
        yield Cause(
            id="instance-stopped",
            likelihood="certain",
            title=f"the instance is {node.state}",
            evidence=(f"{node.instance_id}: ECS says {node.state}",),
            commands=(f"{start} --InstanceId {node.instance_id}",),
            nodes=(name,),
        )
    else:
        yield Cause(
            id="node-never-joined",
            likelihood="certain",
            title="the instance runs and never joined the cluster",
            evidence=(f"{node.instance_id}: {node.error}", *_printed(seen, node, JOINING, KUBELET)),
            commands=(replace if node.name else _smaller(seen, node),),
            note="Without a way out, or with a security group that keeps it from the API server,"
            " the new one does not join either: see the other causes first.",
            nodes=(name,),
        )


def _smaller(seen: ClusterReads, node: ClusterNode) -> str:
    """A node that never had a name can only be scaled away."""
    pool = seen.pool_of(node)
    if pool is None:
        return seen.command(f"nodepool list {seen.cluster.name}")
    return seen.command(
        f"nodepool scale {seen.cluster.name} {pool.name} {flag.NODES} {pool.healthy}"
    )


def _not_ready(seen: ClusterReads, node: KubeNode) -> Iterator[Cause]:
    name = seen.cluster.name
    why = node.not_ready_reason or "no reason given"
    evidence = (f"Ready: {why}", *node.problems, *_happened(seen, node.name))
    on_console = _on_console(seen, node.instance_id, KUBELET)
    pressed = next((each for each in node.problems if "Pressure" in each.partition(":")[0]), "")
    if pressed:
        yield Cause(
            id="node-pressure",
            likelihood="certain",
            title=f"the node is short of what it needs: {pressed.partition(':')[0]}",
            evidence=evidence,
            commands=(seen.command(f"node replace {name} {node.name}"),),
            note="A larger disk or instance type keeps it from happening again.",
            nodes=(node.name,),
        )
        return
    # A node whose instance is stopped is not Ready for that reason, which has a cause of its own.
    stopped = any(each.instance_id == node.instance_id for each in troubled(seen))
    likelihood: Likelihood = "possible" if stopped else "very likely"
    yield Cause(
        id="node-not-ready",
        likelihood=likelihood,
        title="the kubelet does not report the node as Ready",
        evidence=(*evidence, *on_console),
        commands=(seen.command(f"node repair {name} {node.name}"),),
        note="If it stays, `" + seen.command(f"node replace {name} {node.name}") + "` makes a new"
        " one.",
        nodes=(node.name,),
    )


def _of_gpu(seen: ClusterReads, verdict: NodeVerdict, failure: NodeCheck) -> Cause:
    """The first check that failed; a console that tells of the driver says more than the labels."""
    replace = seen.command(f"node replace {seen.cluster.name} {verdict.node}")
    driver = _on_console(seen, verdict.instance_id, DRIVER)
    said = f"{failure.name}: {failure.message}"
    if driver and failure.name in {"labels", "plugin", "gpu"}:
        return Cause(
            id="driver-failed",
            likelihood="very likely",
            title="the NVIDIA driver did not load when the node started",
            evidence=(*driver, said),
            commands=(replace,),
            nodes=(verdict.node,),
        )
    ids = {"labels": "labels-missing", "values": "labels-wrong", "plugin": "device-plugin"}
    titles = {
        "labels": "the node lacks the labels of its GPU: the driver was not there when it joined",
        "values": "the node shows another GPU than its type has",
        "plugin": "the device plugin does not serve the node",
        "gpu": "the node offers no GPU that a pod can be given",
    }
    return Cause(
        id=ids.get(failure.name, "gpu-not-offered"),
        likelihood="certain" if failure.name == "values" else "very likely",
        title=titles.get(failure.name, failure.name),
        evidence=(said, *_happened(seen, verdict.node)),
        commands=_mending(seen, verdict, failure, replace),
        note=failure.remedy,
        nodes=(verdict.node,),
    )


def _mending(
    seen: ClusterReads, verdict: NodeVerdict, failure: NodeCheck, replace: str
) -> tuple[str, ...]:
    pod = re.search(r"the device plugin (\S+) is not running", failure.message)
    if failure.name == "plugin" and pod:
        return (f"kubectl -n {PLUGIN_NAMESPACE} delete pod {pod[1]}",)
    if "cordoned" in failure.message:
        return (f"kubectl uncordon {verdict.node}",)
    if "taint" in failure.message:
        return (f"kubectl describe node {verdict.node}",)
    if not is_ack(verdict.labels):
        return ()
    repair = seen.command(f"node repair {seen.cluster.name} {verdict.node}")
    return (repair, replace) if failure.name == "plugin" else (replace,)


def _images(seen: ClusterReads) -> Iterator[Cause]:
    """Pods whose image does not come, one cause an image."""
    told = set()
    for pod in seen.pods:
        if pod.reason not in PULLS or seen.about not in {"", pod.node}:
            continue
        about = f"{pod.namespace}/{pod.name}"
        said = [w for w in seen.warnings if about in w.about and "image" in w.message.lower()]
        words = said[0].message if said else pod.message
        if words in told:
            continue
        told.add(words)
        yield Cause(
            id="image-pull",
            likelihood="very likely",
            title="an image cannot be pulled",
            evidence=(
                f"pod {about} on {pod.node}: {pod.reason}: {pod.message}",
                *([words] if words != pod.message else []),
            ),
            commands=(f"kubectl -n {pod.namespace} describe pod {pod.name}",),
            note="A registry of the same region (registry-vpc…) is reached without the internet;"
            " one that needs a login needs an imagePullSecret.",
            nodes=(pod.node,),
        )


def _happened(seen: ClusterReads, node: str) -> tuple[str, ...]:
    """The newest warnings of Kubernetes about a node."""
    rows = [event for event in seen.warnings if event.about.rpartition(" ")[2].endswith(node)]
    rows.sort(key=lambda event: event.last_seen, reverse=True)
    return tuple(f"event {row.reason}: {row.message}" for row in rows[:EVENTS_QUOTED])


def _printed(seen: ClusterReads, node: ClusterNode, *patterns: re.Pattern[str]) -> tuple[str, ...]:
    lines = [line for each in patterns for line in _on_console(seen, node.instance_id, each)]
    return tuple(dict.fromkeys(lines))


def _on_console(seen: ClusterReads, instance_id: str, pattern: re.Pattern[str]) -> tuple[str, ...]:
    """The last lines of an instance's console that match."""
    lines = [line.strip() for line in seen.consoles.get(instance_id, "").splitlines()]
    return tuple(f"console: {line}" for line in lines if pattern.search(line))[-LINES_QUOTED:]
