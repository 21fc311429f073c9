"""The cluster's security group: the rules of our own, and what is asked of a given one."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from alibabacloud_tea_openapi import models as open_api
from alibabacloud_tea_openapi.client import Client
from darabonba.runtime import RuntimeOptions
from support.cli import Cli, cli_on

from ackgpu.emulator.reachability import Traffic, between_pods

Shell = Callable[..., Cli]
PODS, VPC = "172.20.0.0/16", "192.168.0.0/16"


def aliyun(cli: Cli, line: str) -> Any:
    """What the vendor's command line would ask, by the vendor's own signing."""
    program, product, action, *flags = shlex.split(line)
    assert (program, product) == ("aliyun", "ecs")
    names, values = flags[::2], flags[1::2]
    assert all(name.startswith("--") for name in names)
    config = open_api.Config(
        access_key_id=cli.emulator.access_key_id,
        access_key_secret=cli.emulator.access_key_secret,
        endpoint=cli.emulator.endpoint.removeprefix("http://"),
        protocol="http",
    )
    params = open_api.Params(
        action=action, version="2014-05-26", protocol="HTTP", pathname="/", method="POST",
        auth_type="AK", style="RPC", req_body_type="formData", body_type="json",
    )  # fmt: skip
    query = {name.removeprefix("--"): value for name, value in zip(names, values, strict=True)}
    request = open_api.OpenApiRequest(query=query)
    return Client(config).call_api(params, request, RuntimeOptions())["body"]


def network(kind: str) -> dict[str, Any]:
    """A scenario with somebody else's VPC, vSwitch and security group."""
    return {
        "resources": [
            {
                "name": "net",
                "action": "vpc.CreateVpc",
                "parameters": {"CidrBlock": VPC},
            },
            {
                "name": "sub",
                "action": "vpc.CreateVSwitch",
                "parameters": {
                    "VpcId": "${net.VpcId}",
                    "ZoneId": "cn-hangzhou-k",
                    "CidrBlock": "192.168.0.0/20",
                },
            },
            {
                "name": "group",
                "action": "ecs.CreateSecurityGroup",
                "parameters": {"VpcId": "${net.VpcId}", "SecurityGroupType": kind},
            },
        ]
    }


class Given:
    """A shell on such an account, and the flags that name what is there."""

    def __init__(self, cli: Cli) -> None:
        self.cli = cli
        self.group = cli.account()["securitygroup"][0]
        account = cli.account()
        spec = cli.home / "cluster.yaml"
        spec.parent.mkdir(parents=True, exist_ok=True)
        spec.write_text(
            f"""
apiVersion: ackgpu.dev/v1alpha1
kind: GpuCluster
metadata: {{name: demo, region: cn-hangzhou}}
network:
  vpc: {{id: {account["vpc"][0]}}}
  vswitches: [{{id: {account["vswitch"][0]}}}]
  securityGroupId: {self.group}
"""
        )
        self.spec = str(spec)

    def findings(self) -> list[dict[str, Any]]:
        only = ("--only", "security-group", "-o", "json")
        return list(self.cli("preflight", "-f", self.spec, *only).json["checks"])


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Shell]:
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(cli_on(tmp_path / "user", capsys, **options))


@pytest.mark.long
def test_a_group_of_our_own_has_the_recommended_rules_and_pods_reach_each_other(cli: Cli) -> None:
    cli.ok("create", "demo", "--nodes", "2")
    (group_id,) = cli.account()["securitygroup"]
    backend = cli.emulator.backend
    with backend.transaction() as docs:
        (cluster,) = docs.find("cluster", at=backend.timeline_now(docs))
        first, second = docs.find("node", scope=cluster.id)
        group = docs.get("securitygroup", group_id)
        assert group is not None
        rules = [
            (rule["IpProtocol"], rule["SourceCidrIp"] or rule["SourceGroupId"])
            for rule in group.body["Rules"]
        ]
        pods = cluster.body["container_cidr"]
        assert rules == [("ICMP", "0.0.0.0/0"), ("ALL", group_id), ("ALL", pods)]
        assert between_pods(docs, cluster, (first, second), Traffic("UDP", 53)) == ""
    cli.ok("delete", "demo", "-y")
    assert cli.account() == {}


@pytest.mark.long
def test_a_creation_that_was_stopped_gets_the_rules_that_are_missing(cli: Cli) -> None:
    cli.ok("create", "demo", "--nodes", "1", "--no-verify")
    (group_id,) = cli.account()["securitygroup"]
    flags = f"--SecurityGroupId {group_id} --IpProtocol all --PortRange -1/-1"
    aliyun(cli, f"aliyun ecs RevokeSecurityGroup --RegionId cn-hangzhou {flags} "
                f"--SourceGroupId {group_id}")  # fmt: skip
    again = cli.ok("create", "demo", "--nodes", "1", "--no-verify", "-o", "json").json
    assert again["changed"] is True


@pytest.mark.long
@pytest.mark.parametrize(("kind", "errors"), [("normal", 1), ("enterprise", 3)])
def test_what_a_given_group_lacks_is_told_as_commands_that_mend_it(
    shell: Shell, kind: str, errors: int
) -> None:
    given = Given(shell(scenario=network(kind)))
    found = given.findings()
    assert [row["verdict"] for row in found] == ["failed"] * errors + ["warning"]
    assert all(f"--SecurityGroupId {given.group}" in row["remedy"] for row in found)
    for row in found:
        aliyun(given.cli, row["remedy"])
    (row,) = given.findings()
    assert row["verdict"] == "passed"
    word = "basic" if kind == "normal" else "enterprise"
    assert row["message"] == f"{given.group} ({word}) lets the cluster's traffic through"
    given.cli.ok("create", "-f", given.spec)


def test_a_creation_is_refused_while_pods_would_not_reach_each_other(shell: Shell) -> None:
    given = Given(shell(scenario=network("normal")))
    before = given.cli.account()
    ended = given.cli("create", "-f", given.spec)
    assert ended.code == 3
    assert "pods of different nodes, DNS among them, do not reach each other" in ended.err
    assert given.cli.account() == before


@pytest.mark.parametrize(
    ("rules", "verdicts"),
    [
        ((f"--SourceCidrIp {PODS}",), ["passed"]),
        (("--SourceCidrIp 172.16.0.0/12",), ["passed"]),
        (("--SourceCidrIp 172.20.0.0/17",), ["warning"]),
        ((f"--SourceCidrIp {PODS} --Policy drop",), ["failed", "warning"]),
        (
            (
                f"--SourceCidrIp {PODS} --Priority 2",
                "--SourceCidrIp 172.20.5.0/24 --Policy drop --Priority 1",
            ),
            ["warning", "warning"],
        ),
        (
            (
                f"--SourceCidrIp {PODS} --Priority 1",
                "--SourceCidrIp 172.20.5.0/24 --Policy drop --Priority 2",
            ),
            ["passed"],
        ),
    ],
)
def test_ranges_policies_and_priorities_count(
    shell: Shell, rules: tuple[str, ...], verdicts: list[str]
) -> None:
    given = Given(shell(scenario=network("normal")))
    where = f"--RegionId cn-hangzhou --SecurityGroupId {given.group}"
    head = f"aliyun ecs AuthorizeSecurityGroup {where}"
    aliyun(given.cli, f"{head} --IpProtocol icmp --PortRange -1/-1 --SourceCidrIp 0.0.0.0/0")
    for rule in rules:
        aliyun(given.cli, f"{head} --IpProtocol all --PortRange -1/-1 {rule}")
    assert [row["verdict"] for row in given.findings()] == verdicts


def test_a_group_of_another_vpc_or_of_nobody_is_refused(shell: Shell) -> None:
    given = Given(shell(scenario=network("normal")))
    text = Path(given.spec).read_text("utf-8")
    Path(given.spec).write_text(text.replace(given.group, "sg-none"))
    (row,) = given.findings()
    assert (row["verdict"], "does not exist" in row["message"]) == ("failed", True)
