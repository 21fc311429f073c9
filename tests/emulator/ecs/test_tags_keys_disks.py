"""Tags, key pairs, disks, interfaces and account attributes through the SDK."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from tests.emulator.ecs.machines import Machines, machines_of
from tests.emulator.net.apis import Api

PUBLIC_KEY = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDP someone@somewhere"


def tags(ecs: Api, kind: str, **query: Any) -> dict[str, str]:
    rows = ecs("ListTagResources", ResourceType=kind, **query)["TagResources"]["TagResource"]
    return {row["TagKey"]: row["TagValue"] for row in rows}


def test_tags_are_set_changed_and_taken_away(machines: Machines):
    where = {"ResourceType": "securitygroup", "ResourceId": [machines.group_id]}
    machines.ecs("TagResources", **where, Tag=[{"Key": "a", "Value": "1"}, {"Key": "b"}])
    machines.ecs("TagResources", **where, Tag=[{"Key": "a", "Value": "2"}])
    assert tags(machines.ecs, "securitygroup", ResourceId=[machines.group_id]) == {
        "a": "2",
        "b": "",
    }
    machines.ecs("UntagResources", **where, TagKey=["a"])
    assert tags(machines.ecs, "securitygroup", ResourceId=[machines.group_id]) == {"b": ""}
    machines.ecs("UntagResources", **where, All=True)
    assert tags(machines.ecs, "securitygroup", ResourceId=[machines.group_id]) == {}


def test_resources_are_found_by_tag(machines: Machines):
    instance_id = machines.running(Tag=[{"Key": "owner", "Value": "demo"}])
    machines.running()
    body = machines.ecs(
        "ListTagResources", ResourceType="instance", Tag=[{"Key": "owner", "Value": "demo"}]
    )
    (row,) = body["TagResources"]["TagResource"]
    assert (row["ResourceId"], row["ResourceType"]) == (instance_id, "instance")


@pytest.mark.parametrize(
    ("change", "code", "status"),
    [
        ({"ResourceType": "kitchen"}, "InvalidResourceType.NotFound", 404),
        ({"ResourceId": ["sg-nothing"]}, "InvalidResourceId.NotFound", 404),
        ({"ResourceId": [f"sg-{n}" for n in range(51)]}, "NumberExceed.ResourceIds", 400),
        ({"Tag": [{"Key": f"k{n}"} for n in range(21)]}, "NumberExceed.Tags", 400),
        ({"Tag": [{"Key": "http://x"}]}, "InvalidTagKey.Malformed", 400),
        ({"Tag": [{"Key": "k", "Value": "v" * 129}]}, "InvalidTagValue.Malformed", 400),
    ],
)
def test_tags_are_refused(machines: Machines, change: dict[str, Any], code: str, status: int):
    request = {
        "ResourceType": "securitygroup",
        "ResourceId": [machines.group_id],
        "Tag": [{"Key": "k", "Value": "v"}],
    }
    assert machines.ecs.refusal("TagResources", **request | change) == (code, status)


def test_a_resource_holds_twenty_tags(machines: Machines):
    where = {"ResourceType": "securitygroup", "ResourceId": [machines.group_id]}
    machines.ecs("TagResources", **where, Tag=[{"Key": f"k{n}"} for n in range(20)])
    refusal = machines.ecs.refusal("TagResources", **where, Tag=[{"Key": "more"}])
    assert refusal == ("QuotaExceed.Tags", 403)


def test_tags_are_listed_for_something(ecs: Api):
    refusal = ecs.refusal("ListTagResources", ResourceType="instance")
    assert refusal == ("BothEmpty.TagsAndResources", 403)


def test_the_private_key_is_handed_out_once_and_is_one(ecs: Api):
    made = ecs("CreateKeyPair", KeyPairName="demo", Tag=[{"Key": "owner", "Value": "demo"}])
    key = serialization.load_pem_private_key(made["PrivateKeyBody"].encode(), password=None)
    assert key.key_size == 2048
    (row,) = ecs("DescribeKeyPairs", IncludePublicKey=True)["KeyPairs"]["KeyPair"]
    assert row["KeyPairFingerPrint"] == made["KeyPairFingerPrint"]
    public = key.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    assert row["PublicKey"] == public.decode()
    assert tags(ecs, "keypair", ResourceId=["demo"]) == {"owner": "demo"}


def test_a_key_pair_is_imported_listed_and_deleted(ecs: Api):
    ecs("ImportKeyPair", KeyPairName="mine", PublicKeyBody=PUBLIC_KEY)
    assert ecs.refusal("ImportKeyPair", KeyPairName="mine", PublicKeyBody=PUBLIC_KEY) == (
        "KeyPair.AlreadyExist",
        400,
    )
    assert ecs("DescribeKeyPairs", KeyPairName="m*e")["TotalCount"] == 1
    assert ecs("DescribeKeyPairs", KeyPairName="m*x")["TotalCount"] == 0
    ecs("DeleteKeyPairs", KeyPairNames='["mine", "nothing"]')
    assert ecs("DescribeKeyPairs")["TotalCount"] == 0


@pytest.mark.parametrize(
    ("name", "body", "code"),
    [
        ("1st", PUBLIC_KEY, "InvalidKeyPairName.Malformed"),
        ("mine", "ssh-ed25519 AAAA", "InvalidPublicKeyBody.Malformed"),
        ("mine", "ssh-rsa !", "InvalidPublicKeyBody.Malformed"),
    ],
)
def test_a_key_pair_is_refused(ecs: Api, name: str, body: str, code: str):
    assert ecs.refusal("ImportKeyPair", KeyPairName=name, PublicKeyBody=body) == (code, 400)


def test_the_quota_of_key_pairs(clock: ManualClock):
    with Emulator(clock=clock, seed=7, scenario={"limits": {"key_pairs": 1}}) as emulator:
        ecs = machines_of(emulator, clock).ecs
        ecs("ImportKeyPair", KeyPairName="one", PublicKeyBody=PUBLIC_KEY)
        refusal = ecs.refusal("ImportKeyPair", KeyPairName="two", PublicKeyBody=PUBLIC_KEY)
        assert refusal == ("QuotaExceed.KeyPair", 403)


def test_a_key_pair_in_use_cannot_be_deleted(machines: Machines):
    machines.ecs("ImportKeyPair", KeyPairName="mine", PublicKeyBody=PUBLIC_KEY)
    instance_id = machines.running(KeyPairName="mine")
    refusal = machines.ecs.refusal("DeleteKeyPairs", KeyPairNames='["mine"]')
    assert refusal == ("InvalidParameter.KeypairAlreadyAttachedInstance", 400)
    ids = json.dumps([instance_id, "i-nothing"])
    body = machines.ecs("DetachKeyPair", KeyPairName="mine", InstanceIds=ids)
    assert (body["TotalCount"], body["FailCount"]) == ("2", "1")
    assert machines.row(instance_id)["KeyPairName"] == ""
    machines.ecs("AttachKeyPair", KeyPairName="mine", InstanceIds=json.dumps([instance_id]))
    assert machines.row(instance_id)["KeyPairName"] == "mine"


def test_a_system_disk_goes_with_its_instance_and_a_kept_disk_stays(machines: Machines):
    disk = {"Category": "cloud_ssd", "Size": 100, "DiskName": "kept", "DeleteWithInstance": False}
    instance_id = machines.running(DataDisk=[disk])
    rows = machines.ecs("DescribeDisks", InstanceId=instance_id)["Disks"]["Disk"]
    assert {(row["Type"], row["Size"], row["Status"]) for row in rows} == {
        ("system", 40, "In_use"),
        ("data", 100, "In_use"),
    }
    disk_id = next(row["DiskId"] for row in rows if row["Type"] == "data")
    assert machines.ecs.refusal("DeleteDisk", DiskId=disk_id) == ("IncorrectDiskStatus", 403)
    machines.ecs("DeleteInstance", InstanceId=instance_id, Force=True)
    machines.clock.advance(11)
    (left,) = machines.ecs("DescribeDisks")["Disks"]["Disk"]
    assert (left["DiskId"], left["Status"], left["InstanceId"]) == (disk_id, "Available", "")
    machines.ecs("DeleteDisk", DiskId=disk_id)
    assert machines.ecs("DescribeDisks")["TotalCount"] == 0
    assert machines.ecs.refusal("DeleteDisk", DiskId=disk_id) == ("InvalidDiskId.NotFound", 404)


@pytest.mark.parametrize(
    ("disk", "code"),
    [
        ({"Category": "cloud_ssd", "Size": 1}, "InvalidDataDiskSize.ValueNotSupported"),
        ({"Category": "floppy", "Size": 40}, "InvalidDataDiskCategory.ValueNotSupported"),
    ],
)
def test_a_data_disk_is_refused(machines: Machines, disk: dict[str, Any], code: str):
    assert machines.ecs.refusal("RunInstances", **machines.request(DataDisk=[disk]))[0] == code


def test_an_instances_interface_is_found_in_its_vswitch(machines: Machines):
    instance_id = machines.running()
    body = machines.ecs("DescribeNetworkInterfaces", VSwitchId=machines.vswitch_id)
    (row,) = body["NetworkInterfaceSets"]["NetworkInterfaceSet"]
    assert (row["InstanceId"], row["Type"], row["Status"]) == (instance_id, "Primary", "InUse")
    assert row["PrivateIpAddress"] == "10.1.0.1"
    assert row["SecurityGroupIds"] == {"SecurityGroupId": [machines.group_id]}
    eni = {"NetworkInterfaceId": row["NetworkInterfaceId"]}
    assert machines.ecs.refusal("DeleteNetworkInterface", **eni) == (
        "InvalidOperation.InvalidEniState",
        400,
    )
    assert machines.ecs.refusal("DetachNetworkInterface", **eni, InstanceId=instance_id) == (
        "InvalidOperation.DetachPrimaryEniNotAllowed",
        400,
    )
    refusal = machines.ecs.refusal("DeleteNetworkInterface", NetworkInterfaceId="eni-nothing")
    assert refusal == ("InvalidEniId.NotFound", 404)


def spare_interface(machines: Machines, **more: Any) -> str:
    request = {"VSwitchId": machines.vswitch_id, "SecurityGroupId": machines.group_id}
    return str(machines.ecs("CreateNetworkInterface", **request | more)["NetworkInterfaceId"])


def interface_status(machines: Machines, eni_id: str) -> str:
    body = machines.ecs("DescribeNetworkInterfaces", NetworkInterfaceId=[eni_id])
    (row,) = body["NetworkInterfaceSets"]["NetworkInterfaceSet"]
    return str(row["Status"])


def test_a_secondary_interface_is_attached_detached_and_deleted(machines: Machines):
    instance_id = machines.running()
    eni_id = spare_interface(machines)
    both = {"NetworkInterfaceId": eni_id, "InstanceId": instance_id}
    seen = [interface_status(machines, eni_id)]
    for action in ("AttachNetworkInterface", "DetachNetworkInterface"):
        machines.ecs(action, **both)
        seen.append(interface_status(machines, eni_id))
        machines.clock.advance(6)
        seen.append(interface_status(machines, eni_id))
    assert seen == ["Available", "Attaching", "InUse", "Detaching", "Available"]
    assert machines.ecs.refusal("DetachNetworkInterface", **both) == (
        "InvalidParameter.EniNotBelongEcs",
        403,
    )
    machines.ecs("DeleteNetworkInterface", NetworkInterfaceId=eni_id)
    assert machines.ecs("DescribeNetworkInterfaces", Type="Secondary")["TotalCount"] == 0


def test_an_instance_has_room_for_so_many_interfaces_and_takes_them_along(machines: Machines):
    instance_id = machines.running()  # of a type with three interfaces
    for _ in range(2):
        eni_id = spare_interface(machines)
        machines.ecs("AttachNetworkInterface", NetworkInterfaceId=eni_id, InstanceId=instance_id)
    spare = {"NetworkInterfaceId": spare_interface(machines), "InstanceId": instance_id}
    assert machines.ecs.refusal("AttachNetworkInterface", **spare) == (
        "EniPerInstanceLimitExceeded",
        403,
    )
    machines.ecs("DeleteInstance", InstanceId=instance_id, Force=True)
    machines.clock.advance(11)
    assert machines.ecs("DescribeNetworkInterfaces")["TotalCount"] == 1


def test_an_interface_that_was_left_behind_blocks_what_it_lies_in(machines: Machines):
    eni_id = spare_interface(machines)
    group = {"SecurityGroupId": machines.group_id}
    assert machines.ecs.refusal("DeleteSecurityGroup", **group) == ("DependencyViolation", 403)
    vswitch = {"VSwitchId": machines.vswitch_id}
    assert machines.network.api.refusal("DeleteVSwitch", **vswitch)[0] == "DependencyViolation"
    machines.ecs("DeleteNetworkInterface", NetworkInterfaceId=eni_id)
    machines.ecs("DeleteSecurityGroup", **group)
    machines.network.api("DeleteVSwitch", **vswitch)


@pytest.mark.parametrize(
    ("change", "code", "status"),
    [
        ({"VSwitchId": "vsw-nothing"}, "InvalidVSwitchId.NotFound", 404),
        ({"SecurityGroupId": "sg-nothing"}, "InvalidSecurityGroupId.NotFound", 404),
    ],
)
def test_an_interface_is_refused(
    machines: Machines, change: dict[str, Any], code: str, status: int
):
    request = {"VSwitchId": machines.vswitch_id, "SecurityGroupId": machines.group_id}
    assert machines.ecs.refusal("CreateNetworkInterface", **request | change) == (code, status)


def test_a_disk_made_alone_is_available_soon_and_can_be_deleted(ecs: Api, clock: ManualClock):
    request = {"ZoneId": "cn-hangzhou-k", "DiskCategory": "cloud_essd", "Size": 40}
    disk_id = ecs("CreateDisk", **request, Tag=[{"Key": "owner", "Value": "demo"}])["DiskId"]
    (row,) = ecs("DescribeDisks", Tag=[{"Key": "owner", "Value": "demo"}])["Disks"]["Disk"]
    assert (row["Status"], row["InstanceId"], row["DiskChargeType"]) == ("Creating", "", "PostPaid")
    clock.advance(6)
    ecs("DeleteDisk", DiskId=disk_id)
    assert ecs.refusal("CreateDisk", **request | {"ZoneId": "cn-beijing-a"}) == (
        "InvalidZoneId.NotFound",
        404,
    )


def attribute(ecs: Api, name: str) -> str:
    body = ecs("DescribeAccountAttributes", AttributeName=[name])
    (item,) = body["AccountAttributeItems"]["AccountAttributeItem"]
    (value,) = item["AttributeValues"]["ValueItem"]
    return str(value["Value"])


def test_account_attributes_are_text_and_follow_what_exists(machines: Machines):
    ecs = machines.ecs
    assert attribute(ecs, "max-security-groups") == "100"
    assert attribute(ecs, "used-postpaid-instance-vcpu-count") == "0"
    machines.run(InstanceType="ecs.g7.xlarge", SystemDisk={"Category": "cloud_essd", "Size": "40"})
    assert attribute(ecs, "used-postpaid-instance-vcpu-count") == "4"
    assert attribute(ecs, "used-postpaid-yundisk-capacity") == "40"
    assert ecs.refusal("DescribeAccountAttributes", AttributeName=["shoe-size"]) == (
        "Invalid.Parameter",
        403,
    )
    everything = ecs("DescribeAccountAttributes")["AccountAttributeItems"]["AccountAttributeItem"]
    assert len(everything) == 12
