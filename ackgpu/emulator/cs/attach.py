"""Existing ECS instances taken into a node pool, by the service or by a script.

Automatic attach replaces the system disk and takes about five minutes an instance (help page on
adding existing nodes). An instance must run, lie in the cluster's VPC, be large enough and belong
to no other cluster.
"""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.cs import PRODUCT, durations
from ackgpu.emulator.cs.addon_docs import installed
from ackgpu.emulator.cs.cluster_views import version_of
from ackgpu.emulator.cs.lookup import (
    active_pool,
    body_of,
    cluster_of,
    number,
    running_cluster,
    text,
    texts,
)
from ackgpu.emulator.cs.members import Joining, lasting_nodes, make_node
from ackgpu.emulator.cs.scale import check_nodes, runs_ack
from ackgpu.emulator.cs.states import POOL
from ackgpu.emulator.cs.tables import runtime_version
from ackgpu.emulator.cs.tasks import TaskCourse, make_task
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.store import Doc

MAX_ATTACHED = 100


@PRODUCT.operation(
    "AttachInstancesToNodePool", "POST /clusters/{cluster_id}/nodepools/{nodepool_id}/attach"
)
def attach_instances_to_node_pool(call: Call) -> dict[str, Any]:
    """Attach to the pool in the path; what failed is in the task's results."""
    cluster = running_cluster(call)
    _, task = _attach(call, cluster, active_pool(call, cluster))
    return {"task_id": task.id}


@PRODUCT.operation("AttachInstances", "POST /clusters/{cluster_id}/attach", request_id_key="")
def attach_instances(call: Call) -> dict[str, Any]:
    """Attach to the pool ``nodepool_id``: a row an instance, whose code is a text.

    A rejected instance has another code than 200 while the call itself succeeds (by inference).
    Without a pool the service takes its default one, which the emulator's clusters do not have.
    """
    cluster = running_cluster(call)
    pool_id = text(body_of(call), "nodepool_id")
    if not pool_id:
        raise ApiError("MissingParameter.NodepoolId", "nodepool_id is required")
    reasons, task = _attach(call, cluster, active_pool(call, cluster, pool_id))
    rows = [
        {
            "code": "400" if reason else "200",
            "instanceId": instance_id,
            "message": reason or "successful",
        }
        for instance_id, reason in reasons.items()
    ]
    return {"list": rows, "task_id": task.id}


@PRODUCT.operation(
    "DescribeClusterAttachScripts",
    "POST /clusters/{cluster_id}/attachscript",
    writes=False,
    request_id_key="",
)
def describe_cluster_attach_scripts(call: Call) -> str:
    """The command that attaches a host by hand: plain text that ends with CR LF."""
    cluster = cluster_of(call)
    arch = text(body_of(call), "arch") or "amd64"
    number(body_of(call), "expired")
    region, version = cluster.region, version_of(call, cluster)
    names = ",".join(addon.name for addon in installed(call, cluster))
    command = (
        f"curl http://aliacs-k8s-{region}.oss-{region}-internal.aliyuncs.com/public/pkg/run/attach/"
        f"{version}/attach_node.sh | bash -s -- --node-name-mode nodeip"
        f" --openapi-token {call.new_hex(32)} --addon-names {names} --arch {arch}"
        f" --node-cidr-mask {cluster.body['node_cidr_mask'] or '26'}"
        f" --runtime containerd --runtime-version {runtime_version()}"
    )
    return f"{command}\r\n"


def _attach(call: Call, cluster: Doc, pool: Doc) -> tuple[dict[str, str], Doc]:
    """Why each instance is rejected (empty where it is not), and the task."""
    wanted = list(dict.fromkeys(texts(body_of(call), "instances")))
    if not 1 <= len(wanted) <= MAX_ATTACHED:
        raise ApiError("MissingParameter.Instances", "1 to 100 instances must be given")
    if pool.body["auto_scaling"]["enable"]:
        raise ApiError(
            "InvalidNodePool.AutoScaling", "instances cannot be attached to an autoscaling pool"
        )
    reasons = {instance_id: _rejection(call, cluster, instance_id) for instance_id in wanted}
    accepted = [instance_id for instance_id, reason in reasons.items() if not reason]
    check_nodes(call, cluster, len(accepted))
    before = len(lasting_nodes(call, cluster.id, pool.id))
    for index, instance_id in enumerate(accepted):
        _take(call, cluster, pool, instance_id, before + index)
    if accepted:
        _grow(call, pool, len(accepted))
    return reasons, _task(call, cluster, pool, reasons)


def _rejection(call: Call, cluster: Doc, instance_id: str) -> str:
    instance = call.docs.get("instance", instance_id)
    if instance is None or not instance.alive(call.now) or instance.region != cluster.region:
        return f"instance {instance_id} is not found in {cluster.region}"
    if instance.scope != cluster.scope:
        return f"instance {instance_id} is not in vpc {cluster.scope}"
    if call.state(instance) != "Running":
        return f"instance {instance_id} is not running"
    if not runs_ack(call, instance.body["InstanceType"]):
        return "a node needs at least 4 vCPUs and 8 GiB of memory"
    node = call.docs.get("node", instance_id)
    if node is not None and node.alive(call.now):
        return f"instance {instance_id} is already in cluster {node.scope}"
    return ""


def _take(call: Call, cluster: Doc, pool: Doc, instance_id: str, index: int) -> None:
    instance = call.docs.get("instance", instance_id)
    if instance is None:
        return
    ready = call.now + durations.ATTACH
    join = ready - (durations.READY_AFTER - durations.JOIN_AFTER)
    times = (call.now, join, ready, ready + durations.GPU_AFTER_READY)
    make_node(call, cluster, pool, instance, Joining(times, index, source="ess_attach"))


def _grow(call: Call, pool: Doc, more: int) -> None:
    group = pool.body["scaling_group"]
    if group.get("desired_size") is not None:
        group["desired_size"] += more
    POOL.enter(pool, call.now, (0.0, "scaling"), (durations.ATTACH, "active"))
    call.docs.put(pool)


def _task(call: Call, cluster: Doc, pool: Doc, reasons: dict[str, str]) -> Doc:
    results = [(each, "failed" if reason else "success") for each, reason in reasons.items()]
    error = None
    if all(reasons.values()):
        error = ("400", "; ".join(reasons.values()))
    seconds = 0.0 if error else durations.ATTACH
    course = TaskCourse([("Attach instances", seconds)], error=error, results=results)
    return make_task(call, cluster, "cluster_attach", course, target=(pool.id, "nodepool"))
