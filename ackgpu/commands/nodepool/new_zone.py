"""What takes a node pool into a zone in which its cluster has no vSwitch."""

from __future__ import annotations

import shlex

from ackgpu.cloud.api import Cluster, NetworkApi, SnatEntry, VSwitch
from ackgpu.naming import CLUSTER_TAG, cluster_name_from_tags, is_zone_resource, resource_name
from ackgpu.spec.cidrs import further_vswitch_cidr
from ackgpu.spec.model import NetworkSpec

_PART = "vswitch"


def made_for(cluster: Cluster, beside: list[VSwitch]) -> list[VSwitch]:
    """The vSwitches for nodes that carry the cluster's tag, of those ``beside`` its own."""
    ours = [v for v in beside if cluster_name_from_tags(v.tags) == cluster.name]
    return [v for v in ours if is_zone_resource(v.name, cluster.name, _PART)]


def commands_into(zone: str, cluster: Cluster, network: NetworkApi) -> list[str]:
    """Lines of Alibaba Cloud's CLI that give the cluster a vSwitch in ``zone``, and a way out.

    It gets the name and the tag that ``create`` gives, so that ``delete`` takes it with the
    cluster; a way out, if the cluster's own have one. None of a cluster that is not ackgpu's, and
    where the VPC has no room. Raises what its reads raise.
    """
    if cluster_name_from_tags(cluster.tags) != cluster.name:
        return []
    vpc = next(iter(network.vpcs(ids=[cluster.vpc_id])), None)
    taken = [v.cidr for v in network.vswitches(vpc_id=cluster.vpc_id)]
    out = _way_out(cluster, network)
    if vpc is None:
        return []
    ranges = [*taken, cluster.pod_cidr, cluster.service_cidr]
    block = further_vswitch_cidr(NetworkSpec.model_validate({"vpc": {"cidr": vpc.cidr}}), ranges)
    if not block:
        return []
    words = [
        "aliyun", "vpc", "CreateVSwitch", "--RegionId", cluster.region, "--VpcId", vpc.id,
        "--ZoneId", zone, "--CidrBlock", block, "--VSwitchName", _name(cluster, _PART, zone),
        "--Tag.1.Key", CLUSTER_TAG, "--Tag.1.Value", cluster.name,
    ]  # fmt: skip
    lines = [shlex.join(words)]
    if out is not None:
        words = [
            "aliyun", "vpc", "CreateSnatEntry", "--RegionId", cluster.region, "--SnatTableId",
            out.table_id, "--SourceCIDR", block, "--SnatIp", out.address, "--SnatEntryName",
            _name(cluster, "snat", zone),
        ]  # fmt: skip
        lines.append(shlex.join(words))
    return lines


def _way_out(cluster: Cluster, network: NetworkApi) -> SnatEntry | None:
    """The SNAT entry that lets one of the cluster's own vSwitches out."""
    entries = (
        entry
        for gateway in network.nat_gateways(vpc_id=cluster.vpc_id)
        for entry in network.snat_entries(table_id=gateway.snat_table_id)
    )
    return next((entry for entry in entries if entry.vswitch_id in cluster.vswitch_ids), None)


def _name(cluster: Cluster, part: str, zone: str) -> str:
    return resource_name(cluster.name, f"{part}-{zone.rpartition('-')[2]}")
