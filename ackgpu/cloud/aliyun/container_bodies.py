"""Request bodies of Container Service that are written by hand, without what is not requested."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ackgpu.cloud.api import AddonRequest, ClusterRequest, NodePoolRequest, Tags

Body = dict[str, Any]


def create_cluster(request: ClusterRequest, *, region: str, token: str) -> Body:
    """The body of CreateCluster; ``request.extra`` wins over everything else."""
    body: Body = {
        "name": request.name,
        "cluster_type": request.cluster_type,
        "profile": "Default",
        "cluster_spec": request.cluster_spec,
        "region_id": region,
        "kubernetes_version": request.version,
        "vpcid": request.vpc_id,
        "vswitch_ids": list(request.vswitch_ids),
        "security_group_id": request.security_group_id,
        "addons": [_addon(addon) for addon in request.addons],
        "tags": _tags(request.tags),
        "client_token": token,
    }
    if request.pod_cidr:  # Flannel; Terway takes its pods' addresses from vSwitches
        body["container_cidr"] = request.pod_cidr
        body["node_cidr_mask"] = str(request.node_cidr_mask)
    # After what is empty was left out: False is an answer here, not an absence.
    body = _without_empty(body) | {
        "endpoint_public_access": request.public_endpoint,
        "ssh_flags": request.ssh,
        "deletion_protection": request.deletion_protection,
        # ACK would make a NAT gateway of its own; the way out is a step, with our tags.
        "snat_entry": False,
    }
    return _merged(_merged(body, nested(request.settings)), request.extra)


def create_node_pool(request: NodePoolRequest) -> Body:
    """The body of CreateClusterNodePool; ``request.extra`` wins over everything else."""
    labels = [{"key": key, "value": value} for key, value in request.labels.items()]
    taints = [
        {"key": key, "value": value, "effect": effect} for key, value, effect in request.taints
    ]
    kubernetes = {
        "labels": labels,
        "taints": taints,
        "user_data": request.user_data,
    }
    body = {
        "nodepool_info": {"name": request.name},
        "scaling_group": _scaling_group(request),
        "kubernetes_config": _without_empty(kubernetes),
    }
    return _merged(_merged(body, nested(request.settings)), request.extra)


def _scaling_group(request: NodePoolRequest) -> Body:
    group: Body = {
        "instance_types": list(request.instance_types),
        "vswitch_ids": list(request.vswitch_ids),
        "system_disk_category": request.disk_category,
        "system_disk_size": request.disk_size_gib,
        "instance_charge_type": request.charge_type,
        "login_password": request.login_password,
        "data_disks": [
            {"category": category, "size": size} for category, size in request.data_disks
        ],
        "security_group_ids": list(request.security_group_ids),
        "tags": _tags(request.tags),
    }
    # Kept at nought: a pool made without it is not held
    # to a size, and leaves attached instances behind.
    group = _without_empty(group) | {"desired_size": request.desired}
    if request.charge_type == "PrePaid":
        group |= {
            "period": request.period,
            "period_unit": "Month",
            "auto_renew": request.auto_renew,
        }
    return group | _spot(request)


def _spot(request: NodePoolRequest) -> Body:
    if not request.spot:
        return {}
    body: Body = {"spot_strategy": "SpotAsPriceGo"}
    if request.spot_price_limit is not None:
        limit = str(request.spot_price_limit)
        # One limit for all types: the API wants a row for each.
        limits = [{"instance_type": kind, "price_limit": limit} for kind in request.instance_types]
        body = {"spot_strategy": "SpotWithPriceLimit", "spot_price_limit": limits}
    if request.on_demand_base:
        body["on_demand_base_capacity"] = request.on_demand_base
    return body


def _addon(addon: AddonRequest) -> Body:
    body = _without_empty({"name": addon.name, "config": addon.config, "version": addon.version})
    return {**body, "disabled": True} if addon.disabled else body


def _tags(tags: Tags) -> list[Body]:
    return [{"key": key, "value": value} for key, value in tags.items()]


def _without_empty(body: Body) -> Body:
    return {key: value for key, value in body.items() if value not in ("", [], None)}


def nested(settings: Mapping[str, Any]) -> Body:
    """Settings by path (``scaling_group.image_type``) as the objects that hold them."""
    body: Body = {}
    for path, value in settings.items():
        *parents, last = path.split(".")
        inner = body
        for part in parents:
            inner = inner.setdefault(part, {})
        inner[last] = value
    return body


def _merged(body: Body, extra: Mapping[str, Any]) -> Body:
    """``body`` with ``extra`` over it, object by object."""
    merged = dict(body)
    for key, value in extra.items():
        below = merged.get(key)
        both = isinstance(below, dict) and isinstance(value, Mapping)
        merged[key] = _merged(below, value) if both and isinstance(below, dict) else value
    return merged
