"""A driver that does not run: verify says who should have installed it and what its log says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from emulator.kube.api import Api
from support.cli import Cli, cli_on

from tests.cli.policies import as_user_of, generated

SGN = ("--instance-type", "ecs.sgn7i-vws-m2s.xlarge")
MODULE = "Unable to load the kernel module 'nvidia.ko'"
TREE = "Unable to find the kernel source tree"
NOT_READ = "GetInstanceConsoleOutput"


@pytest.fixture
def doubts() -> dict[str, str]:
    """Other readings than the usual ones."""
    return {}


@pytest.fixture
def cli(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], doubts: dict[str, str]
) -> Iterator[Cli]:
    scenario = {"doubts": doubts}
    with cli_on(tmp_path / "user", capsys, enforce_ram=True, scenario=scenario) as shell:
        yield shell


def make(cli: Cli, *words: str, **fault: Any) -> None:
    """A cluster of one node with that fault."""
    cli.emulator.set_faults({"faults": [fault] if fault else []})
    cli.ok("create", "demo", "--nodes", "1", "--no-verify", *words)
    cli.ok("wait", "demo", "--for", "nodes")


def lowest(cli: Cli, *words: str, env: dict[str, str] | None = None) -> dict[str, Any]:
    """The lowest failing rung of the one node."""
    ended = cli("verify", "demo", "-o", "json", *words, env=env)
    assert ended.code == 9, ended.err
    (node,) = ended.json["nodes"]
    failed: dict[str, Any] = next(r for r in node["rungs"] if r["verdict"] == "failed")
    return failed


CASES: dict[str, tuple[tuple[str, ...], dict[str, Any], str, str]] = {
    "installer failed": (SGN, {"kind": "driver_failed"}, MODULE, "/var/log/ackgpu-driver.log"),
    "its own words": (
        SGN, {"kind": "driver_failed", "message": "no space left"}, "no space left",
        "ECS's plugin grid_driver_install",
    ),
    "Tesla on a vGPU": ((), {"kind": "driver_tesla"}, MODULE, "/var/log/nvidia-installer.log"),
    "nobody": ((), {"kind": "driver_missing"}, "without the label", "418.70 on vgn5i"),
}  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("case", CASES)
def test_verify_says_what_the_installer_said_and_who_it_was(cli: Cli, case: str) -> None:
    words, fault, said, who = CASES[case]
    make(cli, *words, **fault)
    rung = lowest(cli)
    assert rung["name"] == "labels"
    assert said in rung["message"]
    assert who in rung["remedy"]
    assert "ackgpu node replace demo" in rung["remedy"]


@pytest.mark.long
def test_a_driver_that_acks_start_up_was_told_to_install_on_a_vgpu_does_not_load(
    cli: Cli,
) -> None:
    make(cli, *SGN, "--gpu-driver", "ack")
    assert MODULE in lowest(cli)["message"]


@pytest.mark.long
def test_create_ends_with_what_the_installer_said(cli: Cli) -> None:
    cli.emulator.set_faults({"faults": [{"kind": "driver_failed"}]})
    ended = cli("create", "demo", "--nodes", "1", *SGN)
    assert ended.code == 9
    assert MODULE in ended.err


@pytest.mark.long
def test_without_leave_to_read_consoles_the_action_is_named(cli: Cli) -> None:
    make(cli, kind="driver_tesla")
    actions = generated(cli, "verify")
    actions.remove(f"ecs:{NOT_READ}")
    rung = lowest(cli, env=as_user_of(cli, actions))
    assert f"ecs:{NOT_READ}" in rung["message"]
    assert MODULE not in rung["message"]


def test_a_kubeconfig_alone_reads_no_console(cli: Cli, tmp_path: Path) -> None:
    make(cli, kind="driver_tesla")
    path = tmp_path / "config"
    path.write_text(cli.ok("kubeconfig", "show", "demo").out)
    ended = cli("verify", "--kubeconfig", str(path))
    assert ended.code == 9
    assert "/var/log/nvidia-installer.log" in ended.err + ended.out
    assert not [e for e in cli.emulator.requests if e.action == NOT_READ]


@pytest.mark.long
@pytest.mark.parametrize("doubts", [{"late_labels": "absent"}])
def test_labels_that_never_come_after_a_late_driver_can_be_given_by_hand(cli: Cli) -> None:
    make(cli, *SGN)
    with cli.emulator.backend.transaction() as session:
        cluster = session.find("cluster")[0]
    api = Api(cli.emulator, cluster.id)
    while "nvidia.com/gpu" not in api.get("/api/v1/nodes")["items"][0]["status"]["allocatable"]:
        continue
    remedy = lowest(cli)["remedy"]
    named = re.search(r"kubectl label node (\S+) ([^`]+)`", remedy)
    assert named
    labels = dict(pair.split("=") for pair in named[2].split())
    assert labels["aliyun.accelerator/nvidia_mem"] == "2048MiB"
    merge = "application/merge-patch+json"
    body = {"metadata": {"labels": labels}}
    assert api("PATCH", f"/api/v1/nodes/{named[1]}", body, content_type=merge).status == 200
    assert cli("verify", "demo").code == 0


@pytest.mark.long
def test_a_driver_that_was_unloaded_is_told_in_nvidia_smis_words(cli: Cli) -> None:
    make(cli)
    cli.ok("wait", "demo", "--for", "gpu")
    cli.emulator.set_faults({"faults": [{"kind": "driver_unloaded"}]})
    rung = lowest(cli, "--level", "cuda")
    assert rung["name"] == "driver"
    assert "couldn't communicate with the NVIDIA driver" in rung["message"]
    assert "GRID driver on the node does not work" in rung["remedy"]


@pytest.mark.long
def test_a_licence_that_is_in_the_price_has_another_remedy(cli: Cli) -> None:
    make(cli, *SGN)
    cli.ok("wait", "demo", "--for", "gpu")
    cli.emulator.set_faults({"faults": [{"kind": "unlicensed"}]})
    rung = lowest(cli, "--level", "cuda")
    assert "no licence" in rung["message"]
    assert "in the price" in rung["remedy"]


@pytest.mark.long
def test_a_version_that_ack_passed_over_is_not_taken_for_the_requested_one(
    cli: Cli, tmp_path: Path
) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(
        "apiVersion: ackgpu.dev/v1alpha1\nkind: GpuCluster\nmetadata: {name: demo}\n"
        "nodePools: [{name: gpu, instanceTypes: [ecs.gn6i-c4g1.xlarge], desiredSize: 1,"
        " labels: {ack.aliyun.com/nvidia-driver-version: '999.1'}}]\nverify: {level: none}\n"
    )
    cli.ok("create", "-f", str(path))
    cli.ok("wait", "demo", "--for", "gpu")
    rung = lowest(cli, "--level", "cuda")
    assert "labels ask for 999.1" in rung["message"]


@pytest.mark.long
@pytest.mark.parametrize("doubts", [{"vgn5i_driver": "nobody"}])
def test_a_retired_family_whose_driver_is_nobodys(cli: Cli) -> None:
    ended = cli("create", "demo", "--nodes", "1")
    assert ended.code == 9
    assert "without the label" in ended.err
    assert "418.70 on vgn5i" in lowest(cli)["remedy"]


@pytest.mark.long
@pytest.mark.parametrize("doubts", [{"plugin_build": "fails"}])
def test_a_plugin_that_does_not_build_on_the_image(cli: Cli) -> None:
    ended = cli("create", "demo", "--nodes", "1", *SGN)
    assert ended.code == 9
    assert TREE in ended.err
