"""A pool in a zone in which its cluster has no vSwitch: refused with commands that run."""

from __future__ import annotations

import re

import pytest
from support.aliyun_line import carry_out
from support.cli import Cli

from tests.cli.machines import asked, bodies

J = "cn-hangzhou-j"
ADD = ("nodepool", "add", "demo", "far", "--nodes", "1", "--zone", J)


def lines(told: str) -> list[str]:
    return re.findall(r"`(aliyun [^`]+|ackgpu [^`]+)`", told)


@pytest.mark.long
def test_the_commands_of_the_refusal_lead_to_the_pool_and_delete_takes_all(cli: Cli) -> None:
    cli.ok("create", "demo", "--nodes", "1", "--zone", "cn-hangzhou-k", "--no-verify")
    cli.emulator.requests.clear()
    refused = cli(*ADD, "-o", "json")
    assert refused.code == 2
    assert refused.json["error"]["message"] == f"The cluster has no vSwitch in {J}."
    assert asked(cli) == []
    switch, way_out, again = lines(refused.json["error"]["resolution"])
    assert "--CidrBlock 192.168.1.0/24" in switch
    for line in (switch, way_out):
        carry_out(cli.emulator, line)
    added = cli.ok(*again.split()[1:])
    assert "gpu nodes checked: 1 of 1 verified" in added.err
    far = next(body for body in bodies(cli, "instance") if body["ZoneId"] == J)
    assert far["InstanceType"].startswith("ecs.")
    entries = {body["SourceCIDR"] for body in bodies(cli, "snat")}
    assert entries == {"192.168.0.0/24", "192.168.1.0/24"}
    cli.ok("delete", "demo", "-y")
    assert cli.account() == {}


@pytest.mark.long
def test_a_zone_that_the_region_does_not_have_gets_no_commands(cli: Cli) -> None:
    cli.ok("create", "demo", "--nodes", "1", "--no-verify")
    refused = cli(*ADD[:-1], "cn-hangzhou-zz", "-o", "json")
    assert refused.code == 2
    assert refused.json["error"]["message"] == "cn-hangzhou has no zone cn-hangzhou-zz."
    assert lines(refused.json["error"]["resolution"]) == []


def test_whoever_may_not_read_the_gateways_is_told_so_and_gets_the_zones_that_there_are(
    cli: Cli,
) -> None:
    cli.ok("create", "demo", "--nodes", "1", "--zone", "cn-hangzhou-k", "--no-verify")
    denied = {"effect": "error", "action": "DescribeNatGateways", "code": "Forbidden.RAM"}
    cli.emulator.set_faults({"faults": [{**denied, "status": 403}]})
    refused = cli(*ADD, "-o", "json")
    assert refused.code == 2
    resolution = refused.json["error"]["resolution"]
    assert "It has some in cn-hangzhou-k" in resolution
    assert "DescribeNatGateways" in resolution
    assert "aliyun" not in resolution
