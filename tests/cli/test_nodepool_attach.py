"""Existing instances taken into a pool, by ACK and by a script."""

from __future__ import annotations

import json

import pytest
from support.cli import Cli

from tests.cli.machines import asked, ecs_of, own_instance


@pytest.fixture
def demo(cli: Cli) -> Cli:
    """A shell on an account that has a cluster ``demo`` of one node."""
    cli.ok("create", "demo", "--nodes", "1")
    return cli


def attached(cli: Cli) -> set[str]:
    listed = cli.ok("describe", "demo", "--resources", "-o", "json").json["resources"]
    return {row["id"] for row in listed if row["type"] == "Instance"}


@pytest.mark.long
def test_an_instance_becomes_a_verified_node_and_again_nothing_happens(demo: Cli) -> None:
    own = own_instance(demo)
    words = ("nodepool", "attach", "demo", "gpu", "--instance-id", own)
    joined = demo.ok(*words, "-y")
    assert "gpu nodes checked: 2 of 2 verified" in joined.err
    assert own in attached(demo)
    demo.emulator.requests.clear()
    demo.ok(*words)
    assert asked(demo) == []
    assert demo.ok("verify", "demo").out.count("1/1") == 2


@pytest.mark.long
def test_an_attachment_that_was_cut_off_says_nothing_of_another_instance(demo: Cli) -> None:
    first, second = own_instance(demo), own_instance(demo)
    words = ("nodepool", "attach", "demo", "gpu", "-y", "--instance-id")
    with demo.at_speed(20):
        assert demo(*words, first, "--timeout", "60s").code == 7
    demo.ok(*words, second)
    assert {first, second} <= attached(demo)


@pytest.mark.long
def test_it_asks_because_system_disks_are_replaced(demo: Cli) -> None:
    own = own_instance(demo)
    demo.emulator.requests.clear()
    refused = demo("nodepool", "attach", "demo", "gpu", "--instance-id", own)
    assert refused.code == 2
    assert "--yes" in refused.err
    shown = demo.ok("nodepool", "attach", "demo", "gpu", "--instance-id", own, "--dry-run")
    assert "system disks are replaced" in shown.out
    assert asked(demo) == []


def test_everything_that_keeps_an_instance_out_is_said_at_once(demo: Cli) -> None:
    node = demo.account()["instance"][0]
    stopped = own_instance(demo)
    plain = own_instance(demo, instance_type="ecs.g7.xlarge", disk="cloud_essd")
    ecs_of(demo)("StopInstance", InstanceId=stopped)
    demo.ok("nodepool", "add", "demo", "other", "--nodes", "0")
    demo.emulator.requests.clear()
    ids = [word for i in (node, stopped, plain, "i-none") for word in ("--instance-id", i)]
    refused = demo("nodepool", "attach", "demo", "other", *ids, "-y")
    assert refused.code == 3
    assert f"{node} is a node of the cluster demo already" in refused.err
    assert f"{stopped} is Stop" in refused.err
    assert f"{plain} is of ecs.g7.xlarge, which has no GPU" in refused.err
    assert "i-none does not exist in cn-hangzhou" in refused.err
    assert asked(demo) == []


@pytest.mark.long
def test_an_instance_of_another_vpc_is_refused(demo: Cli) -> None:
    demo.ok("create", "elsewhere", "--nodes", "0", "--no-verify")
    other = demo.account()["vpc"]
    backend = demo.emulator.backend
    with backend.transaction() as session:
        (theirs,) = [d for d in session.find("cluster") if d.name == "elsewhere"]
    assert theirs.scope in other
    demo.ok("nodepool", "add", "elsewhere", "more", "--nodes", "1")
    with backend.transaction() as session:
        stranger = next(d.id for d in session.find("instance") if d.scope == theirs.scope)
    refused = demo("nodepool", "attach", "demo", "gpu", "--instance-id", stranger, "-y")
    assert refused.code == 3
    assert f"is in the VPC {theirs.scope}" in refused.err


@pytest.mark.long
def test_by_hand_it_prints_the_script_and_how_to_run_it(demo: Cli) -> None:
    own = own_instance(demo)
    demo.emulator.requests.clear()
    words = ("nodepool", "attach", "demo", "gpu", "--instance-id", own, "--mode", "manual")
    printed = demo.ok(*words)
    assert printed.out.startswith("curl ")
    assert printed.out.count("\n") == 1
    assert "as root" in printed.err
    assert own in printed.err
    assert [a for a in asked(demo) if a != "DescribeClusterAttachScripts"] == []
    assert json.loads(demo.ok(*words, "-o", "json").out)["text"].startswith("curl ")


@pytest.mark.long
def test_a_file_can_name_instances_to_attach(demo: Cli) -> None:
    own = own_instance(demo)
    path = demo.home / "cluster.yaml"
    path.write_text(
        "apiVersion: ackgpu.dev/v1alpha1\nkind: GpuCluster\nmetadata: {name: demo}\nnodePools:\n"
        "- name: mine\n  instanceTypes: [ecs.vgn5i-m2.xlarge]\n  desiredSize: 0\n"
        f"  attach: {{instanceIds: [{own}]}}\n"
    )
    demo.ok("nodepool", "add", "demo", "mine", "-f", str(path))
    assert own in attached(demo)
    demo.ok("nodepool", "add", "demo", "mine", "-f", str(path))


@pytest.mark.long
@pytest.mark.parametrize("words", [("--mode", "magic"), ("--instance-id",)])
def test_bad_input_is_exit_2(demo: Cli, words: tuple[str, ...]) -> None:
    assert demo("nodepool", "attach", "demo", "gpu", "--instance-id", "i-1", *words).code == 2


@pytest.mark.long
def test_an_attached_instance_stays_when_its_pool_is_deleted_and_is_named(demo: Cli) -> None:
    own = own_instance(demo)
    demo.ok("nodepool", "attach", "demo", "gpu", "-y", "--instance-id", own)
    words = ("nodepool", "delete", "demo", "gpu")
    assert own in demo.ok(*words, "--dry-run", "-o", "json").json["warnings"][0]
    ended = demo(*words, "-y", "-o", "json")
    assert ended.code == 10
    assert ended.json["error"]["details"] == [
        f"{own}: attached by hand, so ACK does not release it"
    ]
    assert demo.account()["instance"] == [own]
