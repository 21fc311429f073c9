"""No stock: the next zone, the next type if ackgpu chose it, then commands that find some."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from support.cli import Cli, Ended

from tests.cli.machines import bodies

DOCUMENTED, CHEAPEST = "ecs.vgn5i-m2.xlarge", "ecs.sgn7i-vws-m2s.xlarge"
ZONES = [f"cn-hangzhou-{letter}" for letter in "bghijk"]
ONE = ("--nodes", "1", "-o", "json")
ADD = ("nodepool", "add", "demo", "more", *ONE)


def sell_out(cli: Cli, type_id: str = DOCUMENTED, *, announced: bool) -> None:
    gone = {"kind": "stock_out", "instance_type": type_id, "announced": announced}
    cli.emulator.set_faults({"faults": [{**gone, "zone": zone} for zone in ZONES]})


def types_of(cli: Cli) -> list[list[str]]:
    return [body["scaling_group"]["instance_types"] for body in bodies(cli, "nodepool")]


def commands(ended: Ended) -> list[list[str]]:
    """The words of each command that a resolution begins a line with."""
    lines = ended.json["error"]["resolution"].splitlines()
    found = [re.match(r"`ackgpu ([^`]+)`: ", line) for line in lines]
    return [shlex.split(match[1]) for match in found if match]


@pytest.fixture
def demo(cli: Cli) -> Cli:
    cli.ok("create", "demo", "--nodes", "1", "--no-verify")
    return cli


def test_a_pool_that_names_no_type_gets_the_documented_one_with_the_reason(demo: Cli) -> None:
    made = demo.ok(*ADD).json
    assert made["typeChoice"].startswith(f"{DOCUMENTED}: ACK's documented type, in stock in")
    assert types_of(demo) == [[DOCUMENTED], [DOCUMENTED]]


@pytest.mark.long
@pytest.mark.parametrize("announced", [True, False])
def test_a_pool_goes_on_with_the_next_type(demo: Cli, *, announced: bool) -> None:
    sell_out(demo, announced=announced)
    ended = demo.ok(*ADD)
    assert ended.json["typeChoice"].startswith(
        f"{CHEAPEST}: {DOCUMENTED} is sold out; the cheapest"
    )
    assert types_of(demo) == [[DOCUMENTED], [CHEAPEST]]
    assert (f"going on with {CHEAPEST}" in ended.err) is not announced
    demo.ok(*ADD)  # it goes on, and finds it done
    assert len(types_of(demo)) == 2


@pytest.mark.long
def test_the_choice_is_shown_to_people_and_in_a_dry_run(demo: Cli) -> None:
    sell_out(demo, announced=True)
    assert CHEAPEST in demo.ok(*ADD[:-2], "--dry-run").out
    assert f"type  {CHEAPEST}: " in demo.ok(*ADD[:-2]).out


@pytest.mark.long
def test_a_create_goes_on_with_the_next_type_after_the_last_zone(cli: Cli) -> None:
    sell_out(cli, announced=False)
    ended = cli.ok("create", "demo", *ONE)
    assert ended.json["typeChoice"].startswith(f"{CHEAPEST}: {DOCUMENTED} is sold out")
    assert types_of(cli) == [[CHEAPEST]]
    assert f"going on with {CHEAPEST}" in ended.err
    assert ended.json["gpuNodesVerified"] == 1


@pytest.mark.long
def test_a_type_that_was_named_is_not_replaced(demo: Cli) -> None:
    sell_out(demo, announced=False)
    assert demo(*ADD, "--instance-type", DOCUMENTED).code == 8
    assert types_of(demo) == [[DOCUMENTED], [DOCUMENTED]]


@pytest.mark.long
@pytest.mark.parametrize("announced", [True, False])
def test_the_commands_of_a_pool_that_found_none_work(demo: Cli, *, announced: bool) -> None:
    sell_out(demo, announced=announced)
    refused = demo(*ADD, "--instance-type", DOCUMENTED)
    assert refused.code == 8
    near, far = commands(refused)
    assert near[:3] == ["nodepool", "add", "demo"]
    assert demo.ok(*near).json["nodePools"][-1]["healthy"] == 1
    assert far[0] == "create"
    assert "--region" in far
    demo.ok(*far, "--nodes", "1", "--no-verify")


@pytest.mark.long
@pytest.mark.parametrize("announced", [True, False])
def test_given_vswitches_bound_the_types_that_are_named(demo: Cli, *, announced: bool) -> None:
    account = demo.account()
    given = ("--vpc-id", account["vpc"][0], "--vswitch-id", account["vswitch"][0])
    sell_out(demo, announced=announced)
    words = ("--pod-cidr", "172.24.0.0/16", "--instance-type", DOCUMENTED, *ONE)
    refused = demo("create", "other", *given, *words)
    assert refused.code == 8
    (near,) = commands(refused)
    assert "--zone" not in near
    assert "--region" not in near
    assert demo.ok(*near).json["nodePools"][0]["healthy"] == 1


@pytest.mark.long
@pytest.mark.parametrize("announced", [True, False])
def test_of_several_pools_the_one_that_found_none_is_named(
    cli: Cli, tmp_path: Path, *, announced: bool
) -> None:
    path = tmp_path / "cluster.yaml"
    text = (
        "apiVersion: ackgpu.dev/v1alpha1\nkind: GpuCluster\nmetadata: {name: demo}\nnodePools:\n"
        f"- {{name: good, instanceTypes: [{CHEAPEST}], desiredSize: 1}}\n"
        f"- {{name: scarce, instanceTypes: [{DOCUMENTED}], desiredSize: 1}}\n"
    )
    path.write_text(text)
    sell_out(cli, announced=announced)
    refused = cli("create", "-f", str(path), "-o", "json")
    assert refused.code == 8
    told = refused.json["error"]["resolution"].splitlines()[0]
    assert told.startswith("Give the node pool scarce instanceTypes: [")
    assert f"`ackgpu create -f {path} -o json`" in told
    other = told.split("[")[1].split("]")[0]
    path.write_text(text.replace(f"[{DOCUMENTED}]", f"[{other}]"))
    assert cli.ok("create", "-f", str(path), "-o", "json").json["gpuNodesVerified"] == 2


@pytest.mark.long
def test_a_pool_takes_the_zone_of_the_cluster_that_has_stock(cli: Cli) -> None:
    zones = ("--zone", "cn-hangzhou-k", "--zone", "cn-hangzhou-j")
    cli.ok("create", "demo", "--nodes", "1", "--no-verify", "--instance-type", DOCUMENTED, *zones)
    gone = {"kind": "stock_out", "instance_type": DOCUMENTED, "announced": False}
    cli.emulator.set_faults({"faults": [{**gone, "zone": "cn-hangzhou-k"}]})
    made = cli.ok(*ADD, "--instance-type", DOCUMENTED).json
    assert made["nodePools"][-1]["healthy"] == 1
