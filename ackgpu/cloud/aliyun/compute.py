"""ECS: security groups, instances, instance types, stock, prices."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

from ackgpu.cloud.aliyun import compute_records as records
from ackgpu.cloud.aliyun.calls import Calls, required
from ackgpu.cloud.aliyun.pages import by_number, by_token, chunks
from ackgpu.cloud.aliyun.rows import amount, listed, rows_of
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
_TAGGED_A_CALL = 50
_NO_PRICE = ("PriceNotFound", "InvalidSystemDiskCategory", "InvalidInstanceType", "InstanceType")


class AliyunCompute:
    """:class:`~ackgpu.cloud.api.ComputeApi` over ECS 2014-05-26."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._region = calls.region

    @shared_for(A_RUN)
    def regions(self) -> list[str]:
        """The account's regions."""
        body = self._calls.read("DescribeRegions", accept_language="en-US")
        return [row.region_id for row in listed(body.regions, "region")]

    @shared_for(A_RUN)
    def zones(self) -> list[str]:
        """The ids of the region's zones."""
        body = self._calls.read("DescribeZones", region_id=self._region, verbose=False)
        return [row.zone_id for row in listed(body.zones, "zone")]

    @shared_for(A_LOOK)
    def security_groups(
        self, *, vpc_id: str = "", tags: Tags | None = None, ids: Sequence[str] = ()
    ) -> list[SecurityGroup]:
        """Security groups; the API takes up to 100 ids."""
        rows = self._paged(
            "DescribeSecurityGroups",
            ("security_groups", "security_group", "security_group_id"),
            tags,
            ("security_group_ids", ids),
            vpc_id=vpc_id or None,
        )
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
            return rows_of(body.permissions, "permission"), body.next_token

        rows = by_token("DescribeSecurityGroupAttribute", fetch)
        rules = tuple(records.security_rule(row) for row in rows)
        return SecurityRules(rules, open_inside=policies[0].lower() == "accept")

    def authorize(
        self, security_group_id: str, rules: Sequence[SecurityRule], *, token: str
    ) -> None:
        """Accept what the rules say. One that exists already is accepted silently."""
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
        """Delete the group; NotYet while an instance or interface is in it."""
        self._calls.remove(
            "DeleteSecurityGroup", region_id=self._region, security_group_id=security_group_id
        )

    @shared_for(A_LOOK)
    def instances(
        self, *, vpc_id: str = "", tags: Tags | None = None, ids: Sequence[str] = ()
    ) -> list[Instance]:
        """Instances; the API takes up to 100 ids."""
        rows = self._paged(
            "DescribeInstances",
            ("instances", "instance", "instance_id"),
            tags,
            ("instance_ids", ids),
            vpc_id=vpc_id or None,
        )
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
        """Release a pay-as-you-go instance, also while it runs."""
        self._calls.remove("DeleteInstance", instance_id=instance_id, force=True)

    @shared_for(A_LOOK)
    def disks(self, *, tags: Tags | None = None, ids: Sequence[str] = ()) -> list[Disk]:
        """Disks; the API takes up to 100 ids."""
        rows = self._paged("DescribeDisks", ("disks", "disk", "disk_id"), tags, ("disk_ids", ids))
        return [records.disk(row) for row in rows]

    def delete_disk(self, disk_id: str) -> None:
        """Delete the disk; NotYet while an instance has it."""
        self._calls.remove("DeleteDisk", disk_id=disk_id)

    @shared_for(A_LOOK)
    def interfaces(self, *, vpc_id: str = "", ids: Sequence[str] = ()) -> list[NetworkInterface]:
        """Network interfaces; the API takes up to 100 ids."""
        key = attrgetter("network_interface_id")

        def rows_with(some: Sequence[str] | None) -> list[Any]:
            def fetch(token: str | None) -> tuple[list[Any] | None, str | None]:
                body = self._calls.read(
                    "DescribeNetworkInterfaces",
                    region_id=self._region,
                    vpc_id=vpc_id or None,
                    network_interface_id=list(some) if some else None,
                    max_results=_PAGE,
                    next_token=token,
                )
                return rows_of(
                    body.network_interface_sets, "network_interface_set"
                ), body.next_token

            return by_token("DescribeNetworkInterfaces", fetch, key=key)

        rows = [row for some in chunks(ids, _PAGE) for row in rows_with(some)]
        return [records.interface(row) for row in rows]

    def delete_interface(self, interface_id: str) -> None:
        """Delete the network interface; NotYet while an instance has it."""
        self._calls.remove(
            "DeleteNetworkInterface", region_id=self._region, network_interface_id=interface_id
        )

    def subscribe(self, instance_ids: Sequence[str], *, months: int, token: str) -> str:
        """Order a subscription for instances, paid at once with the account's money."""
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

    def tag(self, *, resource_type: str, ids: Sequence[str], tags: Tags) -> None:
        """Set tags on resources of a type such as instance, securitygroup; up to 50 a call."""
        for some in chunks(ids, _TAGGED_A_CALL):
            if some:
                self._calls.write(
                    "TagResources",
                    idempotent=True,
                    region_id=self._region,
                    resource_type=resource_type,
                    resource_id=list(some),
                    tag=self._calls.tags("TagResources", tags),
                )

    @shared_for(A_RUN)
    def instance_types(self, ids: Sequence[str]) -> list[InstanceType]:
        """The types of those ids that ECS knows, sold in the region or not."""
        rows: list[Any] = []
        for some in chunks(ids, _TYPES_A_CALL):
            if some:
                rows += self._types(list(some))
        return [records.instance_type(row) for row in rows]

    @shared_for(A_RUN)
    def stock(self, instance_type: str) -> list[Stock]:
        """Every zone of the region that sells the type, and whether it has it now."""
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
            if row.value == instance_type
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
        """The names of the key pairs that ``name`` matches; ``*`` is a wildcard."""

        def fetch(page: int) -> tuple[list[Any] | None, int | None]:
            body = self._calls.read(
                "DescribeKeyPairs",
                region_id=self._region,
                key_pair_name=name or None,
                page_number=page,
                page_size=50,
            )
            return rows_of(body.key_pairs, "key_pair"), body.total_count

        rows = by_number("DescribeKeyPairs", fetch, key=attrgetter("key_pair_name"))
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

    def _paged(
        self,
        action: str,
        path: tuple[str, str, str],
        tags: Tags | None,
        ids: tuple[str, Sequence[str]],
        **fields: Any,
    ) -> list[Any]:
        """Every row; ``path``: the wrapper, its list, and a row's id."""
        wrapper, rows, id_field = path
        parameter, wanted = ids
        if tags:
            fields["tag"] = self._calls.tags(action, tags)
        found: list[Any] = []
        for some in chunks(wanted, _PAGE):
            fields[parameter] = json.dumps(list(some)) if some else None

            def fetch(token: str | None) -> tuple[list[Any] | None, str | None]:
                body = self._calls.read(
                    action, region_id=self._region, max_results=_PAGE, next_token=token, **fields
                )
                return rows_of(getattr(body, wrapper, None), rows), body.next_token

            found += by_token(action, fetch, key=attrgetter(id_field))
        return found

    def _types(self, ids: list[str]) -> list[Any]:
        def fetch(token: str | None) -> tuple[list[Any] | None, str | None]:
            body = self._calls.read(
                "DescribeInstanceTypes", instance_types=ids, max_results=_PAGE, next_token=token
            )
            return rows_of(body.instance_types, "instance_type"), body.next_token

        return by_token("DescribeInstanceTypes", fetch, key=attrgetter("instance_type_id"))
