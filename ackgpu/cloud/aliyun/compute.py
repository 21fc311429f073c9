"""ECS: security groups, instances, instance types, stock, prices."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ackgpu.cloud.aliyun import compute_records as records
from ackgpu.cloud.aliyun.calls import ProductApi, required
from ackgpu.cloud.aliyun.pages import by_token, chunks
from ackgpu.cloud.aliyun.rows import amount, listed, rows_at, texts
from ackgpu.cloud.aliyun.shared_reads import A_LOOK, A_RUN, shared_for
from ackgpu.cloud.api import (
    Disk,
    Instance,
    InstanceType,
    NetworkInterface,
    NodePrice,
    Price,
    SecurityGroup,
    SecurityRule,
    SecurityRules,
    Stock,
    Tags,
)
from ackgpu.errors import CloudError

_PAGE = 100
_TYPES_A_CALL = 10
_ATTRIBUTES_A_CALL = 8
_NO_PRICE = ("PriceNotFound", "InvalidSystemDiskCategory", "InvalidInstanceType", "InstanceType")


class AliyunCompute(ProductApi):
    """:class:`~ackgpu.cloud.api.ComputeApi` over ECS 2014-05-26."""

    @shared_for(A_RUN)
    def regions(self) -> list[str]:
        body = self._calls.read("DescribeRegions", accept_language="en-US")
        return [*texts(row.region_id for row in listed(body.regions, "region"))]

    @shared_for(A_RUN)
    def zones(self) -> list[str]:
        body = self._calls.read("DescribeZones", region_id=self._region, verbose=False)
        return [*texts(row.zone_id for row in listed(body.zones, "zone"))]

    @shared_for(A_LOOK)
    def security_groups(
        self, *, vpc_id: str = "", tags: Tags | None = None, ids: Sequence[str] = ()
    ) -> list[SecurityGroup]:
        """Security groups; the API takes up to 100 ids."""
        action, place = "DescribeSecurityGroups", "security_groups.security_group"
        rows = self._listed(action, place, "security_group_id", tags, ids, vpc_id=vpc_id or None)
        return [records.security_group(row) for row in rows]

    def create_security_group(self, *, vpc_id: str, name: str, tags: Tags, token: str) -> str:
        """The id of a new group of the normal kind, without ingress rules."""
        body = self._calls.write(
            "CreateSecurityGroup",
            idempotent=True,
            region_id=self._region,
            vpc_id=vpc_id,
            security_group_name=name,
            security_group_type="normal",
            tag=self._calls.tags("CreateSecurityGroup", tags),
            client_token=token,
        )
        return required("CreateSecurityGroup", body, "security_group_id")

    def security_rules(self, security_group_id: str) -> SecurityRules:
        """The group's rules in both directions."""
        policies: list[str] = []

        def fetch(token: str | None) -> tuple[list[Any] | None, str | None]:
            body = self._calls.read(
                "DescribeSecurityGroupAttribute",
                region_id=self._region,
                security_group_id=security_group_id,
                direction="all",
                max_results=_PAGE,
                next_token=token,
            )
            policies.append(body.inner_access_policy or "")
            return rows_at(body, "permissions.permission"), body.next_token

        rows = by_token("DescribeSecurityGroupAttribute", fetch)
        rules = tuple(records.security_rule(row) for row in rows)
        # The first page's word: every page repeats it.
        return SecurityRules(rules, open_inside=policies[0].lower() == "accept")

    def authorize(
        self, security_group_id: str, rules: Sequence[SecurityRule], *, token: str
    ) -> None:
        permissions = [
            self._calls.model(
                "AuthorizeSecurityGroupRequestPermissions",
                ip_protocol=rule.protocol.upper(),
                port_range=rule.port_range,
                source_cidr_ip=rule.cidr or None,
                source_group_id=rule.group or None,
                policy="accept",
            )
            for rule in rules
        ]
        self._calls.write(
            "AuthorizeSecurityGroup",
            idempotent=True,
            region_id=self._region,
            security_group_id=security_group_id,
            permissions=permissions,
            client_token=token,
        )

    def delete_security_group(self, security_group_id: str) -> None:
        self._calls.remove(
            "DeleteSecurityGroup", region_id=self._region, security_group_id=security_group_id
        )

    @shared_for(A_LOOK)
    def instances(
        self, *, vpc_id: str = "", tags: Tags | None = None, ids: Sequence[str] = ()
    ) -> list[Instance]:
        """Instances; the API takes up to 100 ids."""
        action, place = "DescribeInstances", "instances.instance"
        rows = self._listed(action, place, "instance_id", tags, ids, vpc_id=vpc_id or None)
        return [records.instance(row) for row in rows]

    def console_output(self, instance_id: str) -> str:
        """What the instance has printed. The answer is Base64; bytes that are no text are marked.

        RemoveSymbols leaves out the escape sequences of a terminal.
        """
        body = self._calls.read(
            "GetInstanceConsoleOutput",
            region_id=self._region,
            instance_id=instance_id,
            remove_symbols=True,
        )
        return records.console_text(body.console_output or "")

    def delete_instance(self, instance_id: str) -> None:
        # A running instance is refused without force (ECS API reference, DeleteInstance).
        self._calls.remove("DeleteInstance", instance_id=instance_id, force=True)

    @shared_for(A_LOOK)
    def disks(self, *, tags: Tags | None = None, ids: Sequence[str] = ()) -> list[Disk]:
        """Disks; the API takes up to 100 ids."""
        rows = self._listed("DescribeDisks", "disks.disk", "disk_id", tags, ids)
        return [records.disk(row) for row in rows]

    def delete_disk(self, disk_id: str) -> None:
        self._calls.remove("DeleteDisk", disk_id=disk_id)

    @shared_for(A_LOOK)
    def interfaces(self, *, vpc_id: str = "", ids: Sequence[str] = ()) -> list[NetworkInterface]:
        """Network interfaces; the API takes up to 100 ids."""
        rows: list[Any] = []
        for some in chunks(ids, _PAGE):
            rows += self._calls.tokened(
                "DescribeNetworkInterfaces",
                rows="network_interface_sets.network_interface_set",
                key="network_interface_id",
                size=_PAGE,
                region_id=self._region,
                vpc_id=vpc_id or None,
                network_interface_id=list(some) if some else None,
            )
        return [records.interface(row) for row in rows]

    def delete_interface(self, interface_id: str) -> None:
        self._calls.remove(
            "DeleteNetworkInterface", region_id=self._region, network_interface_id=interface_id
        )

    def subscribe(self, instance_ids: Sequence[str], *, months: int, token: str) -> str:
        body = self._calls.write(
            "ModifyInstanceChargeType",
            idempotent=True,
            region_id=self._region,
            instance_ids=json.dumps(list(instance_ids)),
            instance_charge_type="PrePaid",
            period=months,
            period_unit="Month",
            include_data_disks=True,
            auto_pay=True,
            client_token=token,
        )
        return required("ModifyInstanceChargeType", body, "order_id")

    @shared_for(A_RUN)
    def instance_types(self, ids: Sequence[str]) -> list[InstanceType]:
        rows: list[Any] = []
        for some in chunks(ids, _TYPES_A_CALL):
            if some:
                rows += self._calls.tokened(
                    "DescribeInstanceTypes",
                    rows="instance_types.instance_type",
                    key="instance_type_id",
                    size=_PAGE,
                    instance_types=list(some),
                )
        return [records.instance_type(row) for row in rows]

    @shared_for(A_RUN)
    def stock(self, instance_type: str) -> list[Stock]:
        body = self._calls.read(
            "DescribeAvailableResource",
            region_id=self._region,
            destination_resource="InstanceType",
            instance_type=instance_type,
            instance_charge_type="PostPaid",
            io_optimized="optimized",
        )
        return [
            Stock(zone.zone_id, instance_type, row.status_category or "WithoutStock")
            for zone in listed(body.available_zones, "available_zone")
            for resource in listed(zone.available_resources, "available_resource")
            for row in listed(resource.supported_resources, "supported_resource")
            if row.value == instance_type and zone.zone_id
        ]

    def price(
        self,
        *,
        instance_type: str,
        zone_id: str,
        disks: Sequence[tuple[str, int]],
        spot: bool = False,
    ) -> NodePrice:
        """An hour of a node; unknown where ECS names no price."""
        try:
            body = self._describe_price(
                instance_type,
                zone_id,
                disks,
                spot_strategy="SpotAsPriceGo" if spot else None,
                price_unit="Hour",
                period=1,
            )
        except CloudError as error:
            if error.cloud_code.startswith(_NO_PRICE):
                unknown = Price(None, "", f"DescribePrice: {error.cloud_code}")
                return NodePrice(unknown, unknown)
            raise
        return records.node_price(getattr(body.price_info, "price", None))

    def subscription_price(
        self, *, instance_type: str, zone_id: str, disks: Sequence[tuple[str, int]], months: int
    ) -> Price:
        """The months of a node; unknown where ECS names no price."""
        try:
            body = self._describe_price(
                instance_type, zone_id, disks, price_unit="Month", period=months
            )
        except CloudError as error:
            if error.cloud_code.startswith(_NO_PRICE):
                return Price(None, "", f"DescribePrice: {error.cloud_code}")
            raise
        price = getattr(body.price_info, "price", None)
        total = amount(getattr(price, "trade_price", None))
        currency = getattr(price, "currency", None) or ""
        return Price(total, currency, "DescribePrice")

    def _describe_price(
        self, instance_type: str, zone_id: str, disks: Sequence[tuple[str, int]], **terms: Any
    ) -> Any:
        system, *data = disks
        model = self._calls.model
        return self._calls.read(
            "DescribePrice",
            region_id=self._region,
            resource_type="instance",
            instance_type=instance_type,
            zone_id=zone_id or None,
            system_disk=model("DescribePriceRequestSystemDisk", category=system[0], size=system[1]),
            data_disk=[
                model("DescribePriceRequestDataDisk", category=category, size=size)
                for category, size in data
            ]
            or None,
            amount=1,
            **terms,
        )

    def key_pairs(self, name: str) -> list[str]:
        rows = self._calls.numbered(
            "DescribeKeyPairs",
            rows="key_pairs.key_pair",
            key="key_pair_name",
            size=50,
            region_id=self._region,
            key_pair_name=name or None,
        )
        return [row.key_pair_name for row in rows]

    def account_attributes(self, names: Sequence[str]) -> Mapping[str, str]:
        """Account attributes such as ``max-security-groups``; the first value of each."""
        found: dict[str, str] = {}
        for some in chunks(names, _ATTRIBUTES_A_CALL):
            body = self._calls.read_limit(
                "DescribeAccountAttributes", region_id=self._region, attribute_name=some and [*some]
            )
            for row in listed(body.account_attribute_items, "account_attribute_item"):
                values = listed(row.attribute_values, "value_item")
                found[row.attribute_name] = str(values[0].value or "") if values else ""
        return found

    def _listed(
        self,
        action: str,
        place: str,
        key: str,
        tags: Tags | None,
        ids: Sequence[str],
        **fields: Any,
    ) -> list[Any]:
        """Every row, whose id has the name ``key``; its plural is what requests call the ids."""
        if tags:
            fields["tag"] = self._calls.tags(action, tags)
        found: list[Any] = []
        for some in chunks(ids, _PAGE):
            # A JSON array in a text, as ECS takes ids; VPC takes them joined by commas.
            fields[f"{key}s"] = json.dumps(list(some)) if some else None
            found += self._calls.tokened(
                action, rows=place, key=key, size=_PAGE, region_id=self._region, **fields
            )
        return found
