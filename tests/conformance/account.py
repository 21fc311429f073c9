"""An account with one of everything, and the ids of it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from ackgpu.clock import ManualClock
from ackgpu.emulator.gateway import Gateway
from tests.conformance.life import REGION, VERSIONS, VGPU, ZONE
from tests.support.signing import acs3

VERSION_OF = VERSIONS | {"slb": "2014-05-15", "ram": "2015-05-01"}
DOCUMENT = json.dumps(
    {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
)


@dataclass(frozen=True)
class Account:
    """A gateway, its clock, and every id that it handed out."""

    gateway: Gateway
    clock: ManualClock
    ids: list[str]


class Maker:
    """Asks, and lets what was asked for come about."""

    def __init__(self, gateway: Gateway, clock: ManualClock) -> None:
        self._gateway, self._clock = gateway, clock

    def rpc(self, product: str, action: str, **parameters: str) -> Any:
        own = {"RegionId": REGION} | parameters
        return self._send(acs3(action, VERSION_OF[product], own))

    def cs(self, action: str, path: str, body: Any) -> Any:
        content = json.dumps(body).encode()
        return self._send(acs3(action, VERSIONS["cs"], path=path, body=content))

    def _send(self, request: Any) -> Any:
        answer = self._gateway.answer(request)
        if answer.status >= 300:
            raise AssertionError(answer.body)
        self._clock.advance(400)
        return json.loads(answer.body)


def furnished(gateway: Gateway, clock: ManualClock) -> Account:
    """Make the account."""
    make = Maker(gateway, clock)
    vpc_id = make.rpc("vpc", "CreateVpc", CidrBlock="192.168.0.0/16", VpcName="demo")["VpcId"]
    place = {"VpcId": vpc_id, "ZoneId": ZONE}
    vswitch_id = make.rpc("vpc", "CreateVSwitch", CidrBlock="192.168.0.0/20", **place)["VSwitchId"]
    there = {"VpcId": vpc_id, "VSwitchId": vswitch_id}
    nat = make.rpc("vpc", "CreateNatGateway", NatType="Enhanced", **there)
    eip = make.rpc("vpc", "AllocateEipAddress")
    bound = {"InstanceId": nat["NatGatewayId"], "InstanceType": "Nat"}
    make.rpc("vpc", "AssociateEipAddress", AllocationId=eip["AllocationId"], **bound)
    make.rpc(
        "vpc",
        "CreateSnatEntry",
        SnatTableId=nat["SnatTableIds"]["SnatTableId"][0],
        SourceVSwitchId=vswitch_id,
        SnatIp=eip["EipAddress"],
    )
    group_id = make.rpc("ecs", "CreateSecurityGroup", VpcId=vpc_id)["SecurityGroupId"]
    make.rpc("ecs", "CreateKeyPair", KeyPairName="key")
    make.rpc(
        "ecs",
        "RunInstances",
        InstanceType=VGPU,
        ImageFamily="acs:alibaba_cloud_linux_3_2104_lts_x64",
        SecurityGroupId=group_id,
        VSwitchId=vswitch_id,
        **{"SystemDisk.Category": "cloud_efficiency"},
    )
    balancer = make.rpc("slb", "CreateLoadBalancer", AddressType="intranet", **there)
    port = {"ListenerPort": "80", "BackendServerPort": "80", "Bandwidth": "-1"}
    balancer_id = balancer["LoadBalancerId"]
    make.rpc("slb", "CreateLoadBalancerTCPListener", LoadBalancerId=balancer_id, **port)
    make.rpc("ram", "CreateUser", UserName="alice")
    make.rpc("ram", "CreatePolicy", PolicyName="demo", PolicyDocument=DOCUMENT)
    make_cluster(make, vpc_id, vswitch_id)
    return Account(gateway, clock, ids_of(gateway))


def make_cluster(make: Maker, vpc_id: str, vswitch_id: str) -> None:
    """A cluster with a pool of one node."""
    body = {
        "name": "demo",
        "cluster_type": "ManagedKubernetes",
        "cluster_spec": "ack.pro.small",
        "region_id": REGION,
        "vpcid": vpc_id,
        "vswitch_ids": [vswitch_id],
        "container_cidr": "172.20.0.0/16",
        "service_cidr": "172.21.0.0/20",
        "snat_entry": False,
        "addons": [{"name": "flannel"}],
    }
    cluster_id = make.cs("CreateCluster", "/clusters", body)["cluster_id"]
    group = {
        "instance_types": [VGPU],
        "vswitch_ids": [vswitch_id],
        "system_disk_category": "cloud_efficiency",
        "system_disk_size": 120,
        "desired_size": 1,
    }
    pool = {"nodepool_info": {"name": "vgpu"}, "scaling_group": group}
    make.cs("CreateClusterNodePool", f"/clusters/{cluster_id}/nodepools", pool)


def ids_of(gateway: Gateway) -> list[str]:
    """The ids and names of the account's documents, as far as they may stand in a path."""
    with gateway.backend.transaction() as session:
        kinds = session.kinds(at=gateway.backend.timeline_now(session))
        docs = [doc for kind in kinds for doc in session.find(kind)]
    found = {text for doc in docs for text in (doc.id, doc.scope, doc.name, *doc.id.split("/"))}
    return sorted(text for text in found if re.fullmatch(r"[A-Za-z0-9._-]+", text))
