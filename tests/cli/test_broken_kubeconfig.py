"""A kubeconfig that cannot be read, or lost a part, while a cluster is made and deleted."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from support.cli import Cli


@pytest.mark.long
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


@pytest.mark.long
@pytest.mark.parametrize("part", BROKEN)
def test_create_writes_its_own_context_anew_where_a_part_of_it_is_lost(cli: Cli, part: str) -> None:
    cli.ok("create", "demo", "--no-verify")
    whole = cli.kubeconfig.read_text()
    broken = BROKEN[part](whole)
    assert broken != whole
    cli.kubeconfig.write_text(broken)
    cli.ok("create", "demo", "--no-verify")
    cli.ok("verify", "--kubeconfig", str(cli.kubeconfig), "--context", "demo", "--level", "labels")


@pytest.mark.long
@pytest.mark.parametrize("line", ["create demo", "plan demo", "kubeconfig remove demo", "doctor"])
def test_a_kubeconfig_that_is_a_fifo_is_refused_before_anything_is_made(
    cli: Cli, tmp_path: Path, line: str
) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    ended = cli(*line.split(), env={"KUBECONFIG": str(fifo)})
    said = " ".join((ended.out + ended.err).split())
    assert ended.code == 2
    assert f"{fifo} is not a regular file" in said
    assert "KUBECONFIG" in said
    assert cli.account() == {}
    assert fifo.is_fifo()


def test_the_kubeconfig_that_verify_reads_may_be_a_pipe(cli: Cli) -> None:
    cli.ok("create", "demo")
    read, write = os.pipe()
    os.write(write, cli.kubeconfig.read_bytes())
    os.close(write)
    cli.ok("verify", "--kubeconfig", f"/dev/fd/{read}", "--context", "demo", "--level", "labels")
    os.close(read)
