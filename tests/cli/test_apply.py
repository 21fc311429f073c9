"""``apply``: a cluster that stands becomes what its file says, or nothing is changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import alibabacloud_vpc20160428.models as vpc_models
import pytest
from alibabacloud_vpc20160428.client import Client as VpcClient
from ruamel.yaml import YAML
from support.cli import Cli, Ended, cli_on

from ackgpu.clock import ManualClock
from ackgpu.emulator.store import Doc
from tests.emulator.cs.ack import Ack
from tests.emulator.net.apis import Api

TYPE = "ecs.vgn5i-m2.xlarge"
POOL: dict[str, Any] = {"name": "gpu", "instanceTypes": [TYPE], "desiredSize": 1}
SPEC: dict[str, Any] = {
    "apiVersion": "ackgpu.dev/v1alpha1",
    "kind": "GpuCluster",
    "metadata": {"name": "demo"},
    "nodePools": [POOL],
}
FLANNEL = {"plugin": "flannel", "podCidr": "172.18.0.0/16"}


def of(cli: Cli, kind: str) -> list[Doc]:
    backend = cli.emulator.backend
    with backend.transaction() as session:
        return session.find(kind, at=backend.timeline_now(session))


class Shell:
    """A shell with a file, on an account with the cluster of SPEC."""

    def __init__(self, cli: Cli, path: Path) -> None:
        self.cli, self.path = cli, path
        self.write(SPEC)
        cli.ok("create", "-f", str(path))
        cli.emulator.requests.clear()

    def write(self, document: dict[str, Any]) -> None:
        YAML().dump(document, self.path)

    def apply(self, *flags: str) -> Ended:
        return self.cli("apply", "-f", str(self.path), "-o", "json", *flags)

    @property
    def writes(self) -> list[str]:
        return [entry.action for entry in self.cli.emulator.requests.writes()]


@pytest.fixture
def shell(cli: Cli, tmp_path: Path) -> Shell:
    return Shell(cli, tmp_path / "cluster.yaml")


@pytest.mark.long
def test_nothing_to_change_asks_nobody_and_changes_nothing(shell: Shell) -> None:
    ended = shell.apply()
    assert (ended.code, ended.json["changes"], shell.writes) == (0, [], [])
    assert "No changes" in shell.cli.ok("apply", "-f", str(shell.path)).out


@pytest.mark.long
def test_what_an_export_says_is_no_change_after_an_upgrade_too(cli: Cli, tmp_path: Path) -> None:
    cli.ok("create", "demo", "--nodes", "1", "--kubernetes-version", "1.34", "--instance-type",
           "ecs.sgn7i-vws-m2.xlarge")  # fmt: skip
    file = tmp_path / "demo.yaml"
    for _ in range(2):
        file.write_text(cli.ok("export", "spec", "demo").out)
        cli.emulator.requests.clear()
        ended = cli.ok("apply", "-f", str(file), "-o", "json")
        assert ended.json["changes"] == []
        assert cli.emulator.requests.writes() == []
        cli.ok("upgrade", "demo", "-y", "--node-pools")


@pytest.mark.long
def test_a_refusal_changes_nothing_of_what_could_be_changed(shell: Shell) -> None:
    shell.write(SPEC | {"network": FLANNEL, "nodePools": [POOL | {"desiredSize": 2}]})
    ended = shell.apply("-y")
    assert ended.code == 6
    actions = {row["setting"]: row["action"] for row in ended.json["changes"]}
    assert actions["network.podCidr"] == "refuse"
    assert actions["nodePools[gpu].desiredSize"] == "change"
    [line] = ended.json["error"]["details"]
    assert line.startswith("network.podCidr: 172.20.0.0/16 → 172.18.0.0/16: it is chosen when")
    assert f"`ackgpu create -f {shell.path}" in line
    assert shell.writes == []


@pytest.mark.long
def test_a_dry_run_tells_by_its_exit_code_whether_something_differs(shell: Shell) -> None:
    flags = ("--dry-run", "--detailed-exitcode")
    assert shell.apply(*flags).code == 0
    shell.write(SPEC | {"nodePools": [POOL | {"desiredSize": 3}]})
    ended = shell.apply(*flags)
    assert (ended.code, ended.json["applied"]) == (12, False)
    [row] = ended.json["changes"]
    assert (row["before"], row["after"], row["note"]) == ("1", "3", "2 nodes more")
    assert ended.json["priceMore"]["amount"] > 0
    assert shell.apply("--dry-run").code == 0
    assert shell.writes == []


@pytest.mark.long
def test_nobody_to_ask_is_told_what_to_give(shell: Shell) -> None:
    shell.write(SPEC | {"nodePools": [POOL | {"desiredSize": 2}]})
    ended = shell.apply()
    assert ended.code == 2
    assert "--yes" in ended.err
    assert "1 → 2" in ended.err
    assert shell.writes == []


@pytest.mark.long
def test_new_nodes_are_verified(shell: Shell) -> None:
    more = POOL | {"name": "more"}
    shell.write(SPEC | {"nodePools": [POOL | {"desiredSize": 2}, more]})
    ended = shell.apply("-y")
    assert ended.code == 0, ended.err
    assert "gpu nodes" in ended.json["durations"]
    assert len(of(shell.cli, "node")) == 3
    shell.cli.ok("verify", "demo")


@pytest.mark.long
def test_a_further_pool_stays_unless_it_is_pruned(shell: Shell) -> None:
    shell.cli.ok("nodepool", "add", "demo", "old", "--nodes", "1", "--instance-type", TYPE)
    shell.cli.emulator.requests.clear()
    ended = shell.apply("-y")
    [row] = ended.json["changes"]
    assert (ended.code, row["action"], row["note"]) == (0, "leave", "only with --prune")
    assert shell.apply("--dry-run", "--detailed-exitcode").code == 0
    assert shell.writes == []
    ended = shell.apply("-y", "--prune")
    [row] = ended.json["changes"]
    assert (ended.code, row["action"], row["setting"]) == (0, "remove", "nodePools[old]")
    assert ended.json["priceMore"]["amount"] == pytest.approx(-4.27, abs=0.01)
    assert [pool.name for pool in of(shell.cli, "nodepool")] == ["gpu"]


@pytest.mark.long
def test_a_cluster_that_is_busy_is_waited_for(shell: Shell) -> None:
    """As somebody else leaves it that has just changed something of it."""
    backend = shell.cli.emulator.backend
    with backend.transaction(write=True) as session:
        now = backend.timeline_now(session)
        [cluster] = session.find("cluster", at=now)
        cluster.body["phases"] += [[now, "updating"], [now + 120, "running"]]
        session.put(cluster)
    shell.write(SPEC | {"nodePools": [POOL | {"desiredSize": 2}]})
    ended = shell.apply("-y")
    assert ended.code == 0, ended.err
    assert "updating" in ended.err
    assert len(of(shell.cli, "node")) == 2


def test_a_cluster_that_is_not_there_names_create(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "cluster.yaml"
    YAML().dump(SPEC, file)
    ended = cli("apply", "-f", str(file))
    assert ended.code == 5
    assert f"`ackgpu create -f {file}`" in ended.err


@pytest.mark.long
def test_a_cluster_of_somebody_else_is_left_alone(shell: Shell) -> None:
    backend = shell.cli.emulator.backend
    with backend.transaction(write=True) as session:
        [cluster] = session.find("cluster", at=backend.timeline_now(session))
        cluster.body["Tags"].pop("ackgpu:cluster")
        session.put(cluster)
    shell.write(SPEC | {"nodePools": [POOL | {"desiredSize": 2}]})
    ended = shell.apply("-y")
    assert ended.code == 6
    assert "not ackgpu's" in ended.err
    assert shell.writes == []


@pytest.mark.long
def test_a_cluster_that_sleeps_is_woken_first(shell: Shell) -> None:
    shell.cli.ok("sleep", "demo", "-y")
    shell.cli.emulator.requests.clear()
    shell.write(SPEC | {"nodePools": [POOL | {"desiredSize": 2}]})
    for ended in (
        shell.apply("-y"),
        shell.cli("nodepool", "update", "demo", "gpu", "--label", "a=b"),
    ):
        assert ended.code == 6
        assert "`ackgpu wake demo" in ended.err
    assert shell.writes == []


@pytest.mark.long
def test_an_addon_is_not_taken_back(shell: Shell) -> None:
    older = {"name": "ack-gpu-exporter", "version": "v0.0.1"}
    shell.write(SPEC | {"cluster": {"addons": [{"name": older["name"]}]}})
    assert shell.apply("-y").code == 0
    shell.cli.emulator.requests.clear()
    shell.write(SPEC | {"cluster": {"addons": [older]}})
    ended = shell.apply("-y")
    assert ended.code == 6
    assert "takes no addon back" in ended.json["error"]["details"][0]
    assert shell.writes == []


NOWHERE = {"cluster": {"endpointPublicAccess": False}}


@pytest.mark.long
@pytest.mark.parametrize("reading", ["made", "named"])
def test_a_public_endpoint_comes_under_either_reading_of_its_eip(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], reading: str
) -> None:
    """If ACK makes none itself, the error says how to bind one, and apply then goes on."""
    scenario = {"doubts": {"endpoint_eip": reading}}
    with cli_on(tmp_path / "user", capsys, scenario=scenario) as cli:
        file = tmp_path / "cluster.yaml"
        YAML().dump(SPEC | NOWHERE, file)
        cli.ok("create", "-f", str(file))
        YAML().dump(SPEC, file)
        ended = cli("apply", "-f", str(file), "-y")
        if reading == "named":
            assert ended.code == 11
            assert "`aliyun vpc AllocateEipAddress" in ended.err
            bind_own(cli)
            ended = cli("apply", "-f", str(file), "-y")
        assert ended.code == 0, ended.err
        cli.ok("kubeconfig", "write", "demo")
        cli.ok("verify", "demo")
        YAML().dump(SPEC | NOWHERE, file)
        cli.ok("apply", "-f", str(file), "-y")
        cli.ok("delete", "demo", "-y")
        assert list(cli.account()) == (["eip"] if reading == "named" else [])


def bind_own(cli: Cli) -> None:
    """What the error says, by the SDKs."""
    vpc = Api(VpcClient, vpc_models, cli.emulator)
    eip_id = str(vpc("AllocateEipAddress")["AllocationId"])
    ack = Ack(cli.emulator, ManualClock())
    [cluster] = of(cli, "cluster")
    ack("ModifyCluster", cluster.id, api_server_eip=True, api_server_eip_id=eip_id)


@pytest.mark.long
def test_over_the_budget_nothing_is_made(shell: Shell) -> None:
    budget = {"lifecycle": {"maxHourlyPrice": 5.5}}
    shell.write(SPEC | budget | {"nodePools": [POOL | {"desiredSize": 3}]})
    assert shell.apply("-y").code == 13
    assert shell.writes == []


@pytest.mark.long
def test_a_quota_that_is_short_is_told_before_anything_is_changed(shell: Shell) -> None:
    labels = POOL | {"desiredSize": 60, "labels": {"a": "b"}}
    shell.write(SPEC | {"nodePools": [labels]})
    ended = shell.apply("-y")
    assert ended.code == 3
    assert "route" in ended.err
    assert shell.writes == []


@pytest.mark.long
def test_another_lifetime_counts_from_now_and_on_everything(shell: Shell) -> None:
    shell.write(SPEC | {"lifecycle": {"ttl": "8h"}})
    ended = shell.apply("-y")
    assert ended.code == 0, ended.err
    [row] = ended.json["changes"]
    expires = row["note"].removeprefix("expires ")
    for kind in ("cluster", "vpc", "vswitch", "securitygroup"):
        [doc] = of(shell.cli, kind)
        assert doc.body["Tags"]["ackgpu:expires-at"][:16] == expires[:16], kind


@pytest.mark.long
def test_a_protected_cluster_is_deleted_only_when_told_so(shell: Shell) -> None:
    shell.write(SPEC | {"lifecycle": {"deletionProtection": True}})
    assert shell.apply("-y").code == 0
    refused = shell.cli("delete", "demo", "-y")
    assert refused.code == 6
    assert "`ackgpu delete demo --disable-protection" in refused.err
    shell.cli.ok("delete", "demo", "-y", "--disable-protection")
    assert "cluster" not in shell.cli.account()


@pytest.mark.long
def test_a_file_from_standard_input_is_named_as_one_to_be_written(shell: Shell) -> None:
    ended = shell.cli("create", "demo", "--nodes", "3", "--instance-type", TYPE)
    assert ended.code == 6
    assert "`ackgpu nodepool scale demo gpu --nodes 3`" in ended.err
    assert "`ackgpu export spec demo > demo.yaml`" in ended.err
    assert "`ackgpu apply -f demo.yaml`" in ended.err
