"""delete: what others made in our network, what pods left behind, and what lost its tag."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alibabacloud_tea_openapi.models import Config
from survival.machine import NAME, put_in_state, remains
from survival.shell import Ended, Shell

from ackgpu.emulator import Emulator
from ackgpu.emulator.store import Doc

REGION = "cn-hangzhou"
LONG = ("--timeout", "24h")
PACKAGES = {
    "ecs": "alibabacloud_ecs20140526",
    "vpc": "alibabacloud_vpc20160428",
    "slb": "alibabacloud_slb20140515",
    "cs": "alibabacloud_cs20151215",
}


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A shell on an account that has the cluster."""
    with Emulator(speed=600, seed=7) as emulator:
        shell = Shell(emulator, tmp_path / "user")
        ended = shell("create", NAME, "--no-verify", *LONG)
        assert ended.code == 0, ended.err
        yield shell


def asked(shell: Shell, product: str, action: str, **parameters: Any) -> Any:
    """What the official SDK gets for a request by somebody else."""
    package, env = PACKAGES[product], shell.emulator.env
    config = Config(
        access_key_id=env["ALIBABA_CLOUD_ACCESS_KEY_ID"],
        access_key_secret=env["ALIBABA_CLOUD_ACCESS_KEY_SECRET"],
        region_id=REGION,
        endpoint=shell.emulator.endpoint.removeprefix("http://"),
        protocol="http",
    )
    client = importlib.import_module(f"{package}.client").Client(config)
    request = getattr(importlib.import_module(f"{package}.models"), f"{action}Request")()
    request.from_map({"RegionId": REGION, **parameters})
    wanted = action.lower()
    method = next(n for n in dir(client) if n.replace("_", "") == wanted)
    return getattr(client, method)(request).body


def alive(shell: Shell, kind: str) -> list[Doc]:
    backend = shell.emulator.backend
    with backend.transaction() as session:
        return session.find(kind, at=backend.timeline_now(session))


def one(shell: Shell, kind: str) -> str:
    """The id of ours: the one of its kind that carries our tag."""
    docs = [doc for doc in alive(shell, kind) if "ackgpu:cluster" in doc.body.get("Tags", {})]
    return docs[0].id


def state_of(shell: Shell, instance: str) -> str:
    rows = asked(shell, "ecs", "DescribeInstances", InstanceIds=json.dumps([instance]))
    return rows.instances.instance[0].status


def deleted(shell: Shell, *more: str) -> Ended:
    return shell("delete", NAME, "-y", "-o", "json", *LONG, *more)


def tags(**values: str) -> list[dict[str, str]]:
    return [{"Key": key.replace("_", "."), "Value": value} for key, value in values.items()]


def there(shell: Shell) -> dict[str, str]:
    """Where in our network somebody makes something."""
    return {"VpcId": one(shell, "vpc"), "VSwitchId": one(shell, "vswitch")}


def their_interface(shell: Shell) -> str:
    group = one(shell, "securitygroup")
    made = asked(shell, "ecs", "CreateNetworkInterface", SecurityGroupId=group, **there(shell))
    return made.network_interface_id


def their_balancer(shell: Shell) -> str:
    kind = {"AddressType": "intranet", "LoadBalancerSpec": "slb.s1.small"}
    return asked(shell, "slb", "CreateLoadBalancer", **kind, **there(shell)).load_balancer_id


def their_gateway(shell: Shell) -> str:
    made = asked(shell, "vpc", "CreateNatGateway", NatType="Enhanced", **there(shell))
    return made.nat_gateway_id


def their_vswitch(shell: Shell) -> str:
    place = {"VpcId": one(shell, "vpc"), "ZoneId": "cn-hangzhou-k"}
    made = asked(shell, "vpc", "CreateVSwitch", CidrBlock="192.168.200.0/24", **place)
    return made.v_switch_id


def their_route_table(shell: Shell) -> str:
    return asked(shell, "vpc", "CreateRouteTable", VpcId=one(shell, "vpc")).route_table_id


def their_address(shell: Shell) -> str:
    """An EIP of theirs, bound to our NAT gateway."""
    eip = asked(shell, "vpc", "AllocateEipAddress").allocation_id
    gateway = one(shell, "natgateway")
    asked(
        shell,
        "vpc",
        "AssociateEipAddress",
        AllocationId=eip,
        InstanceId=gateway,
        InstanceType="Nat",
    )
    return eip


@pytest.mark.long
@pytest.mark.parametrize(
    "make",
    [their_interface, their_balancer, their_gateway, their_vswitch, their_route_table],
    ids=lambda f: f.__name__,
)
def test_what_others_made_in_our_network_is_named_and_holds_only_what_it_lives_in(
    shell: Shell, make: Any
) -> None:
    stranger = make(shell)
    vpc = one(shell, "vpc")
    looked = shell("delete", NAME, "--dry-run", "-o", "json")
    assert any(stranger in line for line in json.loads(looked.out)["keeps"])
    ended = deleted(shell)
    assert ended.code == 10, ended.err
    assert stranger in ended.err
    left = {resource["id"] for resource in json.loads(ended.out)["left"]}
    assert vpc in left
    assert not {"cluster", "nodepool", "eip", "instance"} & {
        kind for kind, _ in remains(shell.emulator)
    }
    assert ("natgateway", "ackgpu-demo-nat") not in remains(shell.emulator)


@pytest.mark.long
def test_a_group_that_a_cloud_service_manages_goes_with_it_and_is_not_in_the_way(
    shell: Shell,
) -> None:
    vpc = one(shell, "vpc")
    groups = [
        asked(shell, "ecs", "CreateSecurityGroup", VpcId=vpc, ServiceManaged=managed)
        for managed in (True, False)
    ]
    kept = shell("delete", NAME, "--dry-run", "-o", "json").out
    assert [made.security_group_id in kept for made in groups] == [False, True]


@pytest.mark.long
def test_an_address_of_others_on_our_gateway_is_named_and_holds_it(shell: Shell) -> None:
    address = their_address(shell)
    ended = deleted(shell)
    assert ended.code == 10, ended.err
    assert address in ended.err
    document = json.loads(ended.out)
    assert one(shell, "natgateway") in {resource["id"] for resource in document["left"]}
    assert document["seconds"] < 15 * 60
    assert address in {doc.id for doc in alive(shell, "eip")}


@pytest.mark.long
def test_an_instance_that_was_attached_is_not_in_the_way(shell: Shell) -> None:
    image = asked(shell, "ecs", "DescribeImages").images.image[0].image_id
    made = asked(
        shell,
        "ecs",
        "RunInstances",
        ImageId=image,
        InstanceType="ecs.vgn5i-m2.xlarge",
        VSwitchId=one(shell, "vswitch"),
        SecurityGroupId=one(shell, "securitygroup"),
        Amount=1,
    )
    instance = made.instance_id_sets.instance_id_set[0]
    while state_of(shell, instance) != "Running":
        continue
    ended = shell("nodepool", "attach", NAME, "gpu", "--instance-id", instance, "-y", *LONG)
    assert ended.code == 0, ended.err
    ended = deleted(shell)
    assert ended.code == 0, ended.err
    assert not remains(shell.emulator)


@pytest.mark.long
def test_a_cluster_that_is_retained_stays_with_everything(shell: Shell) -> None:
    before = remains(shell.emulator)
    cluster = one(shell, "cluster")
    looked = shell("delete", NAME, "--dry-run", "--retain", cluster, "-o", "json")
    assert json.loads(looked.out)["removes"] == []
    ended = deleted(shell, "--retain", cluster)
    assert ended.code == 0, ended.err
    assert remains(shell.emulator) == before


@pytest.mark.long
def test_what_is_in_the_way_is_not_waited_for(shell: Shell) -> None:
    their_interface(shell)
    ended = deleted(shell)
    assert json.loads(ended.out)["seconds"] < 15 * 60


@pytest.mark.long
def test_the_network_is_not_taken_from_under_a_cluster_that_lost_its_tag(shell: Shell) -> None:
    cluster = one(shell, "cluster")
    asked(
        shell,
        "cs",
        "UntagResources",
        region_id=REGION,
        resource_type="CLUSTER",
        resource_ids=[cluster],
        tag_keys=["ackgpu:cluster"],
    )
    before = remains(shell.emulator)
    ended = deleted(shell)
    assert ended.code == 6
    assert cluster in ended.err
    assert "nothing was deleted" in ended.err
    assert remains(shell.emulator) == before


@pytest.mark.long
@pytest.mark.parametrize(
    ("kind", "product", "resource_type"),
    [
        ("vpc", "vpc", "VPC"),
        ("vswitch", "vpc", "VSWITCH"),
        ("natgateway", "vpc", "NATGATEWAY"),
        ("eip", "vpc", "EIP"),
        ("securitygroup", "ecs", "securitygroup"),
    ],
)
def test_what_lost_its_tag_is_left_and_said(
    shell: Shell, kind: str, product: str, resource_type: str
) -> None:
    lost = one(shell, kind)
    action = "UnTagResources" if product == "vpc" else "UntagResources"
    asked(
        shell,
        product,
        action,
        ResourceType=resource_type,
        ResourceId=[lost],
        TagKey=["ackgpu:cluster"],
    )
    ended = deleted(shell)
    assert ended.code == 10, ended.err
    assert lost in ended.err
    assert lost in {resource["id"] for resource in json.loads(ended.out)["left"]}
    assert lost in {doc.id for doc in alive(shell, kind)}
    assert "Put the tag ackgpu:cluster back" in ended.err


def volume(shell: Shell, **more: str) -> str:
    """A disk as the CSI plugin makes it."""
    cluster = one(shell, "cluster")
    return asked(
        shell,
        "ecs",
        "CreateDisk",
        ZoneId="cn-hangzhou-k",
        DiskCategory="cloud_essd",
        Size=20,
        Tag=tags(ack_aliyun_com=cluster, createdby="alibabacloud-csi-plugin", **more),
    ).disk_id


@pytest.mark.long
def test_disks_of_volumes_are_shown_before_and_gone_after(shell: Shell) -> None:
    disk = volume(shell)
    looked = shell("delete", NAME, "--dry-run", "-o", "json")
    assert any(disk in line for line in json.loads(looked.out)["removes"])
    ended = deleted(shell)
    assert ended.code == 0, ended.err
    assert disk in {resource["id"] for resource in json.loads(ended.out)["gone"]}
    assert not remains(shell.emulator)


@pytest.mark.long
def test_a_disk_of_a_volume_can_be_retained(shell: Shell) -> None:
    disk = volume(shell)
    ended = deleted(shell, "--retain", disk)
    assert ended.code == 0, ended.err
    (kept,) = alive(shell, "disk")
    assert kept.id == disk
    assert "ackgpu:cluster" not in kept.body["Tags"], "the next delete would take it"
    assert alive(shell, "vpc") == []


@pytest.mark.long
def test_disks_of_a_cluster_that_is_gone_are_found_from_elsewhere(
    shell: Shell, tmp_path: Path
) -> None:
    disk = volume(shell)
    refusal = {"action": "DeleteDisk", "effect": "error", "status": 400, "code": "Forbidden"}
    shell.emulator.set_faults({"faults": [refusal]})
    assert deleted(shell).code == 10
    assert "ackgpu:run" in alive(shell, "disk")[0].body["Tags"], "gc judges by it"
    shell.emulator.set_faults(None)
    elsewhere = Shell(shell.emulator, tmp_path / "elsewhere")
    ended = deleted(elsewhere)
    assert ended.code == 0, ended.err
    assert disk in {resource["id"] for resource in json.loads(ended.out)["gone"]}
    assert not remains(shell.emulator)


@pytest.mark.long
def test_interfaces_of_pods_go_with_their_cluster(shell: Shell) -> None:
    interface = asked(
        shell,
        "ecs",
        "CreateNetworkInterface",
        VSwitchId=one(shell, "vswitch"),
        SecurityGroupId=one(shell, "securitygroup"),
        Tag=tags(ack_aliyun_com=one(shell, "cluster"), creator="terway"),
    ).network_interface_id
    ended = deleted(shell)
    assert ended.code == 0, ended.err
    assert interface in {resource["id"] for resource in json.loads(ended.out)["gone"]}
    assert not remains(shell.emulator)


@pytest.mark.long
def test_an_id_to_retain_that_nothing_has_is_refused_before_anything_goes(shell: Shell) -> None:
    before = remains(shell.emulator)
    ended = deleted(shell, "--retain", "eip-mistyped")
    assert ended.code == 2
    assert "eip-mistyped" in ended.err
    assert remains(shell.emulator) == before


@pytest.mark.long
def test_the_wait_for_a_deletion_names_what_removes_the_rest(shell: Shell) -> None:
    assert shell("delete", NAME, "-y", "--no-wait", *LONG).code == 0
    ended = shell("wait", NAME, "--for", "deleted", "--timeout", "30m")
    assert ended.code == 7
    assert f"`ackgpu delete {NAME}`" in ended.err


def test_a_cluster_that_is_being_deleted_is_not_extended(shell: Shell) -> None:
    put_in_state(shell.emulator, "cluster", "deleting")
    ended = shell("extend", NAME, "--ttl", "5h")
    assert ended.code == 6
    assert "being deleted" in ended.err
