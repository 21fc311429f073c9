"""``delete`` of what is not there says where it looked."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.cli import Cli

BEIJING = ("-r", "cn-beijing")
FAILS = {"effect": "error", "code": "InternalError", "status": 400}
REMOVALS = {
    "delete": ("delete", "demo", "--yes"),
    "gc": ("gc", "--older-than", "1s", "--execute", "--yes"),
}


def test_nothing_to_delete_names_the_region(cli: Cli) -> None:
    ended = cli.ok("delete", "demo", "--yes", "-r", "cn-beijing")
    assert ended.out.strip() == "Nothing to delete: there is no demo in cn-beijing."
    assert "!" not in ended.err
    assert cli.ok("delete", "demo", "--yes", "-o", "json").json["region"] == "cn-hangzhou"


@pytest.mark.long
def test_a_cluster_that_this_machine_knows_in_another_region_is_pointed_at(cli: Cli) -> None:
    cli.ok("create", "demo", "--no-verify")
    ended = cli.ok("delete", "demo", "--yes", "-r", "cn-beijing", "-o", "json")
    assert not ended.json["existed"]
    assert "`ackgpu delete demo --yes -o json --region cn-hangzhou`" in ended.json["warnings"][-1]
    other = cli.ok("delete", "demo2", "--yes", "-r", "cn-beijing", "-o", "json")
    assert other.json["warnings"] == []
    gone = cli.ok("delete", "demo", "--yes", "-o", "json")
    assert gone.json["region"] == "cn-hangzhou"
    after = cli.ok("delete", "demo", "--yes", "-r", "cn-beijing", "-o", "json")
    assert after.json["warnings"] == []


@pytest.mark.long
def test_the_context_of_a_cluster_in_another_region_stays(cli: Cli) -> None:
    cli.ok("create", "demo", "--no-verify")
    before = cli.kubeconfig.read_text()
    (cluster_id,) = cli.account()["cluster"]
    ended = cli.ok("delete", "demo", "--yes", *BEIJING, "-o", "json")
    assert cli.kubeconfig.read_text() == before
    said = ended.json["warnings"][0]
    assert f"its cluster {cluster_id} is in cn-hangzhou" in said
    assert str(cli.kubeconfig) in said


@pytest.mark.long
@pytest.mark.parametrize("removal", REMOVALS)
def test_what_a_create_left_in_another_region_goes_without_the_context(
    cli: Cli, removal: str
) -> None:
    cli.emulator.set_faults({"faults": [{**FAILS, "action": "CreateCluster"}]})
    assert cli("create", "demo", "--instance-type", "ecs.vgn6i-m4.xlarge", *BEIJING).code
    left = cli.account()
    cli.emulator.set_faults({"faults": []})
    cli.ok("create", "demo", "--no-verify")
    before = cli.kubeconfig.read_text()
    ended = cli.ok(*REMOVALS[removal], *BEIJING, "-o", "json")
    assert cli.kubeconfig.read_text() == before
    assert any("is in cn-hangzhou" in warning for warning in ended.json["warnings"])
    assert left["vpc"]
    assert len(cli.account()["vpc"]) == len(cli.account()["cluster"]) == 1


@pytest.mark.long
def test_the_context_of_a_cluster_that_is_gone_everywhere_goes(cli: Cli, tmp_path: Path) -> None:
    cli.ok("create", "demo", "--no-verify")
    before = cli.kubeconfig.read_text()
    cli.ok("delete", "demo", "--yes")
    cli.kubeconfig.write_text(before)
    other_machine = {"ACKGPU_STATE_DIR": str(tmp_path / "other")}
    assert cli("delete", "demo", "--yes", env=other_machine).code == 0
    assert "demo" not in cli.kubeconfig.read_text()


@pytest.mark.long
def test_the_context_stays_where_its_cluster_cannot_be_looked_for(cli: Cli) -> None:
    cli.ok("create", "demo", "--no-verify")
    before = cli.kubeconfig.read_text()
    denied = {"effect": "error", "code": "Forbidden", "status": 403, "calls": [3]}
    cli.emulator.set_faults({"faults": [{**denied, "action": "DescribeClustersForRegion"}]})
    ended = cli.ok("delete", "demo", "--yes", *BEIJING, "-o", "json")
    assert cli.kubeconfig.read_text() == before
    assert "was not told" in ended.json["warnings"][0]
