"""Node pools of a cluster that stands: listed, added, scaled, removed."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from support.cli import Cli, cli_on

from tests.cli.machines import asked, bodies

BIG = "ecs.vgn5i-m4.2xlarge"


@pytest.fixture
def demo(cli: Cli) -> Cli:
    """A shell on an account that has a cluster ``demo``."""
    cli.ok("create", "demo")
    cli.emulator.requests.clear()
    return cli


def pools(cli: Cli) -> dict[str, int]:
    listed = cli.ok("nodepool", "list", "demo", "-o", "json").json
    return {pool["name"]: pool["healthy"] for pool in listed["nodePools"]}


@pytest.mark.long
def test_the_pools_are_listed_with_their_slices(demo: Cli) -> None:
    (pool,) = demo.ok("nodepool", "list", "demo", "-o", "json").json["nodePools"]
    assert (pool["name"], pool["state"], pool["healthy"]) == ("gpu", "active", 2)
    assert pool["slice"] == "GRID-P4-2Q 2048MiB"
    assert demo.ok("nodepool", "list", "demo", "-o", "name").out == "gpu\n"
    assert demo("nodepool", "list", "nothing").code == 5


@pytest.mark.long
def test_a_pool_is_added_beside_the_others_and_its_gpus_are_verified(demo: Cli) -> None:
    added = demo.ok(
        "nodepool", "add", "demo", "big", "--instance-type", BIG, "--nodes", "1",
        "--label", "team=ml", "--label", "ack.node.gpu.schedule=default",
        "--taint", "gpu=big:NoSchedule", "--system-disk", "100", "--data-disk", "cloud_ssd:200",
    )  # fmt: skip
    assert "gpu nodes checked: 1 of 1 verified" in added.err
    assert pools(demo) == {"gpu": 2, "big": 1}
    body = next(body for body in bodies(demo, "nodepool") if body["name"] == "big")
    group, kubernetes = body["scaling_group"], body["kubernetes_config"]
    assert group["instance_types"] == [BIG]
    assert (group["system_disk_category"], group["system_disk_size"]) == ("cloud_ssd", 100)
    assert [(disk["category"], disk["size"]) for disk in group["data_disks"]] == [
        ("cloud_ssd", 200)
    ]
    labels = {row["key"]: row["value"] for row in kubernetes["labels"]}
    assert labels["team"] == "ml"
    assert labels["ack.node.gpu.schedule"] == "default"
    assert labels["ackgpu.dev/gpu-kind"] == "vgpu"
    assert labels["skypilot.co/accelerator"] == "p4"
    assert kubernetes["taints"] == [{"key": "gpu", "value": "big", "effect": "NoSchedule"}]
    assert body["Tags"]["ackgpu:cluster"] == "demo"


@pytest.mark.long
def test_adding_a_pool_again_changes_nothing_and_another_one_is_refused(demo: Cli) -> None:
    demo.ok("nodepool", "add", "demo", "big", "--instance-type", BIG, "--nodes", "1")
    demo.emulator.requests.clear()
    demo.ok("nodepool", "add", "demo", "big", "--instance-type", BIG, "--nodes", "1")
    assert asked(demo) == []
    again = demo.ok("nodepool", "add", "demo", "big", "--nodes", "1", "-o", "json")
    assert again.json["typeChoice"] == f"{BIG}: the node pool has it"
    other = ("--instance-type", "ecs.vgn5i-m2.xlarge")
    refused = demo("nodepool", "add", "demo", "big", "--nodes", "1", *other)
    assert refused.code == 6
    assert f"found {BIG}" in refused.err


@pytest.mark.long
def test_a_dry_run_of_each_change_shows_it_and_asks_for_nothing(demo: Cli) -> None:
    changes = {
        "CREATE": ("add", "demo", "big", "--nodes", "1"),
        "CHANGE": ("scale", "demo", "gpu", "--nodes", "3"),
        "DELETE": ("delete", "demo", "gpu"),
    }
    for action, words in changes.items():
        shown = demo.ok("nodepool", *words, "--dry-run", "-o", "json").json
        assert action in {step["action"] for step in shown["steps"]}
    assert asked(demo) == []


@pytest.mark.long
def test_scaling_sets_the_absolute_number(demo: Cli) -> None:
    demo.ok("nodepool", "scale", "demo", "gpu", "--nodes", "3")
    demo.ok("nodepool", "scale", "demo", "gpu", "--nodes", "3")
    assert pools(demo) == {"gpu": 3}
    assert asked(demo).count("ModifyClusterNodePool") == 1
    assert len(demo.account()["instance"]) == 3
    assert demo.ok("create", "demo", "--nodes", "3", "-o", "json").json["changed"] is False


@pytest.mark.long
def test_fewer_nodes_are_asked_about(demo: Cli) -> None:
    refused = demo("nodepool", "scale", "demo", "gpu", "--nodes", "1")
    assert refused.code == 2
    assert "--yes" in refused.err
    assert asked(demo) == []
    demo.ok("nodepool", "scale", "demo", "gpu", "--nodes", "1", "-y")
    assert pools(demo) == {"gpu": 1}
    assert len(demo.account()["instance"]) == 1


def test_more_nodes_than_the_route_table_holds_are_refused_before_anything(demo: Cli) -> None:
    refused = demo("nodepool", "scale", "demo", "gpu", "--nodes", "300")
    assert refused.code == 3
    assert "route entries" in refused.err
    assert asked(demo) == []


@pytest.mark.long
def test_a_pool_more_than_a_cluster_holds_is_refused_before_anything(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with cli_on(tmp_path / "user", capsys, scenario={"limits": {"node_pools": 1}}) as cli:
        cli.ok("create", "demo", "--nodes", "1", "--no-verify")
        cli.emulator.requests.clear()
        refused = cli("nodepool", "add", "demo", "more", "--nodes", "1")
        assert refused.code == 3, refused.err
        assert asked(cli) == []


@pytest.mark.long
def test_a_busy_pool_is_waited_for(demo: Cli) -> None:
    demo.ok("nodepool", "scale", "demo", "gpu", "--nodes", "3", "--no-wait")
    demo.ok("nodepool", "scale", "demo", "gpu", "--nodes", "4")
    assert pools(demo) == {"gpu": 4}


@pytest.mark.long
def test_a_pool_goes_with_its_nodes_and_deleting_it_again_is_no_error(demo: Cli) -> None:
    demo.ok("nodepool", "add", "demo", "big", "--instance-type", BIG, "--nodes", "1")
    assert demo("nodepool", "delete", "demo", "big").code == 2
    demo.ok("nodepool", "delete", "demo", "big", "-y")
    assert pools(demo) == {"gpu": 2}
    assert len(demo.account()["instance"]) == 2
    demo.ok("nodepool", "delete", "demo", "big", "-y")


@pytest.mark.long
def test_what_is_not_there_is_exit_5_and_bad_input_is_2(demo: Cli) -> None:
    assert demo("nodepool", "scale", "demo", "none", "--nodes", "1").code == 5
    assert demo("nodepool", "scale", "nothing", "gpu", "--nodes", "1").code == 5
    assert demo("nodepool", "scale", "demo", "gpu", "--nodes", "-1").code == 2
    for wrong in (
        ("--label", "novalue"),
        ("--taint", "key"),
        ("--taint", "key=value:Sometimes"),
        ("--system-disk", "fast"),
        ("--data-disk", "cloud_essd:100"),
        ("--instance-type", "ecs.g7.large"),
        ("--zone", "cn-hangzhou-a"),
        ("--vswitch-id", "vsw-none"),
        ("--min", "3", "--max", "1"),
        ("--charge-type", "PrePaid"),
    ):
        refused = demo("nodepool", "add", "demo", "other", "--nodes", "1", *wrong)
        assert refused.code == 2, (wrong, refused.err)
    assert asked(demo) == []


@pytest.mark.long
def test_a_pool_that_scales_itself_is_made_in_two_steps(demo: Cli) -> None:
    demo.ok("nodepool", "add", "demo", "auto", "--nodes", "1", "--min", "1", "--max", "3")
    made = [a for a in asked(demo) if "NodePool" in a]
    assert made == ["CreateClusterNodePool", "ModifyClusterNodePool"]
    body = next(body for body in bodies(demo, "nodepool") if body["name"] == "auto")
    scaling = body["auto_scaling"]
    assert (scaling["enable"], scaling["min_instances"], scaling["max_instances"]) == (True, 1, 3)
    assert scaling["type"] == "gpu"
    listed = demo.ok("nodepool", "list", "demo", "-o", "json").json
    assert [pool["autoScaling"] for pool in listed["nodePools"]] == ["", "1 to 3"]
    demo.ok("nodepool", "add", "demo", "auto", "--nodes", "1", "--min", "1", "--max", "3")
    assert demo("nodepool", "scale", "demo", "auto", "--nodes", "2").code == 6


@pytest.mark.long
def test_a_pool_comes_from_a_file_too(demo: Cli, tmp_path: Path) -> None:
    path = tmp_path / "cluster.yaml"
    path.write_text(
        "apiVersion: ackgpu.dev/v1alpha1\nkind: GpuCluster\nmetadata: {name: demo}\n"
        "nodePools:\n- {name: gpu, instanceTypes: [ecs.vgn5i-m2.xlarge]}\n"
        f"- {{name: big, instanceTypes: [{BIG}], desiredSize: 1, labels: {{team: ml}}}}\n"
    )
    demo.ok("nodepool", "add", "demo", "big", "-f", str(path), "--label", "tier=gold")
    body = next(body for body in bodies(demo, "nodepool") if body["name"] == "big")
    labels = {row["key"]: row["value"] for row in body["kubernetes_config"]["labels"]}
    assert (labels["team"], labels["tier"]) == ("ml", "gold")
    assert demo("nodepool", "add", "demo", "other", "-f", str(path)).code == 2


@pytest.mark.long
def test_the_licence_server_is_rendered_before_the_users_script(demo: Cli, tmp_path: Path) -> None:
    script = tmp_path / "setup.py"
    script.write_text("#!/usr/bin/env python3\nprint('hello')\n")
    demo.ok(
        "nodepool", "add", "demo", "licensed", "--nodes", "1",
        "--license-server", "10.0.0.9:7071", "--user-data", str(script),
    )  # fmt: skip
    body = next(body for body in bodies(demo, "nodepool") if body["name"] == "licensed")
    text = base64.b64decode(body["kubernetes_config"]["user_data"]).decode()
    assert text.startswith("#!/bin/bash\n")
    assert "server='10.0.0.9' port='7071'" in text
    own = text.split("<< 'END'\n")[1].split("\nEND")[0]
    assert base64.b64decode(own).decode() == script.read_text()


@pytest.mark.long
def test_the_password_comes_from_a_file_or_the_environment_and_is_shown_nowhere(
    demo: Cli, tmp_path: Path
) -> None:
    secret = tmp_path / "password"
    secret.write_text("Hangzhou+2026\n")
    words = ("nodepool", "add", "demo", "closed", "--nodes", "1")
    made = demo.ok(*words, "--password-file", str(secret), "-v", "-o", "json")
    sent = demo.emulator.requests.writes()
    assert "CreateClusterNodePool" in {entry.action for entry in sent}
    state = "".join(p.read_text() for p in (demo.home / "state").rglob("*") if p.is_file())
    for text in (made.out, made.err, state):
        assert "Hangzhou+2026" not in text
    assert demo(*words[:3], "weak", "--password-file", str(tmp_path / "none")).code == 2
    secret.write_text("\n")
    empty = demo(*words[:3], "weak", "--password-file", str(secret))
    assert (empty.code, "is empty" in empty.err) == (2, True)
    weak = demo(*words[:3], "weak", "--nodes", "1", env={"ACKGPU_NODE_PASSWORD": "short"})
    assert weak.code == 2
    assert "short" not in weak.err.replace("shortest", "")
    assert demo(*words[:3], "weak", "--ask-password").code == 2


@pytest.mark.long
def test_a_pool_that_got_no_nodes_names_what_gives_it_some(demo: Cli) -> None:
    demo.emulator.set_faults({"faults": [{"kind": "stock_out", "announced": False}]})
    words = ("nodepool", "add", "demo", "more", "--nodes", "1")
    for _ in range(2):
        refused = demo(*words)
        assert refused.code == 8
        assert "`ackgpu nodepool scale demo more --nodes 1` asks" in refused.err
        assert "goes on from here" not in refused.err
    demo.emulator.set_faults(None)
    demo.ok("nodepool", "scale", "demo", "more", "--nodes", "1")


@pytest.mark.long
def test_a_change_names_no_flag_that_it_does_not_have(demo: Cli) -> None:
    assert "--skip-preflight" not in demo("nodepool", "scale", "demo", "gpu", "--nodes", "99").err


@pytest.mark.long
def test_a_pool_that_gets_no_nodes_says_why(demo: Cli) -> None:
    refused = demo("nodepool", "add", "demo", "none", "--instance-type", "ecs.vgn6i-m4-vws.xlarge")
    assert refused.code == 8
    assert "no stock" in refused.err
    assert asked(demo) == []
    tried = demo(
        "nodepool", "add", "demo", "none", "--instance-type", "ecs.vgn6i-m4-vws.xlarge",
        "--skip-preflight",
    )  # fmt: skip
    assert tried.code == 8
    assert "none" not in pools(demo) or pools(demo)["none"] == 0
    demo.ok("nodepool", "delete", "demo", "none", "-y")


@pytest.mark.long
def test_create_makes_pools_that_scale_themselves_and_goes_on_with_them(
    cli: Cli, tmp_path: Path
) -> None:
    path = tmp_path / "cluster.yaml"
    path.write_text(
        "apiVersion: ackgpu.dev/v1alpha1\nkind: GpuCluster\nmetadata: {name: demo}\n"
        "nodePools:\n- {name: gpu, instanceTypes: [ecs.vgn5i-m2.xlarge], desiredSize: 1}\n"
        f"- {{name: auto, instanceTypes: [{BIG}], desiredSize: 1,\n"
        "   autoScaling: {enable: true, min: 1, max: 4}}\n"
    )
    made = cli.ok("create", "-f", str(path), "-o", "json").json
    assert [pool["autoScaling"] for pool in made["nodePools"]] == ["", "1 to 4"]
    assert made["gpuNodesVerified"] == 2
    assert cli.ok("create", "-f", str(path), "-o", "json").json["changed"] is False
    cli.ok("delete", "demo", "-y")
    assert cli.account() == {}
