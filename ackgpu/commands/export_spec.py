"""``export spec``: the cluster.yaml of what stands; ``create -f`` finds nothing to change."""

from __future__ import annotations

from typing import Any

from ackgpu.cloud.api import NodePool, VSwitch
from ackgpu.commands.standing import Standing, own_tags
from ackgpu.spec.model import parse
from ackgpu.spec.render import to_yaml

Document = dict[str, Any]
ONE_MONTH = 1
"""Stands for the period of a subscription, which is not read."""


def to_spec(standing: Standing) -> str:
    """The text of the file."""
    return to_yaml(parse(document(standing)))


def document(standing: Standing) -> Document:
    """The spec with the keys of a file: ids for what was given, ranges for what ackgpu made."""
    cluster = standing.cluster
    metadata: Document = {
        "name": cluster.name,
        "region": cluster.region,
        "version": cluster.version,
    }
    if tags := own_tags(cluster.tags):
        metadata["tags"] = tags
    control_plane = {
        "type": cluster.cluster_type,
        "spec": cluster.cluster_spec,
        "endpointPublicAccess": bool(cluster.public_endpoint),
        "serviceCidr": cluster.service_cidr,
    }
    found: Document = {
        "metadata": metadata,
        "cluster": {key: value for key, value in control_plane.items() if value != ""},
        "network": _network(standing),
        "nodePools": [_pool(pool) for pool in standing.node_pools],
    }
    if cluster.deletion_protection:
        found["lifecycle"] = {"deletionProtection": True}
    return found


def _network(standing: Standing) -> Document:
    vpc, group = standing.vpc, standing.group
    made = vpc.id in standing.ours
    found: Document = {
        "plugin": "flannel" if standing.flannel else "terway-eniip",
        "vpc": {"cidr": vpc.cidr} if made else {"id": vpc.id},
        "vswitches": [_vswitch(standing, vswitch) for vswitch in standing.vswitches],
        "nat": _nat(standing),
    }
    if standing.flannel:
        found["podCidr"] = standing.cluster.pod_cidr
    if standing.node_cidr_mask:
        found["nodeCidrMask"] = standing.node_cidr_mask
    if group is not None and group.id not in standing.ours:
        found["securityGroupId"] = group.id
    return found


def _vswitch(standing: Standing, vswitch: VSwitch) -> Document:
    if vswitch.id in standing.ours:
        return {"zone": vswitch.zone_id, "cidr": vswitch.cidr}
    return {"id": vswitch.id}


def _nat(standing: Standing) -> Document:
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
    system_disk, *data_disks = [_disk(category, size) for category, size in pool.disks]
    found: Document = {
        "name": pool.name,
        "instanceTypes": list(pool.instance_types),
        "desiredSize": pool.desired,
        "systemDisk": system_disk,
        "chargeType": pool.charge_type,
    }
    if data_disks:
        found["dataDisks"] = data_disks
    if pool.key_pair:
        found["keyPair"] = pool.key_pair
    if pool.charge_type == "PrePaid":
        found["period"] = ONE_MONTH
    if pool.spot_strategy != "NoSpot":
        found["spot"] = {"strategy": "SpotAsPriceGo"}
    bounds = pool.auto_scaling
    if bounds.enabled:
        found["autoScaling"] = {"enable": True, "min": bounds.least, "max": bounds.most,
                                "type": bounds.kind or "gpu"}  # fmt: skip
        found["desiredSize"] = min(max(pool.desired, bounds.least), bounds.most)
    return found


def _disk(category: str, size: int) -> Document:
    return {"category": category, "size": size} if category else {"size": size}
