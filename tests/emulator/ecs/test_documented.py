"""Every operation, held against its documented example: the same keys, the same JSON types."""

from __future__ import annotations

import json
import os
from functools import partial
from pathlib import Path
from typing import Any

import alibabacloud_ecs20140526.models as ecs_models
import alibabacloud_quotas20200510.models as quotas_models
import alibabacloud_ram20150501.models as ram_models
import alibabacloud_sts20150401.models as sts_models
import pytest
from alibabacloud_quotas20200510.client import Client as QuotasClient
from alibabacloud_ram20150501.client import Client as RamClient

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from ackgpu.emulator.dispatch import load_products
from tests.emulator.ecs.changes_tour import visit_changes
from tests.emulator.ecs.keys import Keys, keys_of
from tests.emulator.ecs.machines import TYPE, machines_of
from tests.emulator.ecs.test_ram import TRUST, allow, policy
from tests.emulator.ecs.test_tags_keys_disks import PUBLIC_KEY
from tests.support.shapes import absent_keys, type_faults, unknown_keys

FIXTURES = Path(__file__).parents[3] / "fixtures" / "aliyun"
PRODUCTS = {product.code: product for product in load_products()}
MODELS = {"ecs": ecs_models, "quotas": quotas_models, "ram": ram_models, "sts": sts_models}
EXAMPLES = sorted(
    path.parent for name in MODELS for path in (FIXTURES / name).glob("*/documented.json")
)

ABSENT = {
    # Only what lies in a deployment set, a storage set or an ESSD of its own figures has them.
    "DescribeInstances": {"Instances.Instance[].DeploymentSetGroupNo"},
    "DescribeDisks": {
        "Disks.Disk[].StorageSetPartitionNumber",
        "Disks.Disk[].ProvisionedIops",
    },
    # An id for products, which a group or interface of the account's own has not.
    "DescribeSecurityGroups": {"SecurityGroups.SecurityGroup[].ServiceID"},
    "DescribeNetworkInterfaces": {"NetworkInterfaceSets.NetworkInterfaceSet[].ServiceID"},
    # The last page has none.
    "ListRoles": {"Marker"},
    "ListUsers": {"Marker"},
    "ListPolicies": {"Marker"},
    # Rate quotas and metered quotas have these.
    "GetProductQuota": {"Quota.Period", "Quota.UsageMetric"},
    "ListProductQuotas": {"Quotas[].Period", "Quotas[].UsageMetric"},
    "ListQuotaApplications": {"QuotaApplications[].Period"},
}
TYPES = {
    # A float in the schema, a whole number in the example.
    "integer, documented number",
    "number, documented integer",
}
OTHER_TYPES = {
    # The schema says object; the example of this one operation shows a list.
    "GetQuotaApplication": {"QuotaApplication.Dimension: object, documented array"},
}


def example(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "documented.json").read_text("utf-8"))["response"])


class Tour:
    """Calls every operation once or more, and keeps the last answer of each."""

    def __init__(self, emulator: Emulator, clock: ManualClock) -> None:
        self.answers: dict[str, dict[str, Any]] = {}
        self.clock = clock
        self.own = keys = keys_of(emulator)
        self.machines = machines_of(emulator, clock)
        self.ecs = partial(self.ask, "ecs", self.machines.ecs)
        self.own_ram = keys.api(RamClient, ram_models)
        self.ram = partial(self.ask, "ram", self.own_ram)
        self.quotas = partial(self.ask, "quotas", keys.api(QuotasClient, quotas_models))
        self.endpoint = emulator.endpoint

    def ask(self, product: str, api: Any, action: str, **parameters: Any) -> dict[str, Any]:
        body = api(action, **parameters)
        self.answers[f"{product}/{action}"] = body
        return dict(body)

    def catalogue(self) -> None:
        for action in ("DescribeRegions", "DescribeZones", "DescribeInstanceTypeFamilies"):
            self.ecs(action)
        self.ecs("DescribeInstanceTypes", MaxResults=1)
        self.ecs("DescribeImages")
        self.ecs("DescribeAccountAttributes")
        self.ecs("DescribeAvailableResource", DestinationResource="InstanceType")
        disk = {"Category": "cloud_ssd", "Size": 40}
        self.ecs("DescribePrice", InstanceType=TYPE, SystemDisk=disk)

    def groups_and_keys(self) -> None:
        group = self.ecs("CreateSecurityGroup", VpcId=self.machines.vpc_id)["SecurityGroupId"]
        rule = {"IpProtocol": "tcp", "PortRange": "22/22", "SourceGroupId": self.machines.group_id}
        self.ecs("AuthorizeSecurityGroup", SecurityGroupId=group, Permissions=[rule])
        egress = {"IpProtocol": "all", "PortRange": "-1/-1", "DestCidrIp": "0.0.0.0/0"}
        self.ecs("AuthorizeSecurityGroupEgress", SecurityGroupId=group, Permissions=[egress])
        self.ecs("DescribeSecurityGroupAttribute", SecurityGroupId=group)
        self.ecs("DescribeSecurityGroupReferences", SecurityGroupId=[self.machines.group_id])
        tag = {"ResourceType": "securitygroup", "ResourceId": [group]}
        self.ecs("TagResources", **tag, Tag=[{"Key": "owner", "Value": "demo"}])
        self.ecs("ListTagResources", **tag)
        self.ecs("DescribeSecurityGroups", SecurityGroupId=group)
        self.ecs("UntagResources", **tag, TagKey=["owner"])
        self.ecs("ModifySecurityGroupAttribute", SecurityGroupId=group, Description="of demo")
        self.ecs("ModifySecurityGroupPolicy", SecurityGroupId=group, InnerAccessPolicy="Drop")
        self.ecs("ModifySecurityGroupRule", SecurityGroupId=group, **rule, Description="ssh")
        self.ecs("ModifySecurityGroupEgressRule", SecurityGroupId=group, **egress, Description="o")
        self.ecs("RevokeSecurityGroup", SecurityGroupId=group, Permissions=[rule])
        self.ecs("DeleteSecurityGroup", SecurityGroupId=group)
        self.ecs("CreateKeyPair", KeyPairName="made", Tag=[{"Key": "owner", "Value": "demo"}])
        self.ecs("DescribeKeyPairs")
        self.ecs("ImportKeyPair", KeyPairName="mine", PublicKeyBody=PUBLIC_KEY)

    def instances(self) -> None:
        machines = self.machines
        keep = {"Category": "cloud_ssd", "Size": 40, "DeleteWithInstance": False}
        tags = [{"Key": "owner", "Value": "demo"}]
        one = machines.running(InternetMaxBandwidthOut=5, DataDisk=[keep], Tag=tags)
        self.ecs("DescribeInstances")
        self.ecs("DescribeDisks", InstanceId=one)
        eni = self.ecs("DescribeNetworkInterfaces")["NetworkInterfaceSets"]["NetworkInterfaceSet"][
            0
        ]
        assert eni["InstanceId"] == one
        group = {"SecurityGroupId": machines.group_id, "VSwitchId": machines.vswitch_id}
        spare = machines.ecs("CreateNetworkInterface", **group)["NetworkInterfaceId"]
        both = {"NetworkInterfaceId": spare, "InstanceId": one}
        machines.ecs("AttachNetworkInterface", **both)
        self.clock.advance(6)
        self.ecs("DetachNetworkInterface", **both)
        self.clock.advance(6)
        self.ecs("DeleteNetworkInterface", NetworkInterfaceId=spare)
        self.ecs("DescribeInstanceStatus")
        self.ecs("DescribeInstanceAttribute", InstanceId=one)
        self.ecs("DescribeUserData", InstanceId=one)
        self.ecs("GetInstanceConsoleOutput", InstanceId=one)
        self.ecs("ModifyInstanceAttribute", InstanceId=one, InstanceName="renamed")
        other = machines.ecs("CreateSecurityGroup", VpcId=machines.vpc_id)["SecurityGroupId"]
        self.ecs("JoinSecurityGroup", InstanceId=one, SecurityGroupId=other)
        self.ecs("LeaveSecurityGroup", InstanceId=one, SecurityGroupId=other)
        ids = json.dumps([one])
        self.ecs("AttachKeyPair", KeyPairName="mine", InstanceIds=ids)
        self.ecs("DetachKeyPair", KeyPairName="mine", InstanceIds=ids)
        self.ecs("DeleteKeyPairs", KeyPairNames='["mine"]')
        self.ecs("ModifyInstanceChargeType", InstanceIds=ids, Period=1, IsDetailFee=True)
        self.clock.advance(6)
        self.ecs(
            "ModifyInstanceChargeType",
            InstanceIds=ids,
            InstanceChargeType="PostPaid",
            IsDetailFee=True,
        )
        visit_changes(self, one)
        self.power(one)

    def power(self, one: str) -> None:
        self.ecs("StopInstance", InstanceId=one)
        self.clock.advance(11)
        self.ecs("StartInstance", InstanceId=one)
        self.clock.advance(16)
        self.ecs("StopInstances", InstanceId=[one])
        self.clock.advance(11)
        self.ecs("StartInstances", InstanceId=[one])
        self.clock.advance(16)
        two = self.ecs("CreateInstance", **self.machines.request())["InstanceId"]
        three = self.ecs("RunInstances", **self.machines.request())["InstanceIdSets"]
        self.clock.advance(21)
        self.ecs("DeleteInstance", InstanceId=one, Force=True)
        self.ecs("DeleteInstances", InstanceId=[two, *three["InstanceIdSet"]], Force=True)
        self.clock.advance(11)
        (disk,) = self.machines.ecs("DescribeDisks")["Disks"]["Disk"]
        self.ecs("DeleteDisk", DiskId=disk["DiskId"])

    def quota_center(self) -> None:
        here = [{"Key": "regionId", "Value": "cn-hangzhou"}]
        groups = {"ProductCode": "ecs", "QuotaActionCode": "q_security-groups", "Dimensions": here}
        vgpu = {"ProductCode": "ecs-spec", "QuotaActionCode": "q_ecs_vgpu_postpay_g"}
        self.quotas("ListProducts")
        self.quotas("ListProductQuotas", **vgpu, Dimensions=here)
        self.quotas("GetProductQuota", **vgpu, Dimensions=here)
        self.quotas("ListProductQuotaDimensions", ProductCode="ecs")
        self.quotas("GetProductQuotaDimension", ProductCode="ecs", DimensionKey="regionId")
        self.quotas("ListProductDimensionGroups", ProductCode="ecs")
        self.quotas("ListDependentQuotas", ProductCode="csk", QuotaActionCode="q_i5uzm3")
        made = self.quotas("CreateQuotaApplication", **groups, DesireValue=200, Reason="growth")
        self.clock.advance(301)
        self.quotas("GetQuotaApplication", ApplicationId=made["ApplicationId"])
        self.quotas("ListQuotaApplications")

    def access(self) -> None:
        text = policy(allow("ecs:*"))
        own = {"PolicyType": "Custom", "PolicyName": "Own"}
        self.answers["ram/GetAccountAlias"] = self.own.alias()
        self.ram("CreatePolicy", PolicyName="Own", PolicyDocument=text)
        self.ram("CreateRole", RoleName="Builder", AssumeRolePolicyDocument=TRUST)
        self.ram("UpdateRole", RoleName="Builder", NewDescription="builds")
        self.ram("AttachPolicyToRole", RoleName="Builder", **own)
        self.ram("CreatePolicyVersion", PolicyName="Own", PolicyDocument=text)
        self.ram("ListPolicyVersions", **own)
        self.ram("SetDefaultPolicyVersion", PolicyName="Own", VersionId="v2")
        self.ram("DeletePolicyVersion", PolicyName="Own", VersionId="v1")
        self.ram("CreateUser", UserName="alice")
        self.ram("UpdateUser", UserName="alice", NewDisplayName="Alice")
        self.ram("AttachPolicyToUser", UserName="alice", **own)
        for action, more in (
            ("GetRole", {"RoleName": "Builder"}),
            ("ListRoles", {}),
            ("ListPoliciesForRole", {"RoleName": "Builder"}),
            ("GetUser", {"UserName": "alice"}),
            ("ListUsers", {}),
            ("ListPoliciesForUser", {"UserName": "alice"}),
            ("GetPolicy", own),
            ("GetPolicyVersion", own | {"VersionId": "v2"}),
            ("ListPolicies", {}),
            ("ListEntitiesForPolicy", own),
        ):
            self.ram(action, **more)
        self.temporary_keys(own)

    def temporary_keys(self, own: dict[str, str]) -> None:
        key = self.ram("CreateAccessKey", UserName="alice")["AccessKey"]
        keys = Keys(self.endpoint, key["AccessKeyId"], key["AccessKeySecret"])
        self.answers["sts/GetCallerIdentity"] = keys.identity()
        self.answers["sts/AssumeRole"] = keys.assumed("acs:ram::1234567890123456:role/Builder")
        self.ram("ListAccessKeys", UserName="alice")
        named = {"UserName": "alice", "UserAccessKeyId": key["AccessKeyId"]}
        self.ram("UpdateAccessKey", **named, Status="Inactive")
        self.ram("DeleteAccessKey", **named)
        self.ram("DetachPolicyFromUser", UserName="alice", **own)
        self.ram("DetachPolicyFromRole", RoleName="Builder", **own)
        self.ram("DeleteUser", UserName="alice")
        self.ram("DeleteRole", RoleName="Builder")
        self.ram("DeletePolicy", PolicyName="Own")


@pytest.fixture(scope="module")
def answers() -> dict[str, dict[str, Any]]:
    """An answer of every operation, by ``product/Action``."""
    clock = ManualClock()
    with pytest.MonkeyPatch.context() as patch, Emulator(clock=clock, seed=7) as emulator:
        for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
            patch.delenv(name)  # a module's fixture comes before the clean environment
        tour = Tour(emulator, clock)
        tour.catalogue()
        tour.groups_and_keys()
        tour.instances()
        tour.quota_center()
        tour.access()
        return tour.answers


def name_of(folder: Path) -> str:
    return f"{folder.parent.name}/{folder.name}"


@pytest.mark.parametrize("folder", EXAMPLES, ids=name_of)
def test_the_sdk_knows_every_key_of_the_example(folder: Path):
    model = getattr(MODELS[folder.parent.name], f"{folder.name}ResponseBody")
    assert unknown_keys(model, example(folder)) == []


@pytest.mark.parametrize("folder", EXAMPLES, ids=name_of)
def test_an_answer_has_the_keys_and_types_of_the_example(
    answers: dict[str, dict[str, Any]], folder: Path
):
    documented, body = example(folder), answers[name_of(folder)]
    assert set(absent_keys(documented, body)) == ABSENT.get(folder.name, set())
    faults = [
        fault for fault in type_faults(documented, body) if fault.partition(": ")[2] not in TYPES
    ]
    assert set(faults) == OTHER_TYPES.get(folder.name, set())


WITHOUT_EXAMPLE = {
    "ecs": {
        "AllocatePublicIpAddress",
        "AttachDisk",
        "AttachInstanceRamRole",
        "AttachNetworkInterface",
        "CreateDisk",
        "CreateNetworkInterface",
        "DescribeInstanceAttachmentAttributes",
        "DescribeInstanceAutoRenewAttribute",
        "DescribeInstanceMaintenanceAttributes",
        "DescribeInstanceRamRole",
        "DescribeNetworkInterfaceAttribute",
        "DescribeSpotPriceHistory",
        "DetachDisk",
        "DetachInstanceRamRole",
        "GetInstanceConsoleOutput",
        "JoinSecurityGroup",
        "LeaveSecurityGroup",
        "ModifyDiskAttribute",
        "ModifyDiskSpec",
        "ModifyInstanceAttachmentAttributes",
        "ModifyInstanceAutoRenewAttribute",
        "ModifyInstanceMaintenanceAttributes",
        "ModifyInstanceMetadataOptions",
        "ModifyInstanceNetworkSpec",
        "ModifyInstanceSpec",
        "ModifyNetworkInterfaceAttribute",
        "ModifyPrepayInstanceSpec",
        "ModifySecurityGroupAttribute",
        "ModifySecurityGroupEgressRule",
        "ModifySecurityGroupPolicy",
        "ModifySecurityGroupRule",
        "RebootInstance",
        "RenewInstance",
        "ReplaceSystemDisk",
        "ResizeDisk",
        "RevokeSecurityGroupEgress",
    },
    "ram": {
        "CreatePolicyVersion",
        "DeletePolicyVersion",
        "ListPolicyVersions",
        "SetDefaultPolicyVersion",
        "UpdateUser",
    },
}


@pytest.mark.parametrize("product", sorted(MODELS))
def test_every_operation_has_an_example_or_is_known_not_to(product: str):
    operations = set(PRODUCTS[product].operations)
    shown = {folder.name for folder in EXAMPLES if folder.parent.name == product}
    assert operations - shown == WITHOUT_EXAMPLE.get(product, set())
