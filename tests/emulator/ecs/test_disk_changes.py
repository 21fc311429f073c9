"""Disks attached, detached and changed in place, through the SDK."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.ecs.machines import ZONE, Machines
from tests.emulator.net.apis import REGION


@pytest.fixture
def disk(machines: Machines) -> str:
    """An Available disk on no instance."""
    wish = {"ZoneId": ZONE, "DiskCategory": "cloud_essd", "Size": 40}
    made = machines.ecs("CreateDisk", **wish)["DiskId"]
    machines.clock.advance(6)
    return str(made)


def row(machines: Machines, disk: str) -> dict[str, Any]:
    (found,) = machines.ecs("DescribeDisks", DiskIds=f'["{disk}"]')["Disks"]["Disk"]
    return dict(found)


def test_a_disk_goes_to_an_instance_and_comes_back(machines: Machines, disk: str):
    both = {"DiskId": disk, "InstanceId": machines.running()}
    machines.ecs("AttachDisk", **both, DeleteWithInstance=True)
    assert row(machines, disk)["Status"] == "Attaching"
    machines.clock.advance(6)
    found = row(machines, disk)
    assert (found["Status"], found["InstanceId"]) == ("In_use", both["InstanceId"])
    assert (found["Device"], found["DeleteWithInstance"]) == ("/dev/xvdb", True)
    assert found["AttachedTime"] > found["CreationTime"]
    assert machines.ecs.refusal("DeleteDisk", DiskId=disk) == ("IncorrectDiskStatus", 403)
    assert machines.ecs.refusal("AttachDisk", **both) == ("IncorrectDiskStatus", 403)
    machines.ecs("DetachDisk", **both)
    assert row(machines, disk)["Status"] == "Detaching"
    machines.clock.advance(6)
    found = row(machines, disk)
    assert (found["Status"], found["InstanceId"], found["Device"]) == ("Available", "", "")
    assert machines.ecs.refusal("DetachDisk", **both) == ("IncorrectDiskStatus", 403)
    machines.ecs("DeleteDisk", DiskId=disk)


def test_a_disk_goes_with_the_instance_that_it_was_attached_to(machines: Machines, disk: str):
    one = machines.running()
    machines.ecs("AttachDisk", DiskId=disk, InstanceId=one, DeleteWithInstance=True)
    machines.ecs("DeleteInstance", InstanceId=one, Force=True)
    machines.clock.advance(11)
    assert machines.ecs("DescribeDisks")["Disks"]["Disk"] == []


def test_a_device_is_given_once(machines: Machines, disk: str):
    wish = {"Category": "cloud_essd", "Size": 40, "Device": "/dev/xvdc"}
    both = {"DiskId": disk, "InstanceId": machines.running(DataDisk=[wish])}
    for device, refusal in (
        ("/dev/xvdc", ("InvalidDevice.InUse", 403)),
        ("/dev/sdb", ("InvalidDevice.Malformed", 400)),
    ):
        assert machines.ecs.refusal("AttachDisk", **both, Device=device) == refusal


def test_a_disk_of_another_zone_stays_where_it_is(machines: Machines):
    wish = {"ZoneId": f"{REGION}-i", "DiskCategory": "cloud_essd", "Size": 40}
    made = machines.ecs("CreateDisk", **wish)["DiskId"]
    both = {"DiskId": made, "InstanceId": machines.running()}
    assert machines.ecs.refusal("AttachDisk", **both) == ("ResourcesNotInSameZone", 400)


def test_a_system_disk_is_not_detached(machines: Machines):
    one = machines.running()
    (own,) = machines.ecs("DescribeDisks", InstanceId=one)["Disks"]["Disk"]
    both = {"DiskId": own["DiskId"], "InstanceId": one}
    assert machines.ecs.refusal("DetachDisk", **both) == ("DiskTypeViolation", 403)


def test_seventeen_disks_are_the_most(machines: Machines, disk: str):
    wish = {"Category": "cloud_essd", "Size": 40}
    both = {"DiskId": disk, "InstanceId": machines.running(DataDisk=[wish] * 16)}
    assert machines.ecs.refusal("AttachDisk", **both) == ("InstanceDiskLimitExceeded", 403)


def test_what_of_a_disk_changes(machines: Machines, disk: str):
    machines.ecs("ModifyDiskAttribute", DiskId=disk, DiskName="data", Description="of demo")
    machines.ecs("ModifyDiskAttribute", DiskIds=[disk], DeleteWithInstance=True)
    found = row(machines, disk)
    assert (found["DiskName"], found["Description"]) == ("data", "of demo")
    assert found["DeleteWithInstance"] is True
    refusal = machines.ecs.refusal("ModifyDiskAttribute", DiskId=disk, DiskName="x")
    assert refusal == ("InvalidDiskName.Malformed", 400)
    refusal = machines.ecs.refusal("ModifyDiskAttribute", DiskId="d-1", DiskName="data")
    assert refusal == ("InvalidDiskId.NotFound", 404)


def test_a_disk_grows_and_never_shrinks(machines: Machines, disk: str):
    assert machines.ecs("ResizeDisk", DiskId=disk, NewSize=60, Type="online")["OrderId"]
    assert row(machines, disk)["Size"] == 60
    refusal = machines.ecs.refusal("ResizeDisk", DiskId=disk, NewSize=40)
    assert refusal == ("InvalidDiskSize.TooSmall", 403)
    refusal = machines.ecs.refusal("ResizeDisk", DiskId=disk, NewSize=40000)
    assert refusal == ("InvalidDiskSize.NotSupported", 400)


def test_an_essd_gets_another_performance_level(machines: Machines, disk: str):
    machines.ecs("ModifyDiskSpec", DiskId=disk, PerformanceLevel="PL2")
    assert row(machines, disk)["PerformanceLevel"] == "PL2"
    refusal = machines.ecs.refusal("ModifyDiskSpec", DiskId=disk, PerformanceLevel="PL9")
    assert refusal == ("InvalidPerformanceLevel.Malformed", 400)
    refusal = machines.ecs.refusal("ModifyDiskSpec", DiskId=disk, DiskCategory="tape")
    assert refusal == ("InvalidDiskCategory.ValueNotSupported", 400)
    machines.ecs("ModifyDiskSpec", DiskId=disk, DiskCategory="cloud_ssd")
    refusal = machines.ecs.refusal("ModifyDiskSpec", DiskId=disk, PerformanceLevel="PL1")
    assert refusal == ("OperationDenied.DiskTypeNotSupport", 403)
