"""``export ros``: a Resource Orchestration Service template that makes a cluster like this one.

Property names are those of the ROS resource type reference. The template makes new resources: the
tags that say "ackgpu's" are left out, or the copy would be taken for the original. The ids of what
stands are in each resource's Metadata, for an import into a stack.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from ackgpu.cloud.api import NodePool, VSwitch
from ackgpu.commands.export.snapshot import ClusterSnapshot, own_tags
from ackgpu.inventory.resources import (
    CLUSTER,
    EIP,
    NAT_GATEWAY,
    SECURITY_GROUP,
    SNAT_ENTRY,
    VPC,
    VSWITCH,
)
from ackgpu.steps.field_values import named

Body = dict[str, Any]
VERSION = "2015-09-01"


def to_ros(standing: ClusterSnapshot) -> str:
    """The text of the template."""
    template = {
        "ROSTemplateFormatVersion": VERSION,
        "Description": f"The ACK cluster {standing.cluster.name} in {standing.cluster.region}",
        "Resources": _Template(standing).resources(),
        "Outputs": {"ClusterId": {"Value": _attribute("Cluster", "ClusterId")}},
    }
    return json.dumps(template, indent=2, ensure_ascii=False) + "\n"


class _Template:
    def __init__(self, standing: ClusterSnapshot) -> None:
        self._standing = standing
        self._made: dict[str, Body] = {}

    def resources(self) -> dict[str, Body]:
        self._network()
        self._way_out()
        self._cluster()
        for pool in self._standing.node_pools:
            self._pool(pool)
        return self._made

    def _add(self, name: str, kind: str, properties: Body, id_: str = "") -> None:
        resource: Body = {"Type": kind, "Properties": _without_empty(properties)}
        if id_:
            resource["Metadata"] = {"Id": id_}
        self._made[name] = resource

    def _of(self, name: str, id_: str) -> Any:
        """A reference to what the template makes, or the id of what was given."""
        return {"Ref": name} if id_ in self._standing.ours else id_

    def _vswitch(self, vswitch: VSwitch) -> Any:
        return self._of(self._vswitch_name(vswitch), vswitch.id)

    def _vswitch_name(self, vswitch: VSwitch) -> str:
        return f"VSwitch{self._standing.all_vswitches.index(vswitch) + 1}"

    @property
    def _vpc(self) -> Any:
        return self._of("Vpc", self._standing.vpc.id)

    @property
    def _group(self) -> Any:
        group = self._standing.group
        return self._of("SecurityGroup", group.id) if group else ""

    def _network(self) -> None:
        standing = self._standing
        vpc, group = standing.vpc, standing.group
        if vpc.id in standing.ours:
            body = {"VpcName": vpc.name, "CidrBlock": vpc.cidr, "Tags": _tags(vpc.tags)}
            self._add("Vpc", VPC.ros, body, vpc.id)
        for vswitch in standing.all_vswitches:
            if vswitch.id in standing.ours:
                body = {
                    "VSwitchName": vswitch.name,
                    "VpcId": self._vpc,
                    "ZoneId": vswitch.zone_id,
                    "CidrBlock": vswitch.cidr,
                    "Tags": _tags(vswitch.tags),
                }
                self._add(self._vswitch_name(vswitch), VSWITCH.ros, body, vswitch.id)
        if group is not None and group.id in standing.ours:
            body = {
                "SecurityGroupName": group.name,
                "VpcId": self._vpc,
                "SecurityGroupIngress": [
                    {"IpProtocol": rule.protocol, "PortRange": rule.port_range,
                     "SourceCidrIp": rule.cidr}
                    for rule in standing.rules
                    if rule.cidr
                ],
                "Tags": _tags(group.tags),
            }  # fmt: skip
            self._add("SecurityGroup", SECURITY_GROUP.ros, body, group.id)
            self._rules_by_group(group.id)

    def _rules_by_group(self, group_id: str) -> None:
        """Rules that name a group are resources of their own: a group cannot refer to itself."""
        for number, rule in enumerate((r for r in self._standing.rules if r.group), start=1):
            body = {
                "SecurityGroupId": self._group,
                "IpProtocol": rule.protocol,
                "PortRange": rule.port_range,
                "SourceGroupId": self._group if rule.group == group_id else rule.group,
            }
            self._add(f"SecurityGroupRule{number}", "ALIYUN::ECS::SecurityGroupIngress", body)

    def _way_out(self) -> None:
        standing = self._standing
        gateway = standing.nat_gateway
        if gateway is None:
            return
        ours = gateway.id in standing.ours
        if ours:
            inside = next((v for v in standing.vswitches if v.id == gateway.vswitch_id), None)
            body = {
                "NatGatewayName": gateway.name,
                "VpcId": self._vpc,
                "VSwitchId": self._vswitch(inside) if inside else gateway.vswitch_id,
                "NatType": "Enhanced",
                "InternetChargeType": "PayByLcu",
                "Tags": _tags(gateway.tags),
            }
            self._add("NatGateway", NAT_GATEWAY.ros, body, gateway.id)
            self._address()
        for vswitch, entry in self._entries():
            address = entry.address
            body = {
                "SnatTableId": _attribute("NatGateway", "SNatTableId") if ours else entry.table_id,
                "SnatEntryName": entry.name,
                "SourceVSwitchIds": [self._vswitch(vswitch)],
                "SnatIp": _attribute("Eip", "EipAddress") if "Eip" in self._made else address,
            }
            name = self._vswitch_name(vswitch).replace("VSwitch", "SnatEntry")
            self._add(name, SNAT_ENTRY.ros, body, entry.id)
            if "EipAssociation" in self._made:
                self._made[name]["DependsOn"] = "EipAssociation"

    def _entries(self) -> list[tuple[VSwitch, Any]]:
        by_id = {vswitch.id: vswitch for vswitch in self._standing.all_vswitches}
        ours = [e for e in self._standing.snat_entries if e.id in self._standing.ours]
        return [(by_id[entry.vswitch_id], entry) for entry in ours]

    def _address(self) -> None:
        eip = self._standing.eip
        if eip is None:
            return
        if eip.id in self._standing.ours:
            body = {
                "Name": eip.name,
                "Bandwidth": eip.bandwidth_mbps,
                "InternetChargeType": "PayByTraffic",
                "InstanceChargeType": "Postpaid",
                "Tags": _tags(eip.tags),
            }
            self._add("Eip", EIP.ros, body, eip.id)
        binding = {"AllocationId": self._of("Eip", eip.id), "InstanceId": {"Ref": "NatGateway"}}
        self._add("EipAssociation", "ALIYUN::VPC::EIPAssociation", binding)

    def _cluster(self) -> None:
        standing = self._standing
        cluster = standing.cluster
        vswitches = [self._vswitch(vswitch) for vswitch in standing.vswitches]
        pods = [self._vswitch(vswitch) for vswitch in standing.pod_vswitches]
        body = {
            "Name": cluster.name,
            "KubernetesVersion": cluster.version,
            "VpcId": self._vpc,
            "VSwitchIds": vswitches,
            "PodVswitchIds": [] if standing.flannel else pods or vswitches,
            "SecurityGroupId": self._group,
            "NodeCidrMask": str(cluster.node_cidr_mask or "") if standing.flannel else "",
            "SnatEntry": False,
            "Addons": [
                {"Name": "flannel" if standing.flannel else "terway-eniip"},
                *(_without_empty({"Name": a.name, "Config": a.config}) for a in standing.addons),
            ],
            "Tags": _tags(cluster.tags),
        } | named(cluster, "ros")
        self._add("Cluster", CLUSTER.ros, body, cluster.id)

    def _pool(self, pool: NodePool) -> None:
        vswitches = [v for v in self._standing.vswitches if v.id in pool.vswitch_ids]
        settings = named(pool, "ros")
        group = (
            {
                "VSwitchIds": [self._vswitch(vswitch) for vswitch in vswitches],
                "SecurityGroupId": self._group,
            }
            | _scaling_group(pool)
            | settings.get("ScalingGroup", {})
        )
        bounds = pool.auto_scaling
        body: Body = {
            "ClusterId": _attribute("Cluster", "ClusterId"),
            "NodePoolInfo": {"Name": pool.name},
            "ScalingGroup": _without_empty(group),
            "KubernetesConfig": _kubernetes(pool) | settings.get("KubernetesConfig", {}),
        }
        if bounds.enabled:
            body["AutoScaling"] = {
                "Enable": True,
                "MinInstances": bounds.least,
                "MaxInstances": bounds.most,
                "Type": bounds.kind or "gpu",
            }
        else:
            body["Count"] = pool.desired
        name = f"NodePool{len([n for n in self._made if n.startswith('NodePool')]) + 1}"
        self._add(name, "ALIYUN::CS::ClusterNodePool", body, pool.id)
        waits = [other for other in self._made if re.fullmatch(r"SnatEntry\d+", other)]
        if waits:
            self._made[name]["DependsOn"] = waits


def _scaling_group(pool: NodePool) -> Body:
    (category, size), *data_disks = pool.disks or [("", 0)]
    limit = pool.spot_price_limit
    group: Body = {
        "InstanceTypes": list(pool.instance_types),
        "SpotStrategy": pool.spot_strategy,
        "SpotPriceLimit": [
            {"InstanceType": type_id, "PriceLimit": str(limit)}
            for type_id in pool.instance_types
            if limit is not None
        ],
        "SystemDiskCategory": category,
        "SystemDiskSize": size,
        "DataDisks": [{"Category": kind, "Size": gib} for kind, gib in data_disks],
        "Tags": _tags(pool.tags),
    }
    if pool.on_demand_base:
        group["OnDemandBaseCapacity"] = pool.on_demand_base
    if pool.charge_type == "PrePaid" and pool.period:
        group |= {"Period": pool.period, "PeriodUnit": "Month", "AutoRenew": pool.auto_renew}
    return group


def _kubernetes(pool: NodePool) -> Body:
    return _without_empty(
        {
            "Labels": [{"Key": key, "Value": value} for key, value in pool.labels.items()],
            "Taints": [{"Key": k, "Value": v, "Effect": e} for k, v, e in pool.taints],
            "UserData": pool.user_data,
        }
    )


def _attribute(name: str, attribute: str) -> Body:
    return {"Fn::GetAtt": [name, attribute]}


def _tags(tags: Mapping[str, str]) -> list[Body]:
    return [{"Key": key, "Value": value} for key, value in own_tags(tags).items()]


def _without_empty(body: Body) -> Body:
    """Zero and False say something; an empty text or list does not."""
    return {key: value for key, value in body.items() if value not in ("", [], None)}
