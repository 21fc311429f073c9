"""Classic load balancers, their listeners and servers through the SDK."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from tests.emulator.net.apis import REGION, Api, Network


@pytest.fixture
def vswitch_id(network: Network) -> str:
    return network.vswitch(network.vpc())


@pytest.fixture
def balancer_id(slb: Api) -> str:
    return str(slb("CreateLoadBalancer", LoadBalancerName="lb")["LoadBalancerId"])


def only(slb: Api, **filters: Any) -> dict[str, Any]:
    (row,) = slb("DescribeLoadBalancers", **filters)["LoadBalancers"]["LoadBalancer"]
    return row


def attribute(slb: Api, balancer_id: str) -> dict[str, Any]:
    return slb("DescribeLoadBalancerAttribute", LoadBalancerId=balancer_id)


def test_an_intranet_balancer_lives_in_its_vswitch(slb: Api, vpc: Api, vswitch_id: str):
    made = slb(
        "CreateLoadBalancer",
        AddressType="intranet",
        VSwitchId=vswitch_id,
        LoadBalancerName="api",
        Tag=[{"Key": "team", "Value": "x"}],
    )
    assert made["Address"].startswith("10.1.0.")
    assert made["NetworkType"] == "vpc"
    row = only(slb)
    assert (row["LoadBalancerStatus"], row["MasterZoneId"]) == ("active", f"{REGION}-k")
    assert row["Tags"] == {"Tag": [{"TagKey": "team", "TagValue": "x"}]}
    assert (row["InternetChargeType"], row["InternetChargeTypeAlias"]) == ("4", "paybytraffic")
    assert row["VpcId"] == made["VpcId"]
    refusal = vpc.refusal("DeleteVSwitch", VSwitchId=vswitch_id)
    assert refusal == ("DependencyViolation", 400)
    slb("DeleteLoadBalancer", LoadBalancerId=made["LoadBalancerId"])
    assert slb("DescribeLoadBalancers")["TotalCount"] == 0
    vpc("DeleteVSwitch", VSwitchId=vswitch_id)


def test_what_was_not_supplied_reads_back_as_the_defaults(slb: Api):
    made = slb("CreateLoadBalancer")
    body = attribute(slb, made["LoadBalancerId"])
    assert made["LoadBalancerName"] == body["LoadBalancerName"] == made["LoadBalancerId"]
    assert (body["AddressType"], body["NetworkType"]) == ("internet", "classic")
    assert (body["VpcId"], body["VSwitchId"]) == ("", "")
    assert body["ListenerPorts"] == {"ListenerPort": []}
    assert body["BackendServers"] == {"BackendServer": []}
    assert body["DeleteProtection"] == "off"
    assert body["InternetChargeType"] == "paybytraffic"


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        ({"AddressType": "intranet"}, "MissingParam.VSwitchId"),
        ({"AddressType": "intranet", "VSwitchId": "vsw-none"}, "InvalidVSwitchId.NotFound"),
        ({"Bandwidth": 0}, "InvalidParameter.Bandwidth"),
        ({"DeleteProtection": "maybe"}, "InvalidParameter"),
        ({"ModificationProtectionStatus": "x"}, "InvalidParam.ModificationProtectionStatus"),
    ],
)
def test_a_balancer_is_refused(slb: Api, ask: dict[str, Any], code: str):
    assert slb.refusal("CreateLoadBalancer", **ask) == (code, 400)
    assert slb("DescribeLoadBalancers")["TotalCount"] == 0


def test_the_sixty_first_balancer_is_over_the_quota(slb: Api):
    for _ in range(60):
        slb("CreateLoadBalancer")
    assert slb.refusal("CreateLoadBalancer") == ("OperationForbidden.QuotaLimit", 400)
    body = slb("DescribeLoadBalancers", PageNumber=2, PageSize=50)
    assert (len(body["LoadBalancers"]["LoadBalancer"]), body["TotalCount"]) == (10, 60)
    assert slb("DescribeLoadBalancers", PageSize=50)["PageSize"] == 10


def test_balancers_of_every_region_count_against_the_account(slb: Api, emulator: Emulator):
    emulator.backend.settings["limits"] = {"balancers": 1}
    slb("CreateLoadBalancer", RegionId="cn-beijing")
    assert slb.refusal("CreateLoadBalancer") == ("OperationForbidden.QuotaLimit", 400)


def test_a_repeated_token_makes_one_balancer(slb: Api):
    one = slb("CreateLoadBalancer", ClientToken="t")["LoadBalancerId"]
    assert slb("CreateLoadBalancer", ClientToken="t")["LoadBalancerId"] == one


def test_a_protected_balancer_is_not_deleted(slb: Api, balancer_id: str):
    ask = {"LoadBalancerId": balancer_id}
    for _ in range(2):
        slb("SetLoadBalancerDeleteProtection", DeleteProtection="on", **ask)
    refusal = slb.refusal("DeleteLoadBalancer", **ask)
    assert refusal == ("OperationDenied.DeleteProtectionIsOn", 400)
    slb("SetLoadBalancerDeleteProtection", DeleteProtection="off", **ask)
    slb("DeleteLoadBalancer", **ask)
    refusal = slb.refusal("DeleteLoadBalancer", **ask)
    assert refusal == ("InvalidLoadBalancerId.NotFound", 404)


def test_modification_protection_keeps_its_reason_while_it_is_on(slb: Api, balancer_id: str):
    ask = {"LoadBalancerId": balancer_id}
    slb(
        "SetLoadBalancerModificationProtection",
        ModificationProtectionStatus="ConsoleProtection",
        ModificationProtectionReason="in use",
        **ask,
    )
    assert attribute(slb, balancer_id)["ModificationProtectionReason"] == "in use"
    slb(
        "SetLoadBalancerModificationProtection",
        ModificationProtectionStatus="NonProtection",
        **ask,
    )
    assert attribute(slb, balancer_id)["ModificationProtectionReason"] == ""


def test_a_listener_is_stopped_until_started(slb: Api, balancer_id: str):
    ask = {"LoadBalancerId": balancer_id, "ListenerPort": 6443}
    slb("CreateLoadBalancerTCPListener", Bandwidth=-1, BackendServerPort=6443, **ask)

    def status() -> str:
        return slb("DescribeLoadBalancerTCPListenerAttribute", **ask)["Status"]

    assert status() == "stopped"
    slb("StartLoadBalancerListener", **ask)
    assert status() == "running"
    slb("StopLoadBalancerListener", **ask)
    assert status() == "stopped"
    body = attribute(slb, balancer_id)
    assert body["ListenerPorts"] == {"ListenerPort": [6443]}
    assert body["ListenerPortsAndProtocol"]["ListenerPortAndProtocol"][0]["ListenerPort"] == 6443
    slb("DeleteLoadBalancerListener", **ask)
    assert attribute(slb, balancer_id)["ListenerPorts"] == {"ListenerPort": []}
    assert slb.refusal("StartLoadBalancerListener", **ask) == ("ResourceNotFound.Listener", 404)


def test_a_listener_reads_back_as_asked(slb: Api, balancer_id: str):
    ask = {"LoadBalancerId": balancer_id, "ListenerPort": 80}
    slb(
        "CreateLoadBalancerTCPListener",
        Bandwidth=-1,
        BackendServerPort=8080,
        Scheduler="rr",
        EstablishedTimeout=500,
        healthCheckInterval=7,
        Description="web",
        Tag=[{"Key": "a", "Value": "b"}],
        **ask,
    )
    body = slb("DescribeLoadBalancerTCPListenerAttribute", **ask)
    assert (body["Scheduler"], body["EstablishedTimeout"], body["Description"]) == (
        "rr",
        500,
        "web",
    )
    assert (body["HealthCheckInterval"], body["HealthyThreshold"]) == (7, 3)
    (row,) = slb("DescribeLoadBalancerListeners", LoadBalancerId=[balancer_id])["Listeners"]
    assert row["TCPListenerConfig"]["HealthCheckInterval"] == 7
    assert row["Tags"] == [{"TagKey": "a", "TagValue": "b"}]


def test_a_listener_is_refused(slb: Api, balancer_id: str):
    ask = {"LoadBalancerId": balancer_id, "Bandwidth": -1}
    refusal = slb.refusal("CreateLoadBalancerTCPListener", ListenerPort=80, **ask)
    assert refusal == ("MissingParameter", 400)
    whole = ask | {"BackendServerPort": 80}
    assert slb.refusal("CreateLoadBalancerTCPListener", ListenerPort=70000, **whole)[1] == 400
    slb("CreateLoadBalancerTCPListener", ListenerPort=80, **whole)
    refusal = slb.refusal("CreateLoadBalancerTCPListener", ListenerPort=80, **whole)
    assert refusal == ("ListenerPortConflict", 400)


def test_a_server_group_is_kept_by_its_listener(slb: Api, balancer_id: str):
    ask = {"LoadBalancerId": balancer_id}
    group_id = slb("CreateVServerGroup", VServerGroupName="g", **ask)["VServerGroupId"]
    slb(
        "CreateLoadBalancerTCPListener",
        ListenerPort=80,
        Bandwidth=-1,
        VServerGroupId=group_id,
        **ask,
    )
    (row,) = slb("DescribeVServerGroups", IncludeListener=True, **ask)["VServerGroups"][
        "VServerGroup"
    ]
    assert (row["VServerGroupName"], row["ServerCount"]) == ("g", 0)
    assert row["AssociatedObjects"]["Listeners"] == {"Listener": [{"Port": 80, "Protocol": "tcp"}]}
    refusal = slb.refusal("DeleteVServerGroup", VServerGroupId=group_id)
    assert refusal == ("RspoolVipExist", 400)
    slb("DeleteLoadBalancerListener", ListenerPort=80, **ask)
    slb("DeleteVServerGroup", VServerGroupId=group_id)
    assert slb("DescribeVServerGroups", **ask)["VServerGroups"] == {"VServerGroup": []}


def test_a_server_group_that_is_gone_is_told_as_clients_know_it(slb: Api):
    for action in ("DescribeVServerGroupAttribute", "DeleteVServerGroup"):
        assert slb.refusal(action, VServerGroupId="rsp-none") == ("InvalidParameter", 400)


def test_a_balancer_is_stopped_resized_and_paid_otherwise(slb: Api, balancer_id: str):
    ask = {"LoadBalancerId": balancer_id}
    slb("SetLoadBalancerStatus", LoadBalancerStatus="inactive", **ask)
    slb("ModifyLoadBalancerInstanceSpec", LoadBalancerSpec="slb.s3.small", **ask)
    body = slb("DescribeLoadBalancerAttribute", **ask)
    assert (body["LoadBalancerStatus"], body["LoadBalancerSpec"]) == ("inactive", "slb.s3.small")
    slb("SetLoadBalancerStatus", LoadBalancerStatus="active", **ask)
    changed = {"InternetChargeType": "paybybandwidth", "Bandwidth": 5}
    slb("ModifyLoadBalancerInternetSpec", **changed, **ask)
    body = slb("DescribeLoadBalancerAttribute", **ask)
    assert {key: body[key] for key in changed} == changed
    assert body["LoadBalancerStatus"] == "active"
    assert slb.refusal("SetLoadBalancerStatus", LoadBalancerStatus="on", **ask)[1] == 400


def test_a_server_that_does_not_exist_is_not_added(slb: Api, balancer_id: str):
    servers = json.dumps([{"ServerId": "i-none", "Weight": "100"}])
    for action in ("AddBackendServers", "CreateVServerGroup"):
        refusal = slb.refusal(action, LoadBalancerId=balancer_id, BackendServers=servers)
        assert refusal == ("InvalidServerId.NotExist", 400)
    refusal = slb.refusal("AddBackendServers", LoadBalancerId=balancer_id, BackendServers="{")
    assert refusal == ("InvalidParameter", 400)


def test_balancers_are_found_by_tags_of_either_spelling(slb: Api, balancer_id: str):
    slb("CreateLoadBalancer")
    slb(
        "TagResources",
        ResourceType="instance",
        ResourceId=[balancer_id],
        Tag=[{"Key": "team", "Value": "x"}],
    )
    found = only(slb, Tag=[{"Key": "team", "Value": "x"}])
    assert found["LoadBalancerId"] == balancer_id
    old = json.dumps([{"TagKey": "team", "TagValue": "x"}])
    assert only(slb, Tags=old)["LoadBalancerId"] == balancer_id
    body = slb("ListTagResources", ResourceType="instance", ResourceId=[balancer_id])
    assert body["TagResources"]["TagResource"] == [
        {
            "ResourceType": "instance",
            "ResourceId": balancer_id,
            "TagKey": "team",
            "TagValue": "x",
        }
    ]
    slb("UntagResources", ResourceType="instance", ResourceId=[balancer_id], TagKey=["team"])
    assert slb("DescribeLoadBalancers", Tags=old)["TotalCount"] == 0
    refusal = slb.refusal("TagResources", ResourceType="VPC", ResourceId=[balancer_id])
    assert refusal[0] == "InvalidParam.ResourceType"


def test_an_eip_of_a_removed_balancer_is_free_again(
    network: Network, slb: Api, vpc: Api, vswitch_id: str, clock: ManualClock
):
    made = slb("CreateLoadBalancer", AddressType="intranet", VSwitchId=vswitch_id)
    eip_id = vpc("AllocateEipAddress")["AllocationId"]
    vpc(
        "AssociateEipAddress",
        AllocationId=eip_id,
        InstanceId=made["LoadBalancerId"],
        InstanceType="SlbInstance",
    )
    clock.advance(6)
    slb("DeleteLoadBalancer", LoadBalancerId=made["LoadBalancerId"])
    clock.advance(6)
    assert network.eip(eip_id)["Status"] == "Available"


def test_regions_zones_and_resources_are_listed(slb: Api):
    regions = slb("DescribeRegions")["Regions"]["Region"]
    endpoints = {row["RegionId"]: row["RegionEndpoint"] for row in regions}
    assert endpoints[REGION] == "slb.aliyuncs.com"
    zones = slb("DescribeZones")["Zones"]["Zone"]
    assert all(
        row["ZoneId"] not in {other["ZoneId"] for other in row["SlaveZones"]["SlaveZone"]}
        for row in zones
    )
    rows = slb("DescribeAvailableResource", AddressType="vpc")["AvailableResources"]
    pairs = rows["AvailableResource"]
    assert len(pairs) == len(zones) * (len(zones) - 1)
    assert pairs[0]["SupportResources"] == {
        "SupportResource": [{"AddressType": "vpc", "AddressIPVersion": "ipv4"}]
    }
