"""``export spec``: the cluster.yaml of what stands; ``create -f`` finds nothing to change."""

from __future__ import annotations

from typing import Any

from ackgpu.cloud.api import Addon, NodePool, VSwitch
from ackgpu.commands.export.snapshot import ClusterSnapshot, own_tags
from ackgpu.spec.fields import FIELDS, put_at
from ackgpu.spec.model import parse
from ackgpu.spec.render import to_yaml
from ackgpu.steps.field_values import is_untold, observed
from ackgpu.steps.observed_pool import pool_document

Document = dict[str, Any]
ONE_MONTH = 1
"""Stands for the period of a subscription by the week, which a spec cannot say."""
RAW_DEFAULTS = {"timezone": "", "ip_stack": "ipv4"}
"""What clusters have where nothing else was asked for (CS API reference, CreateCluster)."""
NO_CONFIG = ("", "{}")
EMPTY: tuple[Any, ...] = ("", False, [], {})


def to_spec(standing: ClusterSnapshot) -> str:
    """The text of the file."""
    return to_yaml(parse(document(standing)))


def document(standing: ClusterSnapshot) -> Document:
    """The spec with the keys of a file: ids for what was given, ranges for what ackgpu made."""
    cluster = standing.cluster
    metadata: Document = {
        "name": cluster.name,
        "region": cluster.region,
        "version": cluster.version,
    }
    if tags := own_tags(cluster.tags):
        metadata["tags"] = tags
    found: Document = {
        "metadata": metadata,
        "cluster": _control_plane(standing),
        "network": _network(standing),
        "nodePools": [_pool(pool) for pool in standing.node_pools],
    }
    for row, value in observed(cluster):
        if row.api and not is_untold(value):
            put_at(found, row.key, value)
    if server := _license_server(found["nodePools"]):
        found["gpu"] = {"licenseServer": server}
    if cluster.deletion_protection:
        found["lifecycle"] = {"deletionProtection": True}
    return found


def _control_plane(standing: ClusterSnapshot) -> Document:
    cluster = standing.cluster
    of_rows = {row.api for row in FIELDS}
    told = {name: cluster.settings.get(name) or "" for name in RAW_DEFAULTS if name not in of_rows}
    whole = {
        "type": cluster.cluster_type,
        "spec": cluster.cluster_spec,
        "addons": [_addon(addon) for addon in standing.addons],
        "ssh": standing.ssh,
        "raw": {k: v for k, v in told.items() if v not in {"", RAW_DEFAULTS[k]}},
    }
    public = {"endpointPublicAccess": bool(cluster.public_endpoint)}
    return _without_empty(whole) | public


def _addon(addon: Addon) -> Document:
    """Its version is left to ACK, which upgrades addons with the cluster."""
    config = {} if addon.config in NO_CONFIG else {"config": addon.config}
    return {"name": addon.name} | config


def _license_server(pools: list[Document]) -> str:
    """The server of all pools that have one, taken out of them; empty where there are several."""
    servers = {pool["licenseServer"] for pool in pools if "licenseServer" in pool}
    if len(servers) != 1:
        return ""
    for pool in pools:
        pool.pop("licenseServer", None)
    return str(servers.pop())


def _network(standing: ClusterSnapshot) -> Document:
    vpc, group = standing.vpc, standing.group
    made = vpc.id in standing.ours
    found: Document = {
        "plugin": "flannel" if standing.flannel else "terway-eniip",
        "vpc": {"cidr": vpc.cidr} if made else {"id": vpc.id},
        "vswitches": [_vswitch(standing, vswitch) for vswitch in standing.vswitches],
        "nat": _nat(standing),
    }
    if standing.pod_vswitches:
        found["podVswitches"] = [_vswitch(standing, vswitch) for vswitch in standing.pod_vswitches]
    cluster = standing.cluster
    if standing.flannel:
        found["podCidr"] = cluster.pod_cidr
    if standing.flannel and cluster.node_cidr_mask:
        found["nodeCidrMask"] = cluster.node_cidr_mask
    if group is not None and group.id not in standing.ours:
        found["securityGroupId"] = group.id
    return found


def _vswitch(standing: ClusterSnapshot, vswitch: VSwitch) -> Document:
    if vswitch.id in standing.ours:
        return {"zone": vswitch.zone_id, "cidr": vswitch.cidr}
    return {"id": vswitch.id}


def _nat(standing: ClusterSnapshot) -> Document:
    gateway, eip = standing.nat_gateway, standing.eip
    if gateway is None:
        return {"create": False}
    if gateway.id not in standing.ours:
        # An entry of somebody else's on it: the nodes' way out is not ackgpu's to make.
        entries = {entry.id for entry in standing.snat_entries}
        return {"id": gateway.id} if entries & standing.ours else {"create": False}
    if eip is None:
        return {"create": True}
    return {
        "create": True,
        "eip": {"bandwidth": eip.bandwidth_mbps} if eip.id in standing.ours else {"id": eip.id},
    }


def _pool(pool: NodePool) -> Document:
    found = {"name": pool.name, "desiredSize": pool.desired} | _without_empty(pool_document(pool))
    if pool.charge_type == "PrePaid":
        found.setdefault("period", ONE_MONTH)
    bounds = pool.auto_scaling
    if bounds.enabled:
        found["autoScaling"] = {"enable": True, "min": bounds.least, "max": bounds.most,
                                "type": bounds.kind or "gpu"}  # fmt: skip
        found["desiredSize"] = min(max(pool.desired, bounds.least), bounds.most)
    return found


def _without_empty(document: Document) -> Document:
    return {key: value for key, value in document.items() if value not in EMPTY}
