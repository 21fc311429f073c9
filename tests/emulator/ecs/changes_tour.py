"""The part of ECS's tour that changes instances, disks and interfaces in place."""

from __future__ import annotations

import json
from typing import Any

from tests.emulator.ecs.machines import IMAGE, ZONE, Machines
from tests.emulator.ecs.test_ram import TRUST


def visit_changes(tour: Any, one: str) -> None:
    """Ask every operation that changes what there is; ``one`` is a running instance."""
    visit_settings(tour, one, json.dumps([one]))
    visit_disks(tour, one)
    visit_interfaces(tour)


def machines_stopped(machines: Machines) -> str:
    """An instance that is stopped."""
    one = machines.running()
    machines.ecs("StopInstance", InstanceId=one)
    machines.clock.advance(11)
    return one


def visit_settings(tour: Any, one: str, ids: str) -> None:
    tour.ecs("ModifyInstanceMaintenanceAttributes", InstanceId=[one], NotifyOnMaintenance=True)
    tour.ecs("DescribeInstanceMaintenanceAttributes", InstanceId=[one])
    pool = {"MatchCriteria": "Open"}
    tour.ecs("ModifyInstanceAttachmentAttributes", InstanceId=one, PrivatePoolOptions=pool)
    tour.ecs("DescribeInstanceAttachmentAttributes", InstanceIds=ids)
    tour.ecs("ModifyInstanceMetadataOptions", InstanceId=one, HttpEndpoint="enabled")
    trust = TRUST.replace('"RAM"', '"Service"').replace(
        "acs:ram::1234567890123456:root", "ecs.aliyuncs.com"
    )
    tour.own_ram("CreateRole", RoleName="Worker", AssumeRolePolicyDocument=trust)
    tour.ecs("AttachInstanceRamRole", InstanceIds=ids, RamRoleName="Worker")
    tour.ecs("DescribeInstanceRamRole", InstanceIds=ids)
    tour.ecs("DetachInstanceRamRole", InstanceIds=ids, RamRoleName="Worker")
    tour.own_ram("DeleteRole", RoleName="Worker")
    tour.ecs("ModifyInstanceNetworkSpec", InstanceId=one, InternetMaxBandwidthOut=9)
    tour.ecs("RebootInstance", InstanceId=one)
    tour.clock.advance(16)
    paid = tour.machines.running(InstanceChargeType="PrePaid", Period=1)
    tour.ecs("RenewInstance", InstanceId=paid, Period=1)
    tour.ecs("ModifyInstanceAutoRenewAttribute", InstanceId=paid, RenewalStatus="AutoRenewal")
    tour.ecs("DescribeInstanceAutoRenewAttribute", InstanceId=paid)
    tour.machines.ecs("StopInstance", InstanceId=paid)
    tour.clock.advance(11)
    larger = {"InstanceId": paid, "InstanceType": "ecs.vgn5i-m4.2xlarge"}
    tour.ecs("ModifyPrepayInstanceSpec", **larger)
    used = machines_stopped(tour.machines)
    tour.ecs("ModifyInstanceSpec", InstanceId=used, InternetMaxBandwidthOut=5)
    tour.ecs("AllocatePublicIpAddress", InstanceId=used)
    tour.ecs("ReplaceSystemDisk", InstanceId=used, ImageId=IMAGE)
    tour.machines.ecs("DeleteInstance", InstanceId=used)
    tour.machines.ecs(
        "ModifyInstanceChargeType",
        InstanceIds=json.dumps([paid]),
        InstanceChargeType="PostPaid",
    )
    tour.clock.advance(31)
    tour.machines.ecs("DeleteInstance", InstanceId=paid)
    tour.clock.advance(11)


def visit_disks(tour: Any, one: str) -> None:
    made = tour.ecs("CreateDisk", ZoneId=ZONE, DiskCategory="cloud_essd", Size=40)["DiskId"]
    tour.clock.advance(6)
    tour.ecs("AttachDisk", DiskId=made, InstanceId=one)
    tour.ecs("ModifyDiskAttribute", DiskId=made, DiskName="data")
    tour.clock.advance(6)
    tour.ecs("ResizeDisk", DiskId=made, NewSize=60)
    tour.ecs("ModifyDiskSpec", DiskId=made, PerformanceLevel="PL2")
    tour.ecs("DetachDisk", DiskId=made, InstanceId=one)
    tour.clock.advance(6)
    tour.machines.ecs("DeleteDisk", DiskId=made)


def visit_interfaces(tour: Any) -> None:
    wish = {"SecurityGroupId": tour.machines.group_id, "VSwitchId": tour.machines.vswitch_id}
    eni = {"NetworkInterfaceId": tour.ecs("CreateNetworkInterface", **wish)["NetworkInterfaceId"]}
    tour.ecs("ModifyNetworkInterfaceAttribute", **eni, NetworkInterfaceName="spare")
    tour.ecs("DescribeNetworkInterfaceAttribute", **eni)
    tour.machines.ecs("DeleteNetworkInterface", **eni)
