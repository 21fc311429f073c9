"""``delete`` of what is not there says where it looked."""

from __future__ import annotations

from support.cli import Cli


def test_nothing_to_delete_names_the_region(cli: Cli) -> None:
    ended = cli.ok("delete", "demo", "--yes", "-r", "cn-beijing")
    assert ended.out.strip() == "Nothing to delete: there is no demo in cn-beijing."
    assert "!" not in ended.err
    assert cli.ok("delete", "demo", "--yes", "-o", "json").json["region"] == "cn-hangzhou"


def test_a_cluster_that_this_machine_knows_in_another_region_is_pointed_at(cli: Cli) -> None:
    cli.ok("create", "demo", "--no-verify")
    ended = cli.ok("delete", "demo", "--yes", "-r", "cn-beijing", "-o", "json")
    assert not ended.json["existed"]
    (hint,) = ended.json["warnings"]
    assert "`ackgpu delete demo --region cn-hangzhou`" in hint
    other = cli.ok("delete", "demo2", "--yes", "-r", "cn-beijing", "-o", "json")
    assert other.json["warnings"] == []
    gone = cli.ok("delete", "demo", "--yes", "-o", "json")
    assert gone.json["region"] == "cn-hangzhou"
    after = cli.ok("delete", "demo", "--yes", "-r", "cn-beijing", "-o", "json")
    assert after.json["warnings"] == []
