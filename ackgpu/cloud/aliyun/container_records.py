"""Answers of Container Service as :mod:`ackgpu.cloud.api` records."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from ackgpu.cloud.aliyun.errors import of_task
from ackgpu.cloud.aliyun.rows import amount, instant, number, tags_of, texts
from ackgpu.cloud.api import (
    TASK_FAILED,
    AutoScaling,
    Cluster,
    ClusterCheck,
    ClusterEvent,
    ClusterNode,
    ClusterResource,
    NodePool,
    Stage,
    Task,
)
from ackgpu.errors import CloudError

_TASK_STATES = {
    "succeeded": "success",
    "error": "failed",
    "cancelled": "canceled",
    "pending": "running",
    "initial": "running",
}

_CHECK_STATES = {"success": "succeeded", "fail": "failed", "error": "failed", "pending": "running"}
_CHECK_TROUBLE = frozenset({"error", "fail", "failed", "fatal"})


def cluster(row: Any) -> Cluster:
    """A cluster of a list or of DescribeClusterDetail; a list's rows lack fields that it has.

    ``master_url`` and ``meta_data`` are JSON text. kube-proxy's mode and the node CIDR mask stand
    in ``meta_data`` too, and there alone in some answers. What ACK drops from its answers
    (``external_loadbalancer_id``, ``subnet_cidr``, ``vswitch_id``; announcement of 2026) is not
    read.
    """
    endpoints, meta = _json_text(_of(row, "master_url")), _json_text(_of(row, "meta_data"))
    abilities = meta.get("Capabilities")
    abilities = abilities if isinstance(abilities, dict) else {}
    return Cluster(
        id=row.cluster_id,
        name=row.name or "",
        state=row.state or "",
        cluster_type=row.cluster_type or "",
        cluster_spec=row.cluster_spec or "",
        version=row.current_version or "",
        region=row.region_id or "",
        vpc_id=row.vpc_id or "",
        vswitch_ids=texts(row.vswitch_ids),
        security_group_id=row.security_group_id or "",
        tags=tags_of(row.tags),
        created=instant(row.created),
        size=number(row.size),
        pod_cidr=row.container_cidr or "",
        service_cidr=row.service_cidr or "",
        public_endpoint=str(endpoints.get("api_server_endpoint") or ""),
        private_endpoint=str(endpoints.get("intranet_api_server_endpoint") or ""),
        deletion_protection=bool(row.deletion_protection),
        proxy_mode=row.proxy_mode or str(abilities.get("ProxyMode") or ""),
        node_cidr_mask=number(_of(row, "node_cidr_mask") or abilities.get("NodeCIDRMask")),
        runtime_version=str(meta.get("RuntimeVersion") or ""),
        addons=_addon_names(meta.get("Addons")),
        settings=row.to_map(),
    )


def node_pool(row: Any) -> NodePool:
    """A node pool of DescribeClusterNodePools."""
    info, group, status = row.nodepool_info, row.scaling_group, row.status
    kubernetes = row.kubernetes_config
    return NodePool(
        id=info.nodepool_id,
        name=info.name or "",
        state=_of(status, "state") or "",
        instance_types=texts(_of(group, "instance_types")),
        desired=number(_of(group, "desired_size")),
        total=number(_of(status, "total_nodes")),
        healthy=number(_of(status, "healthy_nodes")),
        failed=number(_of(status, "failed_nodes")),
        tags=tags_of(_of(group, "tags")),
        vswitch_ids=texts(_of(group, "vswitch_ids")),
        auto_scaling=_auto_scaling(row.auto_scaling),
        charge_type=_of(group, "instance_charge_type") or "PostPaid",
        spot_strategy=_of(group, "spot_strategy") or "NoSpot",
        disks=(
            (_of(group, "system_disk_category") or "", number(_of(group, "system_disk_size"))),
            *((disk.category or "", number(disk.size)) for disk in _of(group, "data_disks") or ()),
        ),
        labels=tags_of(_of(kubernetes, "labels")),
        taints=tuple(
            (taint.key or "", taint.value or "", taint.effect or "")
            for taint in _of(kubernetes, "taints") or ()
        ),
        user_data=_of(kubernetes, "user_data") or "",
        period=0 if _of(group, "period_unit") == "Week" else number(_of(group, "period")),
        auto_renew=bool(_of(group, "auto_renew")),
        spot_price_limit=_lowest(_of(group, "spot_price_limit")),
        on_demand_base=number(_of(group, "on_demand_base_capacity")),
        settings=dict(_by_path(row.to_map(), "")),
    )


def _by_path(body: dict[str, Any], above: str) -> Iterator[tuple[str, Any]]:
    """The fields of objects within objects by their paths: ``scaling_group.image_type``."""
    for name, value in body.items():
        if isinstance(value, dict):
            yield from _by_path(value, f"{above}{name}.")
        elif value is not None:
            yield f"{above}{name}", value


def _addon_names(rows: Any) -> tuple[str, ...]:
    rows = rows if isinstance(rows, list) else []
    return tuple(str(row["name"]) for row in rows if isinstance(row, dict) and row.get("name"))


def _lowest(rows: Any) -> float | None:
    """The lowest price limit of a list by type; they are sent as text."""
    limits = (amount(row.price_limit) for row in rows or ())
    return min((limit for limit in limits if limit is not None), default=None)


def _auto_scaling(row: Any) -> AutoScaling:
    return AutoScaling(
        enabled=bool(_of(row, "enable")),
        least=number(_of(row, "min_instances")),
        most=number(_of(row, "max_instances")),
        kind=_of(row, "type") or "",
    )


def check(body: Any, check_id: str) -> ClusterCheck:
    """A check of GetClusterCheck: its items that say something else than that all is well.

    What an item's fields are called is UNCONFIRMED: one with a level or status of error is taken
    for a problem, and its message or name for the reason.
    """
    problems = [
        str(item.get("message") or item.get("name") or item)
        for items in (body.check_items or {}).values()
        for item in items or ()
        if str(item.get("level") or item.get("status") or "").lower() in _CHECK_TROUBLE
    ]
    return ClusterCheck(
        id=body.check_id or check_id,
        state=_CHECK_STATES.get((body.status or "").lower(), (body.status or "").lower()),
        message=body.message or "",
        problems=tuple(problems),
    )


def node(row: Any) -> ClusterNode:
    """A node of DescribeClusterNodes."""
    return ClusterNode(
        name=row.node_name or "",
        instance_id=row.instance_id or "",
        instance_type=row.instance_type or "",
        state=row.state or "",
        node_status=row.node_status or "",
        error=row.error_message or "",
        attached=row.source == "ess_attach",
        node_pool_id=row.nodepool_id or "",
    )


def task(body: Any, task_id: str) -> Task:
    """A task of DescribeTaskInfo."""
    stages = tuple(Stage(stage.message or "", stage.state or "") for stage in body.stages or ())
    events = tuple(event.message or event.reason or "" for event in body.events or ())
    return Task(
        id=body.task_id or task_id,
        kind=body.task_type or "",
        state=_task_state(body.state),
        current_stage=body.current_stage or "",
        stages=stages,
        failure=_failure(body, stages),
        events=events,
        target=_of(body.target, "id") or "",
    )


def listed_task(row: Any) -> Task:
    """A task of DescribeClusterTasks: without its stages."""
    return Task(
        id=row.task_id,
        kind=row.task_type or "",
        state=_task_state(row.state),
        current_stage="",
        stages=(),
        failure=_failure(row, ()),
    )


def event(row: Any) -> ClusterEvent:
    """A line of DescribeClusterEvents."""
    return ClusterEvent(
        time=row.time or "",
        kind=row.type or "",
        level=_of(row.data, "level") or "",
        reason=_of(row.data, "reason") or "",
        message=_of(row.data, "message") or "",
    )


def resource(row: Any) -> ClusterResource:
    """A row of DescribeClusterResources; without a delete_behavior it is deleted, for good."""
    behavior = row.delete_behavior
    return ClusterResource(
        id=row.instance_id or "",
        type=row.resource_type or "",
        state=row.state or "",
        auto_created=bool(number(row.auto_create)),
        creator=row.creator_type or "",
        delete_by_default=_of(behavior, "delete_by_default") is not False,
        delete_changeable=bool(_of(behavior, "changeable")),
    )


def release(version: str) -> tuple[int, ...]:
    """A version such as ``1.34.10-aliyun.1`` as numbers that sort."""
    return tuple(int(part) for part in re.findall(r"\d+", version))


def _failure(row: Any, stages: Sequence[Stage]) -> CloudError | None:
    """Why the task failed: its error, else its first failed stage."""
    failed = next((stage for stage in stages if stage.failed), None)
    message = _of(row.error, "message") or (failed.message if failed else "")
    if _task_state(row.state) not in TASK_FAILED:
        return None
    return of_task(row.task_type or "", _of(row.error, "code") or "", message)


def _task_state(state: str | None) -> str:
    """The state in the words of :class:`~ackgpu.cloud.api.Task`: answers spell it variously."""
    word = (state or "").lower()
    return _TASK_STATES.get(word, word)


def _of(model: Any, field: str) -> Any:
    return None if model is None else getattr(model, field, None)


def _json_text(text: str | None) -> dict[str, Any]:
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
