"""VPC: VPCs, vSwitches, NAT gateways, EIPs, SNAT and route entries."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from ackgpu.cloud.aliyun import network_records as records
from ackgpu.cloud.aliyun.calls import ProductApi, required
from ackgpu.cloud.aliyun.pages import by_token, chunks
from ackgpu.cloud.aliyun.rows import listed, rows_at, texts
from ackgpu.cloud.aliyun.shared_reads import A_LOOK, A_RUN, shared_for
from ackgpu.cloud.api import Eip, NatGateway, RouteEntry, RouteTable, SnatEntry, Tags, Vpc, VSwitch

_PAGE = 50
_VPC_IDS = 20
_EIP_IDS = 50
_TAGGED_IDS = 20


class AliyunNetwork(ProductApi):
    """:class:`~ackgpu.cloud.api.NetworkApi` over VPC 2016-04-28."""

    @shared_for(A_LOOK)
    def vpcs(self, *, tags: Tags | None = None, ids: Sequence[str] = ()) -> list[Vpc]:
        """VPCs; the API takes up to 20 ids as a comma list."""
        rows = self._listed("DescribeVpcs", "vpcs.vpc", "vpc_id", tags, (ids, _VPC_IDS))
        return [records.vpc(row) for row in rows]

    def create_vpc(self, *, name: str, cidr: str, tags: Tags, token: str) -> str:
        return self._create("CreateVpc", "vpc_id", tags, token, vpc_name=name, cidr_block=cidr)

    def delete_vpc(self, vpc_id: str) -> None:
        self._calls.remove("DeleteVpc", region_id=self._region, vpc_id=vpc_id)

    @shared_for(A_LOOK)
    def vswitches(
        self, *, vpc_id: str = "", tags: Tags | None = None, ids: Sequence[str] = ()
    ) -> list[VSwitch]:
        """VSwitches; the API filters by one id a call."""
        action, place = "DescribeVSwitches", "v_switches.v_switch"
        rows = self._listed(action, place, "v_switch_id", tags, (ids, 1), vpc_id=vpc_id or None)
        return [records.vswitch(row) for row in rows]

    def create_vswitch(  # noqa: PLR0913
        self, *, vpc_id: str, zone_id: str, name: str, cidr: str, tags: Tags, token: str
    ) -> str:
        return self._create(
            "CreateVSwitch",
            "v_switch_id",
            tags,
            token,
            vpc_id=vpc_id,
            zone_id=zone_id,
            v_switch_name=name,
            cidr_block=cidr,
        )

    def delete_vswitch(self, vswitch_id: str) -> None:
        self._calls.remove("DeleteVSwitch", region_id=self._region, v_switch_id=vswitch_id)

    @shared_for(A_LOOK)
    def nat_gateways(
        self, *, vpc_id: str = "", tags: Tags | None = None, ids: Sequence[str] = ()
    ) -> list[NatGateway]:
        """NAT gateways; the API filters by one id a call.

        Whether DescribeNatGateways answers with tags is UNCONFIRMED: where a gateway shows none,
        ListTagResources is asked.
        """
        action, place = "DescribeNatGateways", "nat_gateways.nat_gateway"
        rows = self._listed(action, place, "nat_gateway_id", tags, (ids, 1), vpc_id=vpc_id or None)
        bare = [row.nat_gateway_id for row in rows if not listed(row.tags, "tag")]
        looked_up = self._tags_of_nat_gateways(bare)
        return [records.nat_gateway(row, looked_up.get(row.nat_gateway_id, {})) for row in rows]

    def create_nat_gateway(
        self, *, vpc_id: str, vswitch_id: str, name: str, tags: Tags, token: str
    ) -> str:
        return self._create(
            "CreateNatGateway",
            "nat_gateway_id",
            tags,
            token,
            vpc_id=vpc_id,
            v_switch_id=vswitch_id,
            name=name,
            nat_type="Enhanced",
            internet_charge_type="PayByLcu",
            network_type="internet",
        )

    def delete_nat_gateway(self, nat_gateway_id: str) -> None:
        """Ask that it goes; NotYet while EIPs or entries are on it.

        Not forced: that would unbind EIPs which nobody then knows to release.
        """
        self._calls.remove(
            "DeleteNatGateway", region_id=self._region, nat_gateway_id=nat_gateway_id
        )

    @shared_for(A_RUN)
    def nat_zones(self) -> list[str]:
        action = "ListEnhanhcedNatGatewayAvailableZones"  # so spelt by the API
        # An enhanced NAT gateway is not to be had in every zone of a region.
        body = self._calls.read(action, region_id=self._region)
        return [*texts(row.zone_id for row in listed(body, "zones"))]

    @shared_for(A_LOOK)
    def eips(self, *, tags: Tags | None = None, ids: Sequence[str] = ()) -> list[Eip]:
        """EIPs; the API takes up to 50 ids as a comma list."""
        action, place = "DescribeEipAddresses", "eip_addresses.eip_address"
        rows = self._listed(action, place, "allocation_id", tags, (ids, _EIP_IDS))
        return [records.eip(row) for row in rows]

    def allocate_eip(self, *, name: str, bandwidth_mbps: int, tags: Tags, token: str) -> str:
        """The id of a new EIP, paid by traffic; ``bandwidth_mbps`` is its peak, 1 to 200."""
        return self._create(
            "AllocateEipAddress",
            "allocation_id",
            tags,
            token,
            name=name,
            bandwidth=str(bandwidth_mbps),
            internet_charge_type="PayByTraffic",
            instance_charge_type="PostPaid",
        )

    def associate_eip(self, *, eip_id: str, nat_gateway_id: str, token: str) -> None:
        self._calls.write(
            "AssociateEipAddress",
            idempotent=True,
            region_id=self._region,
            allocation_id=eip_id,
            instance_id=nat_gateway_id,
            instance_type="Nat",
            client_token=token,
        )

    def unassociate_eip(self, *, eip_id: str, nat_gateway_id: str) -> None:
        self._calls.remove(
            "UnassociateEipAddress",
            region_id=self._region,
            allocation_id=eip_id,
            instance_id=nat_gateway_id,
            instance_type="Nat",
        )

    def release_eip(self, eip_id: str) -> None:
        self._calls.remove("ReleaseEipAddress", region_id=self._region, allocation_id=eip_id)

    @shared_for(A_LOOK)
    def snat_entries(self, *, table_id: str) -> list[SnatEntry]:
        action, place = "DescribeSnatTableEntries", "snat_table_entries.snat_table_entry"
        rows = self._listed(action, place, "snat_entry_id", snat_table_id=table_id)
        return [records.snat_entry(row) for row in rows]

    def create_snat_entry(
        self, *, table_id: str, vswitch_id: str, address: str, name: str, token: str
    ) -> str:
        """The id of a new SNAT entry; NotYet for some seconds after the EIP was bound."""
        return self._create(
            "CreateSnatEntry",
            "snat_entry_id",
            None,
            token,
            snat_table_id=table_id,
            source_vswitch_id=vswitch_id,
            snat_ip=address,
            snat_entry_name=name,
        )

    def delete_snat_entry(self, *, table_id: str, entry_id: str) -> None:
        self._calls.remove(
            "DeleteSnatEntry",
            region_id=self._region,
            snat_table_id=table_id,
            snat_entry_id=entry_id,
        )

    def route_tables(self, *, vpc_id: str) -> list[RouteTable]:
        action, place = "DescribeRouteTableList", "router_table_list.router_table_list_type"
        rows = self._listed(action, place, "route_table_id", vpc_id=vpc_id)
        return [records.route_table(row) for row in rows]

    def route_entries(self, *, table_id: str) -> list[RouteEntry]:
        def fetch(token: str | None) -> tuple[list[Any] | None, str | None]:
            body = self._calls.read(
                "DescribeRouteEntryList",
                region_id=self._region,
                route_table_id=table_id,
                # What the limit of 48 counts; the system's own entries do not.
                route_entry_type="Custom",
                max_result=100,
                next_token=token,
            )
            return rows_at(body, "route_entrys.route_entry"), body.next_token

        rows = by_token("DescribeRouteEntryList", fetch, key=attrgetter("route_entry_id"))
        return [records.route_entry(row) for row in rows]

    def _create(
        self, action: str, id_field: str, tags: Tags | None, token: str, **fields: Any
    ) -> str:
        if tags:
            fields["tag"] = self._calls.tags(action, tags)
        # Every one of these takes a client token, so that
        # a repeat makes nothing twice (published facts).
        body = self._calls.write(
            action, idempotent=True, region_id=self._region, client_token=token, **fields
        )
        return required(action, body, id_field)

    def _listed(
        self,
        action: str,
        place: str,
        key: str,
        tags: Tags | None = None,
        ids: tuple[Sequence[str], int] = ((), 1),
        **fields: Any,
    ) -> list[Any]:
        """Every row. Its id is ``key``, in requests too. ``ids``: some, and how many a call."""
        if tags:
            fields["tag"] = self._calls.tags(action, tags)
        rows: list[Any] = []
        for some in chunks(*ids):
            if some:
                fields[key] = ",".join(some)
            rows += self._calls.numbered(
                action, rows=place, key=key, size=_PAGE, region_id=self._region, **fields
            )
        return rows

    def _tags_of_nat_gateways(self, ids: Sequence[str]) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        for some in filter(None, chunks(ids, _TAGGED_IDS)):
            rows = self._calls.tokened(
                "ListTagResources",
                rows="tag_resources.tag_resource",
                key="",
                size=_PAGE,
                region_id=self._region,
                resource_type="NATGATEWAY",
                resource_id=list(some),
            )
            for row in rows:
                found.setdefault(row.resource_id, {})[row.tag_key] = row.tag_value or ""
        return found
