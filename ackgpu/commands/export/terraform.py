"""``export terraform``: what stands as HCL for the provider ``aliyun/alicloud``, with imports.

Attribute names and the forms of ids are those of the provider's documentation (1.241 and later).
What the provider uses while it creates alone, or may not read back (UNCONFIRMED for proxy_mode),
stands in ``ignore_changes``: the first apply must change nothing. What was given to ackgpu is not
taken over, but named once under ``locals``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ackgpu.cloud.api import Eip, NatGateway, NodePool, VSwitch
from ackgpu.commands.export import hcl
from ackgpu.commands.export.hcl import Block, Expression
from ackgpu.commands.export.snapshot import ClusterSnapshot
from ackgpu.errors import UsageError
from ackgpu.inventory.ownership import ACK_TAG
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

MIN_TERRAFORM = ">= 1.5.0"
"""import blocks came with 1.5."""
MIN_PROVIDER = ">= 1.241.0"
"""Where alicloud_cs_managed_kubernetes got vswitch_ids."""
CREATED_WITH = (
    "addons", "name_prefix", "new_nat_gateway", "node_cidr_mask", "pod_vswitch_ids", "proxy_mode",
    "slb_internet_enabled",
)  # fmt: skip
POOL_CREATED_WITH = ("image_id", "install_cloud_monitor", "password")


def to_terraform(standing: ClusterSnapshot) -> str:
    """The text of the file; raises UsageError for a dedicated cluster."""
    if standing.cluster.cluster_type != "ManagedKubernetes":
        raise UsageError(
            f"{standing.cluster.name} is a {standing.cluster.cluster_type} cluster: only managed"
            " ones can be exported to Terraform.",
            resolution="ackgpu export spec writes its cluster.yaml.",
        )
    return hcl.write(_File(standing).blocks())


class _File:
    def __init__(self, standing: ClusterSnapshot) -> None:
        self._standing = standing
        self._resources: list[Block] = []
        self._locals: dict[str, str] = {}

    def blocks(self) -> list[Block]:
        self._network()
        if self._standing.nat_gateway is not None:
            self._way_out(self._standing.nat_gateway)
        self._cluster()
        for pool in self._standing.node_pools:
            self._pool(pool)
        given = [Block("locals", (), self._locals)] if self._locals else []
        return [*_head(self._standing.cluster.region), *given, *self._resources]

    def _add(self, kind: str, name: str, import_id: str, body: Mapping[str, Any]) -> None:
        self._resources += [
            Block("resource", (kind, name), body),
            Block("import", (), {"to": Expression(f"{kind}.{name}"), "id": import_id}),
        ]

    def _reference(self, kind: str, name: str, id_: str) -> Expression:
        """How others name it: the resource where it is ours, else its id under ``locals``."""
        if id_ in self._standing.ours:
            return Expression(f"{kind}.{name}.id")
        self._locals[f"{name}_id"] = id_
        return Expression(f"local.{name}_id")

    @property
    def _vpc_id(self) -> Expression:
        return self._reference(VPC.terraform, "vpc", self._standing.vpc.id)

    @property
    def _group_id(self) -> Expression | None:
        group = self._standing.group
        if group is None:
            return None
        return self._reference(SECURITY_GROUP.terraform, "nodes", group.id)

    def _vswitch_id(self, vswitch: VSwitch) -> Expression:
        return self._reference(VSWITCH.terraform, self._zone_name(vswitch), vswitch.id)

    def _zone_name(self, vswitch: VSwitch) -> str:
        zone = vswitch.zone_id.rpartition("-")[2]
        pods = vswitch in self._standing.pod_vswitches
        among = self._standing.pod_vswitches if pods else self._standing.vswitches
        alike = [v.id for v in among if v.zone_id == vswitch.zone_id]
        number = f"_{alike.index(vswitch.id) + 1}" if len(alike) > 1 else ""
        return f"vswitch_{zone}{'_pods' if pods else ''}{number}"

    def _network(self) -> None:
        standing = self._standing
        vpc, group = standing.vpc, standing.group
        if vpc.id in standing.ours:
            body = {"vpc_name": vpc.name, "cidr_block": vpc.cidr}
            self._add(VPC.terraform, "vpc", vpc.id, body | _tags(vpc.tags))
        for vswitch in standing.all_vswitches:
            if vswitch.id in standing.ours:
                name = self._zone_name(vswitch)
                self._add(VSWITCH.terraform, name, vswitch.id, self._vswitch(vswitch))
        if group is not None and group.id in standing.ours:
            named = {"security_group_name": group.name, "vpc_id": self._vpc_id}
            self._add(SECURITY_GROUP.terraform, "nodes", group.id, named | _tags(group.tags))
            self._rules(group.id)

    def _vswitch(self, vswitch: VSwitch) -> dict[str, Any]:
        return {
            "vswitch_name": vswitch.name,
            "vpc_id": self._vpc_id,
            "zone_id": vswitch.zone_id,
            "cidr_block": vswitch.cidr,
        } | _tags(vswitch.tags)

    def _rules(self, group_id: str) -> None:
        """Each rule's id is made of what it says; priority 1 is what ackgpu asks for."""
        for number, rule in enumerate(self._standing.rules, start=1):
            parts = (group_id, "ingress", rule.protocol, rule.port_range, "intranet",
                     rule.cidr or rule.group, "accept", "1")  # fmt: skip
            body = {
                "security_group_id": self._group_id,
                "type": "ingress",
                "ip_protocol": rule.protocol,
                "port_range": rule.port_range,
                "nic_type": "intranet",
                "policy": "accept",
                "priority": 1,
            }
            if rule.cidr:
                body["cidr_ip"] = rule.cidr
            else:
                own = self._group_id if rule.group == group_id else rule.group
                body["source_security_group_id"] = own
            self._add("alicloud_security_group_rule", f"rule_{number}", ":".join(parts), body)

    def _way_out(self, gateway: NatGateway) -> None:
        standing = self._standing
        if gateway.id in standing.ours:
            inside = next((v for v in standing.vswitches if v.id == gateway.vswitch_id), None)
            body = {
                "nat_gateway_name": gateway.name,
                "vpc_id": self._vpc_id,
                "vswitch_id": self._vswitch_id(inside) if inside else gateway.vswitch_id,
                "nat_type": "Enhanced",
                "payment_type": "PayAsYouGo",
            }
            self._add(NAT_GATEWAY.terraform, "nat", gateway.id, body | _tags(gateway.tags))
            if standing.eip is not None:
                self._address(gateway, standing.eip)
        for entry in standing.snat_entries:
            vswitch = next(v for v in standing.all_vswitches if v.id == entry.vswitch_id)
            body = {
                "snat_entry_name": entry.name,
                "snat_table_id": (
                    Expression(f"{NAT_GATEWAY.terraform}.nat.snat_table_ids")
                    if gateway.id in standing.ours
                    else gateway.snat_table_id
                ),
                "source_vswitch_id": self._vswitch_id(vswitch),
                "snat_ip": self._snat_address(entry.address),
            }
            if standing.eip is not None and gateway.id in standing.ours:
                body["depends_on"] = [Expression("alicloud_eip_association.nat")]
            if entry.id in standing.ours:
                name = self._zone_name(vswitch).replace("vswitch", "snat")
                self._add(SNAT_ENTRY.terraform, name, f"{entry.table_id}:{entry.id}", body)

    def _address(self, gateway: NatGateway, eip: Eip) -> None:
        if eip.id in self._standing.ours:
            body = {
                "address_name": eip.name,
                "bandwidth": str(eip.bandwidth_mbps),
                "internet_charge_type": "PayByTraffic",
                "payment_type": "PayAsYouGo",
            }
            self._add(EIP.terraform, "nat", eip.id, body | _tags(eip.tags))
        binding = {
            "allocation_id": self._reference(EIP.terraform, "nat", eip.id),
            "instance_id": self._reference(NAT_GATEWAY.terraform, "nat", gateway.id),
            "instance_type": "Nat",
        }
        self._add("alicloud_eip_association", "nat", f"{eip.id}:{gateway.id}", binding)

    def _snat_address(self, address: str) -> Expression | str:
        eip = self._standing.eip
        if eip is not None and eip.id in self._standing.ours:
            return Expression(f"{EIP.terraform}.nat.ip_address")
        return address

    def _cluster(self) -> None:
        standing = self._standing
        cluster = standing.cluster
        body: dict[str, Any] = {
            "name": cluster.name,
            "version": cluster.version,
            "vswitch_ids": [self._vswitch_id(vswitch) for vswitch in standing.vswitches],
            "security_group_id": self._group_id,
            "pod_vswitch_ids": [self._vswitch_id(vswitch) for vswitch in self._pods()],
            "node_cidr_mask": cluster.node_cidr_mask if standing.flannel else 0,
            "timezone": cluster.settings.get("timezone"),
            "new_nat_gateway": False,
        } | named(cluster, "terraform")
        addons = tuple(
            Block("addons", (), _without_empty({"name": addon.name, "config": addon.config}))
            for addon in standing.addons
        )
        blocks = {"addons": addons} if addons else {}
        whole = _without_empty(body) | _tags(cluster.tags) | blocks | _ignored(CREATED_WITH)
        self._add(CLUSTER.terraform, "cluster", cluster.id, whole)

    def _pods(self) -> tuple[VSwitch, ...]:
        """Where Terway's pods have their addresses."""
        standing = self._standing
        return () if standing.flannel else standing.pod_vswitches or standing.vswitches

    def _pool(self, pool: NodePool) -> None:
        cluster = self._standing.cluster
        vswitches = [v for v in self._standing.vswitches if v.id in pool.vswitch_ids]
        body: dict[str, Any] = {
            "cluster_id": Expression(f"{CLUSTER.terraform}.cluster.id"),
            "node_pool_name": pool.name,
            "vswitch_ids": [self._vswitch_id(vswitch) for vswitch in vswitches],
            "security_group_ids": [self._group_id] if self._group_id else [],
        }
        body |= pool_arguments(pool)
        if not pool.auto_scaling.enabled:
            body["desired_size"] = pool.desired
        more = _tags(pool.tags) | pool_blocks(pool) | _ignored(POOL_CREATED_WITH)
        name = f"pool_{re.sub(r'[^A-Za-z0-9_-]', '_', pool.name)}"
        whole = _keeping_zero(body) | more
        self._add("alicloud_cs_kubernetes_node_pool", name, f"{cluster.id}:{pool.id}", whole)


def _head(region: str) -> list[Block]:
    provider = {"source": "aliyun/alicloud", "version": MIN_PROVIDER}
    providers = Block("required_providers", (), {"alicloud": provider})
    terraform = {"required_version": MIN_TERRAFORM, "required_providers": providers}
    return [
        Block("terraform", (), terraform),
        Block("provider", ("alicloud",), {"region": region}),
    ]


def _tags(tags: Mapping[str, str]) -> dict[str, Any]:
    """All of them, ackgpu's too: an apply must not take them off.

    But for ACK's own, which the provider does not show (UNCONFIRMED).
    """
    shown = {key: value for key, value in tags.items() if key != ACK_TAG}
    return {"tags": shown} if shown else {}


def _ignored(attributes: tuple[str, ...]) -> dict[str, Any]:
    names = [Expression(name) for name in sorted(attributes)]
    return {"lifecycle": Block("lifecycle", (), {"ignore_changes": names})}


def _without_empty(body: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in body.items() if v is False or v not in ("", 0, None, [])}


def _keeping_zero(body: Mapping[str, Any]) -> dict[str, Any]:
    """As :func:`_without_empty`, but a pool of 0 nodes has that size."""
    size = {"desired_size": body["desired_size"]} if "desired_size" in body else {}
    return _without_empty(body) | size


Body = dict[str, Any]


def pool_arguments(pool: NodePool) -> Body:
    """What stands on one line, but for size, network and tags; empty ones are there too."""
    (category, size), *_ = pool.disks or [("", 0)]
    body: Body = {
        "instance_types": list(pool.instance_types),
        "spot_strategy": pool.spot_strategy,
        "on_demand_base_capacity": str(pool.on_demand_base or ""),
        "system_disk_category": category,
        "system_disk_size": size,
        "user_data": pool.user_data,
    }
    if pool.charge_type == "PrePaid" and pool.period:
        body |= {"period": pool.period, "period_unit": "Month", "auto_renew": pool.auto_renew}
    return body | named(pool, "terraform")


def pool_blocks(pool: NodePool) -> Body:
    """What is a block of its own, by the block's name; without those that there are none of."""
    bounds, limit = pool.auto_scaling, pool.spot_price_limit
    rows: dict[str, list[Body]] = {
        "data_disks": [{"category": kind, "size": gib} for kind, gib in pool.disks[1:]],
        "labels": [{"key": key, "value": value} for key, value in pool.labels.items()],
        "taints": [{"key": k, "value": v, "effect": e} for k, v, e in pool.taints],
        "spot_price_limit": [
            {"instance_type": type_id, "price_limit": str(limit)}
            for type_id in pool.instance_types
            if limit is not None
        ],
    }
    blocks: Body = {
        name: tuple(Block(name, (), body) for body in bodies)
        for name, bodies in rows.items()
        if bodies
    }
    if bounds.enabled:
        scaling = {"enable": True, "min_size": bounds.least, "max_size": bounds.most,
                   "type": bounds.kind or "gpu"}  # fmt: skip
        blocks["scaling_config"] = Block("scaling_config", (), scaling)
    return blocks
