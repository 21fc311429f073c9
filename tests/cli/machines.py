"""A user's own instances and RAM users, and looks into the emulated account."""

from __future__ import annotations

import json
from typing import Any

import alibabacloud_ecs20140526.models as ecs_models
from alibabacloud_ecs20140526.client import Client as EcsClient
from support.cli import Cli

from ackgpu.emulator.store import Doc
from tests.emulator.net.apis import Api

TYPE = "ecs.vgn5i-m2.xlarge"
IMAGE = "aliyun_3_x64_20G_alibase_20250629.vhd"


def as_user_with(cli: Cli, *statements: dict[str, Any]) -> dict[str, str]:
    """The environment of a RAM user with one policy; the account's own stays as it is."""
    document = json.dumps({"Version": "1", "Statement": statements})
    with cli.emulator.backend.transaction(write=True) as session:
        session.put(
            Doc("rampolicy", "Custom/own", created_at=0.0, body={"PolicyDocument": document})
        )
        policies = {"UserId": "200000000000000001", "Policies": {"Custom/own": 0.0}}
        session.put(Doc("ramuser", "tester", name="tester", created_at=0.0, body=policies))
        key = {"UserName": "tester", "AccessKeySecret": "secret", "Status": "Active"}
        session.put(Doc("accesskey", "LTAItester", scope="tester", created_at=0.0, body=key))
    return {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAItester",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "secret",
    }


def ecs_of(cli: Cli) -> Api:
    """ECS through its official SDK."""
    return Api(EcsClient, ecs_models, cli.emulator)


def own_instance(
    cli: Cli,
    *,
    instance_type: str = TYPE,
    disk: str = "cloud_ssd",
    home: tuple[str, str] | None = None,
) -> str:
    """An instance of the user's own in the cluster's VPC; it is Running after a moment.

    ``home``: a vSwitch and a security group; without them the account's first.
    """
    ecs = ecs_of(cli)
    account = cli.account()
    vswitch, group = home or (account["vswitch"][0], account["securitygroup"][0])
    made = ecs(
        "RunInstances",
        InstanceType=instance_type,
        VSwitchId=vswitch,
        SecurityGroupId=group,
        ImageId=IMAGE,
        SystemDisk={"Category": disk, "Size": "40"},
    )
    instance_id = str(made["InstanceIdSets"]["InstanceIdSet"][0])
    while state_of(cli, instance_id) != "Running":
        pass
    return instance_id


def state_of(cli: Cli, instance_id: str) -> str:
    """An instance's state."""
    found = ecs_of(cli)("DescribeInstances", InstanceIds=json.dumps([instance_id]))
    return str(found["Instances"]["Instance"][0]["Status"])


def bodies(cli: Cli, kind: str) -> list[dict[str, Any]]:
    """The documents of a kind in the emulated account, with their names."""
    backend = cli.emulator.backend
    with backend.transaction() as session:
        now = backend.timeline_now(session)
        return [dict(d.body) | {"name": d.name} for d in session.find(kind, at=now)]


def asked(cli: Cli) -> list[str]:
    """The actions that changed something since the log was cleared."""
    return [entry.action for entry in cli.emulator.requests.writes()]
