"""The life of a cluster with its network, as any client can ask for it.

A client is anything with ``rpc`` and ``roa``: parameters, bodies and answers have wire names, and
the SDK behind it turns them into its own models and back. What an SDK cannot say or read of the
emulator's answers shows here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import pytest

from ackgpu.clock import ManualClock

REGION = "cn-hangzhou"
ZONE = "cn-hangzhou-k"
VERSIONS = {"vpc": "2016-04-28", "ecs": "2014-05-26", "cs": "2015-12-15"}
VGPU = "ecs.vgn5i-m2.xlarge"

PATHS = {
    "CreateCluster": ("POST", "/clusters"),
    "DescribeClusterDetail": ("GET", "/clusters/{}"),
    "DescribeClustersV1": ("GET", "/api/v1/clusters"),
    "CreateClusterNodePool": ("POST", "/clusters/{}/nodepools"),
    "DescribeClusterNodePoolDetail": ("GET", "/clusters/{}/nodepools/{}"),
    "DescribeClusterNodes": ("GET", "/clusters/{}/nodes"),
    "DescribeClusterUserKubeconfig": ("GET", "/k8s/{}/user_config"),
    "DescribeClusterResources": ("GET", "/clusters/{}/resources"),
    "DeleteCluster": ("DELETE", "/clusters/{}"),
    "DescribeTaskInfo": ("GET", "/tasks/{}"),
}


class Refused(Exception):
    """A client's exception for a refusal, less what each SDK adds to it."""

    def __init__(self, code: str, status: int) -> None:
        super().__init__(code)
        self.code, self.status = code, status


class Client(Protocol):
    """An SDK behind wire names. Both raise :class:`Refused`."""

    def rpc(self, product: str, action: str, parameters: Mapping[str, Any]) -> dict[str, Any]: ...

    def roa(
        self,
        action: str,
        path: tuple[str, ...],
        query: Mapping[str, Any],
        body: Mapping[str, Any] | None,
    ) -> Any: ...


@dataclass
class Life:
    """Makes, reads and deletes everything; each method leaves it settled."""

    client: Client
    clock: ManualClock
    ids: dict[str, str] = field(default_factory=dict)

    def vpc(self, action: str, **parameters: Any) -> dict[str, Any]:
        return self.client.rpc("vpc", action, {"RegionId": REGION} | parameters)

    def ecs(self, action: str, **parameters: Any) -> dict[str, Any]:
        return self.client.rpc("ecs", action, {"RegionId": REGION} | parameters)

    def cs(self, action: str, *path: str, body: Any = None, **query: Any) -> Any:
        return self.client.roa(action, path, query, body)

    def settle(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def make_network(self) -> None:
        tags = [{"Key": "owner", "Value": "conformance"}]
        made = self.vpc(
            "CreateVpc", CidrBlock="192.168.0.0/16", VpcName="demo", ClientToken="t1", Tag=tags
        )
        again = self.vpc(
            "CreateVpc", CidrBlock="192.168.0.0/16", VpcName="demo", ClientToken="t1", Tag=tags
        )
        assert again["VpcId"] == made["VpcId"]
        self.ids["vpc"] = made["VpcId"]
        self.settle(5)
        self.ids["vswitch"] = self.vpc(
            "CreateVSwitch", VpcId=self.ids["vpc"], ZoneId=ZONE, CidrBlock="192.168.0.0/20"
        )["VSwitchId"]
        self.settle(5)
        (vpc,) = self.vpc("DescribeVpcs", VpcId=self.ids["vpc"])["Vpcs"]["Vpc"]
        assert (vpc["Status"], vpc["CidrBlock"]) == ("Available", "192.168.0.0/16")
        assert vpc["Tags"]["Tag"] == [{"Key": "owner", "Value": "conformance"}]
        assert vpc["VSwitchIds"]["VSwitchId"] == [self.ids["vswitch"]]

    def make_way_out(self) -> None:
        nat = self.vpc(
            "CreateNatGateway",
            VpcId=self.ids["vpc"],
            VSwitchId=self.ids["vswitch"],
            NatType="Enhanced",
        )
        self.ids["nat"], self.ids["table"] = (
            nat["NatGatewayId"],
            nat["SnatTableIds"]["SnatTableId"][0],
        )
        self.settle(91)
        eip = self.vpc("AllocateEipAddress", Bandwidth="10", InternetChargeType="PayByTraffic")
        self.ids["eip"] = eip["AllocationId"]
        self.vpc(
            "AssociateEipAddress",
            AllocationId=self.ids["eip"],
            InstanceId=self.ids["nat"],
            InstanceType="Nat",
        )
        self.settle(9)
        self.ids["snat"] = self.vpc(
            "CreateSnatEntry",
            SnatTableId=self.ids["table"],
            SourceVSwitchId=self.ids["vswitch"],
            SnatIp=eip["EipAddress"],
        )["SnatEntryId"]
        self.settle(6)
        (gateway,) = self.vpc("DescribeNatGateways", VpcId=self.ids["vpc"])["NatGateways"][
            "NatGateway"
        ]
        assert gateway["Status"] == "Available"
        assert gateway["IpLists"]["IpList"][0]["AllocationId"] == self.ids["eip"]

    def make_cluster(self) -> None:
        made = self.cs(
            "CreateCluster",
            body={
                "name": "demo",
                "cluster_type": "ManagedKubernetes",
                "cluster_spec": "ack.pro.small",
                "region_id": REGION,
                "vpcid": self.ids["vpc"],
                "vswitch_ids": [self.ids["vswitch"]],
                "container_cidr": "172.20.0.0/16",
                "service_cidr": "172.21.0.0/20",
                "endpoint_public_access": True,
                "snat_entry": False,
                "addons": [{"name": "flannel"}],
            },
        )
        self.ids["cluster"] = made["cluster_id"]
        assert self.cs("DescribeClusterDetail", made["cluster_id"])["state"] == "initial"
        self.settle(365)
        detail = self.cs("DescribeClusterDetail", made["cluster_id"])
        assert (detail["state"], detail["name"]) == ("running", "demo")
        assert self.cs("DescribeTaskInfo", made["task_id"])["state"] == "success"
        (row,) = self.cs("DescribeClustersV1", name="demo")["clusters"]
        assert row["cluster_id"] == made["cluster_id"]
        assert (
            "certificate-authority-data"
            in self.cs("DescribeClusterUserKubeconfig", made["cluster_id"])["config"]
        )

    def make_pool(self) -> None:
        made = self.cs(
            "CreateClusterNodePool",
            self.ids["cluster"],
            body={
                "nodepool_info": {"name": "vgpu"},
                "scaling_group": {
                    "instance_types": [VGPU],
                    "vswitch_ids": [self.ids["vswitch"]],
                    "system_disk_category": "cloud_efficiency",
                    "system_disk_size": 120,
                    "desired_size": 1,
                },
            },
        )
        self.settle(300)
        pool = self.cs("DescribeClusterNodePoolDetail", self.ids["cluster"], made["nodepool_id"])
        assert (pool["status"]["state"], pool["status"]["healthy_nodes"]) == ("active", 1)
        (node,) = self.cs("DescribeClusterNodes", self.ids["cluster"], pageSize="10")["nodes"]
        found = self.ecs("DescribeInstances", VpcId=self.ids["vpc"], MaxResults=10)
        (instance,) = found["Instances"]["Instance"]
        assert instance["InstanceId"] == node["instance_id"]
        assert instance["InstanceType"] == VGPU
        resources = self.cs("DescribeClusterResources", self.ids["cluster"])
        assert {"SLB", "ECS"} <= {str(row["resource_type"]).split("::")[1] for row in resources}

    def refused(self) -> None:
        """What is refused, is refused in the service's own words also to this client."""
        for product, code, call in (
            ("vpc", "MissingParameter", lambda: self.vpc("CreateVSwitch", ZoneId=ZONE)),
            ("vpc", "DependencyViolation", lambda: self.vpc("DeleteVpc", VpcId=self.ids["vpc"])),
            (
                "cs",
                "ErrorClusterNotFound",
                lambda: self.cs("DescribeClusterDetail", "c" + "0" * 32),
            ),
        ):
            with pytest.raises(Refused) as caught:
                call()
            assert caught.value.code.startswith(code), product
            assert caught.value.status in {400, 403, 404}

    def delete(self) -> None:
        task_id = self.cs("DeleteCluster", self.ids["cluster"])["task_id"]
        self.settle(600)
        assert self.cs("DescribeTaskInfo", task_id)["state"] == "success"
        assert self.cs("DescribeClustersV1")["clusters"] in ([], None)
        self.vpc("DeleteSnatEntry", SnatTableId=self.ids["table"], SnatEntryId=self.ids["snat"])
        self.settle(10)
        self.vpc(
            "UnassociateEipAddress",
            AllocationId=self.ids["eip"],
            InstanceId=self.ids["nat"],
            InstanceType="Nat",
        )
        self.settle(10)
        self.vpc("ReleaseEipAddress", AllocationId=self.ids["eip"])
        self.vpc("DeleteNatGateway", NatGatewayId=self.ids["nat"])
        self.settle(100)
        for group in self.ecs("DescribeSecurityGroups", VpcId=self.ids["vpc"], MaxResults=10)[
            "SecurityGroups"
        ]["SecurityGroup"]:
            self.ecs("DeleteSecurityGroup", SecurityGroupId=group["SecurityGroupId"])
        self.vpc("DeleteVSwitch", VSwitchId=self.ids["vswitch"])
        self.settle(10)
        self.vpc("DeleteVpc", VpcId=self.ids["vpc"])
        self.settle(10)
        assert self.vpc("DescribeVpcs")["TotalCount"] == 0

    def live(self) -> None:
        """The whole of it."""
        self.make_network()
        self.make_way_out()
        self.make_cluster()
        self.make_pool()
        self.refused()
        self.delete()


TRACES = {
    "accesskey",
    "address",
    "clusterevent",
    "ramrole",
    "ramuser",
    "scalingactivity",
    "ststoken",
    "task",
    "token",
}
"""What stays of an account that has nothing left."""


def left_over(emulator: Any) -> dict[str, int]:
    """The documents of the account that are more than traces."""
    backend = emulator.backend
    with backend.transaction() as session:
        kinds = session.kinds(at=backend.timeline_now(session))
    return {kind: number for kind, number in kinds.items() if kind not in TRACES}
