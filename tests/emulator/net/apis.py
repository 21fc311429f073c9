"""The official SDKs, driven by wire names, with every answer's shape checked on the way."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
from alibabacloud_tea_openapi.models import Config

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from tests.support.shapes import unknown_keys

REGION = "cn-hangzhou"


class Api:
    """One product through its SDK. Calling it returns the raw JSON body."""

    def __init__(self, client_cls: type[Any], models: ModuleType, emulator: Emulator) -> None:
        class Recording(client_cls):  # type: ignore[misc]
            body: Any = None

            def call_api(self, *args: Any, **kwargs: Any) -> Any:
                answer = super().call_api(*args, **kwargs)
                self.body = answer["body"]
                return answer

        self._models = models
        self._client = Recording(
            Config(
                access_key_id=emulator.access_key_id,
                access_key_secret=emulator.access_key_secret,
                endpoint=emulator.endpoint.removeprefix("http://"),
                protocol="http",
                region_id=REGION,
            )
        )
        self._methods = {
            name.replace("_", ""): name for name in dir(self._client) if not name.startswith("_")
        }

    def __call__(self, action: str, **parameters: Any) -> dict[str, Any]:
        request_cls = getattr(self._models, f"{action}Request")
        request = request_cls().from_map({"RegionId": REGION} | parameters)
        getattr(self._client, self._methods[action.lower()])(request)
        body = self._client.body
        response_cls = getattr(self._models, f"{action}ResponseBody")
        assert unknown_keys(response_cls, body) == []
        assert body["RequestId"]
        return dict(body)

    def refusal(self, action: str, **parameters: Any) -> tuple[str, int]:
        """The code and HTTP status with which the request is refused."""
        with pytest.raises(Exception) as caught:  # noqa: PT011 -- the SDKs' classes differ
            self(action, **parameters)
        error: Any = caught.value
        return error.code, error.status_code


def run_instance(ecs: Api, vswitch_id: str, group_id: str) -> str:
    """Ask for a vGPU instance in the vSwitch; it is Running half a minute later."""
    body = ecs(
        "RunInstances",
        InstanceType="ecs.vgn5i-m2.xlarge",
        ImageFamily="acs:alibaba_cloud_linux_3_2104_lts_x64",
        VSwitchId=vswitch_id,
        SecurityGroupId=group_id,
        SystemDisk={"Category": "cloud_efficiency"},
    )
    return str(body["InstanceIdSets"]["InstanceIdSet"][0])


class Network:
    """A little network, made step by step, on a clock that moves when told to."""

    def __init__(self, vpc: Api, clock: ManualClock) -> None:
        self.api = vpc
        self.clock = clock

    def vpc(self, cidr: str = "10.0.0.0/8", **more: Any) -> str:
        body = self.api("CreateVpc", CidrBlock=cidr, **more)
        self.clock.advance(4)
        return str(body["VpcId"])

    def vswitch(self, vpc_id: str, cidr: str = "10.1.0.0/24", zone: str = "k", **more: Any) -> str:
        body = self.api(
            "CreateVSwitch", VpcId=vpc_id, ZoneId=f"{REGION}-{zone}", CidrBlock=cidr, **more
        )
        self.clock.advance(4)
        return str(body["VSwitchId"])

    def nat(self, vpc_id: str, vswitch_id: str, **more: Any) -> dict[str, Any]:
        body = self.api(
            "CreateNatGateway", VpcId=vpc_id, VSwitchId=vswitch_id, NatType="Enhanced", **more
        )
        self.clock.advance(91)
        return self.gateway(body["NatGatewayId"])

    def gateway(self, nat_id: str) -> dict[str, Any]:
        rows = self.api("DescribeNatGateways", NatGatewayId=nat_id)["NatGateways"]["NatGateway"]
        return dict(rows[0])

    def eip(self, allocation_id: str) -> dict[str, Any]:
        rows = self.api("DescribeEipAddresses", AllocationId=allocation_id)
        return dict(rows["EipAddresses"]["EipAddress"][0])

    def bound_eip(self, nat_id: str) -> dict[str, Any]:
        """An EIP that the gateway knows."""
        eip_id = self.api("AllocateEipAddress", Bandwidth="5")["AllocationId"]
        self.api("AssociateEipAddress", AllocationId=eip_id, InstanceId=nat_id, InstanceType="Nat")
        self.clock.advance(9)
        return self.eip(eip_id)

    def way_out(self) -> tuple[str, str, dict[str, Any], dict[str, Any], str]:
        """VPC, vSwitch, NAT gateway, EIP and SNAT entry, all Available."""
        vpc_id = self.vpc()
        vswitch_id = self.vswitch(vpc_id)
        nat = self.nat(vpc_id, vswitch_id)
        eip = self.bound_eip(nat["NatGatewayId"])
        entry = self.api(
            "CreateSnatEntry",
            SnatTableId=nat["SnatTableIds"]["SnatTableId"][0],
            SourceVSwitchId=vswitch_id,
            SnatIp=eip["IpAddress"],
        )
        self.clock.advance(6)
        return vpc_id, vswitch_id, nat, eip, entry["SnatEntryId"]
