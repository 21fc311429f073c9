"""A network and machines in it, made step by step, on a clock that moves when told to."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import alibabacloud_ecs20140526.models as ecs_models
import alibabacloud_vpc20160428.models as vpc_models
from alibabacloud_ecs20140526.client import Client as EcsClient
from alibabacloud_vpc20160428.client import Client as VpcClient

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from tests.emulator.net.apis import REGION, Api, Network

ZONE = f"{REGION}-k"
TYPE = "ecs.vgn5i-m2.xlarge"
IMAGE = "aliyun_3_x64_20G_alibase_20250629.vhd"


class Machines:
    """A VPC with a vSwitch and a security group, and instances in them."""

    def __init__(self, ecs: Api, vpc: Api, clock: ManualClock) -> None:
        self.ecs = ecs
        self.clock = clock
        self.network = Network(vpc, clock)

    @cached_property
    def vpc_id(self) -> str:
        return self.network.vpc()

    @cached_property
    def vswitch_id(self) -> str:
        return self.network.vswitch(self.vpc_id)

    @cached_property
    def group_id(self) -> str:
        body = self.ecs("CreateSecurityGroup", VpcId=self.vpc_id, SecurityGroupName="nodes")
        return str(body["SecurityGroupId"])

    def request(self, **more: Any) -> dict[str, Any]:
        """Parameters of RunInstances that work."""
        return {
            "ImageId": IMAGE,
            "InstanceType": TYPE,
            "VSwitchId": self.vswitch_id,
            "SecurityGroupId": self.group_id,
            "SystemDisk": {"Category": "cloud_ssd", "Size": "40"},
        } | more

    def run(self, **more: Any) -> list[str]:
        body = self.ecs("RunInstances", **self.request(**more))
        return [str(one) for one in body["InstanceIdSets"]["InstanceIdSet"]]

    def running(self, **more: Any) -> str:
        (instance_id,) = self.run(**more)
        self.clock.advance(21)
        return instance_id

    def row(self, instance_id: str) -> dict[str, Any]:
        body = self.ecs("DescribeInstances", InstanceIds=f'["{instance_id}"]')
        (row,) = body["Instances"]["Instance"]
        return dict(row)

    def status(self, instance_id: str) -> str:
        return str(self.row(instance_id)["Status"])


def machines_of(emulator: Emulator, clock: ManualClock) -> Machines:
    """Machines in an emulator that a test made itself."""
    ecs = Api(EcsClient, ecs_models, emulator)
    return Machines(ecs, Api(VpcClient, vpc_models, emulator), clock)
