"""A kubeconfig that cannot be read, or lost a part, while a cluster is made and deleted."""

from __future__ import annotations

import re

import pytest
from support.cli import Cli


def test_a_cluster_goes_also_where_its_context_cannot_be_taken_out(cli: Cli) -> None:
    cli.ok("create", "demo", "--no-verify")
    cli.kubeconfig.write_text("{{{")
    ended = cli("delete", "demo", "--yes", "-o", "json")
    assert ended.code == 0, ended.err
    assert cli.account() == {}
    assert ended.json["gone"]
    (warning,) = ended.json["warnings"]
    assert str(cli.kubeconfig) in warning
    assert "demo" in warning
    assert warning in " ".join(ended.err.split())
    assert list((cli.home / "state").rglob("journal.jsonl")) == []
    assert cli.kubeconfig.read_text() == "{{{"
    again = cli("delete", "demo", "--yes")
    assert again.code == 0
    assert "is not a kubeconfig" in again.err


BROKEN = {
    "no server": lambda text: re.sub(r"\n\s*server:.*", "", text),
    "server null": lambda text: re.sub(r"server:.*", "server:", text),
    "no cluster": lambda text: re.sub(r"clusters:[\s\S]*contexts:", "contexts:", text),
    "no user": lambda text: re.sub(r"users:[\s\S]*", "users: []\n", text),
}


@pytest.mark.parametrize("part", BROKEN)
def test_create_writes_its_own_context_anew_where_a_part_of_it_is_lost(cli: Cli, part: str) -> None:
    cli.ok("create", "demo", "--no-verify")
    whole = cli.kubeconfig.read_text()
    broken = BROKEN[part](whole)
    assert broken != whole
    cli.kubeconfig.write_text(broken)
    cli.ok("create", "demo", "--no-verify")
    cli.ok("verify", "--kubeconfig", str(cli.kubeconfig), "--context", "demo", "--level", "labels")
