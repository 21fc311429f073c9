from __future__ import annotations

import pytest

from ackgpu import errors
from ackgpu.clock import ManualClock
from ackgpu.cloud.aliyun.cloud import AliyunCloud
from ackgpu.emulator import Emulator
from tests.contract.account import OURS, gateway, network


def test_a_vpc_is_made_with_its_tags_and_found_by_them(
    cloud: AliyunCloud, clock: ManualClock
) -> None:
    vpc, _ = network(cloud, clock)
    found = cloud.network.vpcs(tags=OURS)
    assert [row.id for row in found] == [vpc]
    assert (found[0].name, found[0].cidr, found[0].state) == ("demo", "192.168.0.0/16", "Available")
    assert found[0].tags == OURS
    assert found[0].route_table_id.startswith("vtb-")
    assert cloud.network.vpcs(ids=[vpc]) == found
    assert cloud.network.vpcs(tags={**OURS, "owner": "else"}) == []
    assert cloud.network.vpcs(ids=["vpc-nowhere"]) == []


def test_a_repeated_token_makes_no_second_vpc(cloud: AliyunCloud) -> None:
    make = {"name": "demo", "cidr": "192.168.0.0/16", "tags": OURS, "token": "once"}
    assert cloud.network.create_vpc(**make) == cloud.network.create_vpc(**make)
    assert len(cloud.network.vpcs()) == 1


def test_a_vswitch_waits_for_the_one_before_it(cloud: AliyunCloud, clock: ManualClock) -> None:
    vpc, vswitch = network(cloud, clock)
    zone = cloud.network.vswitches(ids=[vswitch])[0].zone_id
    make = {"vpc_id": vpc, "zone_id": zone, "tags": {}}
    cloud.network.create_vswitch(**make, name="b", cidr="192.168.1.0/24", token="t2")
    with pytest.raises(errors.NotYet):
        cloud.network.create_vswitch(**make, name="c", cidr="192.168.2.0/24", token="t3")
    found = cloud.network.vswitches(vpc_id=vpc)
    assert {row.cidr for row in found} == {"192.168.0.0/24", "192.168.1.0/24"}
    assert all(row.free_addresses > 200 for row in found)


def test_the_way_out_is_made_and_removed_in_order(cloud: AliyunCloud, clock: ManualClock) -> None:
    vpc, vswitch = network(cloud, clock)
    nat, eip = gateway(cloud, clock, vpc, vswitch)
    found = cloud.network.nat_gateways(tags=OURS)[0]
    assert (found.id, found.state, found.vswitch_id) == (nat, "Available", vswitch)
    assert found.tags == OURS
    assert found.eip_ids == (eip,)
    address = cloud.network.eips(ids=[eip])[0]
    assert (address.state, address.bound_to, address.bandwidth_mbps) == ("InUse", nat, 100)
    entry = cloud.network.create_snat_entry(
        table_id=found.snat_table_id,
        vswitch_id=vswitch,
        address=address.address,
        name="demo",
        token="snat-1",
    )
    clock.advance(20)
    entries = cloud.network.snat_entries(table_id=found.snat_table_id)
    assert [(row.id, row.vswitch_id, row.name) for row in entries] == [(entry, vswitch, "demo")]
    routes = cloud.network.route_entries(table_id=cloud.network.vpcs(ids=[vpc])[0].route_table_id)
    assert [(row.cidr, row.next_hop) for row in routes] == [("0.0.0.0/0", nat)]

    with pytest.raises(errors.NotYet):
        cloud.network.unassociate_eip(eip_id=eip, nat_gateway_id=nat)
    with pytest.raises(errors.NotYet):
        cloud.network.delete_nat_gateway(nat)
    cloud.network.delete_snat_entry(table_id=found.snat_table_id, entry_id=entry)
    clock.advance(20)
    with pytest.raises(errors.NotYet):
        cloud.network.release_eip(eip)
    cloud.network.unassociate_eip(eip_id=eip, nat_gateway_id=nat)
    clock.advance(20)
    cloud.network.release_eip(eip)
    cloud.network.delete_nat_gateway(nat)
    with pytest.raises(errors.NotYet):
        cloud.network.delete_vswitch(vswitch)
    clock.advance(120)
    cloud.network.delete_vswitch(vswitch)
    clock.advance(20)
    cloud.network.delete_vpc(vpc)
    clock.advance(20)
    assert cloud.network.vpcs() == []
    assert cloud.network.eips() == []
    assert cloud.network.nat_gateways() == []


def test_deleting_what_is_not_there_is_no_error(cloud: AliyunCloud) -> None:
    cloud.network.delete_vpc("vpc-nowhere")
    cloud.network.delete_vswitch("vsw-nowhere")
    cloud.network.delete_nat_gateway("ngw-nowhere")
    cloud.network.release_eip("eip-nowhere")
    cloud.network.delete_snat_entry(table_id="stb-nowhere", entry_id="snat-nowhere")
    cloud.compute.delete_security_group("sg-nowhere")
    cloud.compute.delete_instance("i-nowhere")
    cloud.balancers.delete_load_balancer("lb-nowhere")


def test_a_wrong_region_is_not_taken_for_nothing_left(cloud: AliyunCloud) -> None:
    with pytest.raises(errors.CloudError) as caught:
        cloud.in_region("cn-atlantis").network.delete_vpc("vpc-1")
    assert caught.value.cloud_code == "InvalidRegionId.NotFound"
    assert "--region" in str(caught.value.resolution)


def test_lists_longer_than_a_page_are_complete(cloud: AliyunCloud, clock: ManualClock) -> None:
    vpc, vswitch = network(cloud, clock)
    zone = cloud.network.vswitches(ids=[vswitch])[0].zone_id
    for number in range(1, 60):
        clock.advance(10)
        cloud.network.create_vswitch(
            vpc_id=vpc,
            zone_id=zone,
            name=f"s{number}",
            cidr=f"192.168.{number}.0/24",
            tags={},
            token=f"many-{number}",
        )
    found = cloud.network.vswitches(vpc_id=vpc)
    assert len({row.id for row in found}) == len(found) == 60


def test_tags_are_set_later_too(cloud: AliyunCloud, clock: ManualClock) -> None:
    vpc, _ = network(cloud, clock)
    cloud.network.tag(resource_type="VPC", ids=[vpc], tags={"held": "yes"})
    assert cloud.network.vpcs(ids=[vpc])[0].tags == {**OURS, "held": "yes"}


def test_regions_do_not_see_each_other(cloud: AliyunCloud, clock: ManualClock) -> None:
    network(cloud, clock)
    other = cloud.in_region("cn-shanghai")
    assert other.region == "cn-shanghai"
    assert other.network.vpcs() == []
    assert len(cloud.network.vpcs()) == 1


def test_reading_changes_nothing(
    cloud: AliyunCloud, clock: ManualClock, emulator: Emulator
) -> None:
    vpc, vswitch = network(cloud, clock)
    before = len([row for row in emulator.requests if row.writes])
    cloud.network.vpcs()
    cloud.network.vswitches(vpc_id=vpc, ids=[vswitch])
    cloud.network.nat_zones()
    assert len([row for row in emulator.requests if row.writes]) == before
