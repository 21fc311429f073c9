"""Our answers against the documented samples: same keys, same JSON types, known to the SDKs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import alibabacloud_slb20140515.models as slb_models
import alibabacloud_vpc20160428.models as vpc_models
import pytest

from ackgpu.clock import ManualClock
from tests.emulator.net.apis import REGION, Api, Network, run_instance
from tests.support.shapes import absent_keys, type_faults, unknown_keys

FIXTURES = Path(__file__).parents[3] / "fixtures" / "aliyun"
MODELS = {"vpc": vpc_models, "slb": slb_models}

FOREIGN = {
    "DescribeLoadBalancerListeners": ("Config",),
    "DescribeLoadBalancerAttribute": ("Renewal", "AutoReleaseTime", "ListenerForward", "Forward"),
}
"""Keys of samples that our resources never have: HTTP listeners, subscriptions."""


def samples(product: str) -> dict[str, dict[str, Any]]:
    found = sorted((FIXTURES / product).glob("*/documented.json"))
    return {path.parent.name: json.loads(path.read_text("utf-8"))["body"] for path in found}


@pytest.mark.parametrize("product", ["vpc", "slb"])
def test_the_sdks_know_every_key_of_the_samples(product: str):
    known = {
        action: unknown_keys(getattr(MODELS[product], f"{action}ResponseBody"), body)
        for action, body in samples(product).items()
    }
    assert {action: keys for action, keys in known.items() if keys} == {}
    assert len(known) > 20


def faults(action: str, documented: dict[str, Any], answer: dict[str, Any]) -> list[str]:
    absent = [
        key
        for key in absent_keys(documented, answer)
        if not any(word in key.rpartition(".")[2] for word in FOREIGN.get(action, ()))
    ]
    return absent + type_faults(documented, answer)


def differences(product: str, answers: dict[str, dict[str, Any]]) -> dict[str, list[str]]:
    found = {
        action: faults(action, documented, answers[action])
        for action, documented in samples(product).items()
    }
    return {action: keys for action, keys in found.items() if keys}


TAG = [{"Key": "team", "Value": "x"}]


class Recorder:
    """Asks, keeps each action's last answer, and lets every transition end."""

    def __init__(self, api: Api, clock: ManualClock) -> None:
        self.answers: dict[str, dict[str, Any]] = {}
        self._api, self._clock = api, clock

    def __call__(self, action: str, **parameters: Any) -> dict[str, Any]:
        self.answers[action] = self._api(action, **parameters)
        self._clock.advance(100)
        return self.answers[action]


def make_a_network(ask: Recorder) -> dict[str, str]:
    """A network with one of everything; its ids."""
    made = ask("CreateVpc", CidrBlock="10.0.0.0/8", UserCidr="192.168.9.0/24", Tag=TAG)
    vpc_id, table = made["VpcId"], made["RouteTableId"]
    ask("ModifyVpcAttribute", VpcId=vpc_id, VpcName="demo")
    own = ask("CreateRouteTable", VpcId=vpc_id, Tag=TAG)["RouteTableId"]
    zone, block = f"{REGION}-k", "10.1.0.0/24"
    vswitch = ask("CreateVSwitch", VpcId=vpc_id, ZoneId=zone, CidrBlock=block, Tag=TAG)["VSwitchId"]
    nat = ask("CreateNatGateway", VpcId=vpc_id, VSwitchId=vswitch, NatType="Enhanced", Tag=TAG)
    ids = {"vpc": vpc_id, "table": table, "own table": own, "vswitch": vswitch}
    return ids | {
        "nat": nat["NatGatewayId"],
        "snat": nat["SnatTableIds"]["SnatTableId"][0],
        "forward": nat["ForwardTableIds"]["ForwardTableId"][0],
    }


def lead_out(ask: Recorder, ids: dict[str, str]) -> dict[str, str]:
    """Two EIPs, an SNAT and a DNAT entry; their ids."""
    spare, eip = ask("AllocateEipAddressPro"), ask("AllocateEipAddress", Tag=TAG)
    ask("ModifyEipAddressAttribute", AllocationId=spare["AllocationId"], Name="spare")
    for each in (spare, eip):
        ask(
            "AssociateEipAddress",
            AllocationId=each["AllocationId"],
            InstanceId=ids["nat"],
            InstanceType="Nat",
        )
    entry = {"SnatTableId": ids["snat"], "SnatIp": eip["EipAddress"]}
    snat = ask("CreateSnatEntry", SourceVSwitchId=ids["vswitch"], **entry)["SnatEntryId"]
    ask("ModifySnatEntry", SnatEntryId=snat, SnatEntryName="n", **entry)
    forward = ask(
        "CreateForwardEntry",
        ForwardTableId=ids["forward"],
        ExternalIp=spare["EipAddress"],
        ExternalPort="80",
        InternalIp="10.1.0.9",
        InternalPort="80",
        IpProtocol="tcp",
    )["ForwardEntryId"]
    ask(
        "ModifyForwardEntry",
        ForwardTableId=ids["forward"],
        ForwardEntryId=forward,
        ForwardEntryName="n",
    )
    return {
        "snat entry": snat,
        "forward entry": forward,
        "spare": spare["AllocationId"],
        "eip": eip["AllocationId"],
    }


def read_everything(ask: Recorder, ids: dict[str, str]) -> None:
    for action in ("DescribeRegions", "DescribeZones", "ListEnhanhcedNatGatewayAvailableZones"):
        ask(action)
    for action in ("DescribeVpcs", "DescribeVSwitches", "DescribeNatGateways"):
        ask(action)
    for action in ("DescribeRouteTableList", "DescribeRouteTables", "DescribeEipAddresses"):
        ask(action)
    ask("DescribeVpcAttribute", VpcId=ids["vpc"])
    ask("DescribeVSwitchAttributes", VSwitchId=ids["vswitch"])
    ask("GetNatGatewayAttribute", NatGatewayId=ids["nat"])
    ask("DescribeSnatTableEntries", SnatTableId=ids["snat"])
    ask("DescribeForwardTableEntries", ForwardTableId=ids["forward"])
    ask("DescribeRouteEntryList", RouteTableId=ids["table"])
    ask("ListTagResources", ResourceType="VPC", ResourceId=[ids["vpc"]])


def take_everything_down(ask: Recorder, ids: dict[str, str]) -> None:
    ask("DeleteForwardEntry", ForwardTableId=ids["forward"], ForwardEntryId=ids["forward entry"])
    ask("DeleteSnatEntry", SnatTableId=ids["snat"], SnatEntryId=ids["snat entry"])
    for each in (ids["spare"], ids["eip"]):
        ask("UnassociateEipAddress", AllocationId=each, InstanceId=ids["nat"])
        ask("ReleaseEipAddress", AllocationId=each)
    for state in (True, False):
        ask("DeletionProtection", InstanceId=ids["nat"], Type="NATGW", ProtectionEnable=state)
    ask("DeleteNatGateway", NatGatewayId=ids["nat"])
    ask("DeleteVSwitch", VSwitchId=ids["vswitch"])
    ask("DeleteRouteTable", RouteTableId=ids["own table"])
    ask("DeleteVpc", VpcId=ids["vpc"])


def tour_vpc(ask: Recorder) -> None:
    """Ask every operation of VPC at least once."""
    ids = make_a_network(ask)
    ids |= lead_out(ask, ids)
    hop = {"NextHopId": ids["nat"], "NextHopType": "NatGateway"}
    route = {"RouteTableId": ids["table"], "DestinationCidrBlock": "192.168.2.0/24"}
    ask("CreateRouteEntry", **route, **hop)
    row = {
        "RouteTableId": ids["table"],
        "DstCidrBlock": "192.168.1.0/24",
        "NextHop": ids["nat"],
        "NextHopType": "NatGateway",
    }
    ask("CreateRouteEntries", RouteEntries=[row, row])
    ask("TagResources", ResourceType="VPC", ResourceId=[ids["vpc"]], Tag=TAG)
    ask("ModifyRouteTableAttributes", RouteTableId=ids["own table"], RouteTableName="own")
    read_everything(ask, ids)
    ask("UnTagResources", ResourceType="VPC", ResourceId=[ids["vpc"]], All=True)
    ask("DeleteRouteEntry", **route)
    ask("DeleteRouteEntries", RouteEntries=[row, row | {"DstCidrBlock": "1.1.1.0/24"}])
    take_everything_down(ask, ids)


def test_our_vpc_answers_are_like_the_samples(vpc: Api, clock: ManualClock):
    ask = Recorder(vpc, clock)
    tour_vpc(ask)
    assert differences("vpc", ask.answers) == {}


def tour_slb(ask: Recorder, instance_id: str) -> None:
    """Ask every operation of SLB at least once."""
    ask("DescribeRegions")
    ask("DescribeZones")
    ask("DescribeAvailableResource")
    own = {"LoadBalancerId": ask("CreateLoadBalancer", Tag=TAG)["LoadBalancerId"]}
    servers = json.dumps([{"ServerId": instance_id, "Weight": "100", "Port": "80"}])
    ask("AddBackendServers", BackendServers=servers, **own)
    group = ask("CreateVServerGroup", BackendServers=servers, Tag=TAG, **own)["VServerGroupId"]
    ask(
        "CreateLoadBalancerTCPListener",
        ListenerPort=80,
        Bandwidth=-1,
        VServerGroupId=group,
        Tag=TAG,
        **own,
    )
    ask("SetLoadBalancerName", LoadBalancerName="demo", **own)
    ask("SetLoadBalancerTCPListenerAttribute", ListenerPort=80, Description="web", **own)
    for action in ("StartLoadBalancerListener", "StopLoadBalancerListener"):
        ask(action, ListenerPort=80, **own)
    ask("TagResources", ResourceType="instance", ResourceId=[*own.values()], Tag=TAG)
    ask("DescribeLoadBalancers")
    ask("DescribeLoadBalancerAttribute", **own)
    ask("DescribeLoadBalancerTCPListenerAttribute", ListenerPort=80, **own)
    ask("DescribeLoadBalancerListeners", LoadBalancerId=[*own.values()])
    ask("DescribeVServerGroups", IncludeListener=True, **own)
    ask("ListTagResources", ResourceType="instance", ResourceId=[*own.values()])
    ask("UntagResources", ResourceType="instance", ResourceId=[*own.values()], All=True)
    ask("RemoveBackendServers", BackendServers=servers, **own)
    ask("DeleteLoadBalancerListener", ListenerPort=80, **own)
    ask("DeleteVServerGroup", VServerGroupId=group)
    ask(
        "SetLoadBalancerModificationProtection", ModificationProtectionStatus="NonProtection", **own
    )
    ask("SetLoadBalancerDeleteProtection", DeleteProtection="off", **own)
    ask("DeleteLoadBalancer", **own)


def test_our_slb_answers_are_like_the_samples(
    network: Network, slb: Api, ecs: Api, clock: ManualClock
):
    ask = Recorder(slb, clock)
    tour_slb(ask, running_instance(network, ecs, clock))
    assert differences("slb", ask.answers) == {}


def running_instance(network: Network, ecs: Api, clock: ManualClock) -> str:
    vpc_id = network.vpc()
    group_id = ecs("CreateSecurityGroup", VpcId=vpc_id)["SecurityGroupId"]
    instance_id = run_instance(ecs, network.vswitch(vpc_id), group_id)
    clock.advance(30)
    return instance_id
