"""``schema commands``: the command line as data, and that it is so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from support.cli import Cli
from support.parsing import tree

from ackgpu.cli.effects import CLOUD
from ackgpu.command_table import load
from ackgpu.commands.program.schema import ENVELOPE


def commands(cli: Cli) -> dict[str, Any]:
    return {row["command"]: row for row in cli.ok("schema", "commands").json["commands"]}


def leaves(command: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    inner = getattr(command, "commands", {})
    if not inner:
        yield path, command
    for name, below in inner.items():
        yield from leaves(below, f"{path} {name}".strip())


def test_it_has_every_command_with_every_flag(cli: Cli) -> None:
    told = commands(cli)
    shared = {n for flag in cli.ok("schema", "commands").json["flags"] for n in flag["names"]}
    parsed = dict(leaves(tree()))
    assert set(told) == set(parsed)
    for path, command in parsed.items():
        names = {n for flag in told[path]["flags"] for n in flag["names"]} | shared
        own = {n for p in command.params for n in (*p.opts, *p.secondary_opts)}
        assert {name for name in own if name.startswith("-")} <= names, path
        arguments = [p.name.upper() for p in command.params if p.param_type_name == "argument"]
        assert len(told[path]["arguments"]) == len(arguments)


def test_a_document_is_one_of_the_document_too(cli: Cli) -> None:
    assert cli.ok("schema", "commands", "-o", "json").json["schema"]["commands"]


READS = (
    ("list",), ("offers",), ("check-quota",), ("preflight", "demo"), ("plan", "other"),
    ("describe", "demo"), ("nodepool", "list", "demo"), ("verify", "demo", "--level", "labels"),
    ("doctor",), ("policy", "check"), ("export", "spec", "demo"), ("manifest", "sample", "demo"),
    ("wait", "demo", "--for", "cluster"), ("kubeconfig", "show", "demo"), ("gc",),
)  # fmt: skip


@pytest.mark.long
def test_what_reads_the_cloud_only_writes_nothing_there(cli: Cli) -> None:
    cli.ok("create", "demo", "--nodes", "1", "--no-verify")
    told = commands(cli)
    for line in READS:
        path = next(p for p in (" ".join(line[:2]), line[0]) if p in told)
        cli.emulator.requests.clear()
        ended = cli(*line)
        assert ended.code in told[path]["exitCodes"], path
        writes = told[path]["effects"]["writes"]
        assert CLOUD in writes or cli.emulator.requests.writes() == [], path


@pytest.mark.long
@pytest.mark.parametrize(
    "line",
    [
        ("list",), ("offers",), ("describe", "demo"), ("plan", "other"), ("check-quota",),
        ("node", "list", "demo"), ("nodepool", "update", "demo", "gpu", "--label", "a=b", "-y"),
    ],
)  # fmt: skip
def test_a_document_holds_the_fields_that_are_told(cli: Cli, line: tuple[str, ...]) -> None:
    cli.ok("create", "demo", "--nodes", "0", "--no-verify")
    document = cli.ok(*line, "-o", "json").json
    told = commands(cli)
    path = next(p for p in (" ".join(line[:2]), line[0]) if p in told)
    assert set(document) - set(ENVELOPE) == set(told[path]["document"]["properties"])


@pytest.mark.long
def test_a_preview_of_delete_is_told_beside_its_document(cli: Cli) -> None:
    cli.ok("create", "demo", "--nodes", "0", "--no-verify")
    preview = cli.ok("delete", "demo", "--dry-run", "-o", "json").json
    forms = [set(form["properties"]) for form in commands(cli)["delete"]["document"]["anyOf"]]
    assert set(preview) - set(ENVELOPE) in forms


def test_a_plan_over_its_price_ends_as_it_is_told(cli: Cli) -> None:
    over = cli("plan", "demo", "--max-hourly-price", "0.01")
    assert over.code == 13
    assert over.code in commands(cli)["plan"]["exitCodes"]


def test_a_change_that_fails_says_what_stands_as_it_is_told(cli: Cli) -> None:
    over = cli("create", "demo", "--max-hourly-price", "0.01", "-o", "json")
    envelope = cli.ok("schema", "commands").json["envelope"]
    assert set(over.json) <= set(envelope)
    assert set(over.json["hourly"]) == set(envelope["hourly"]["properties"])


def test_the_table_names_what_costs(cli: Cli) -> None:
    costing = {path for path, row in commands(cli).items() if row["effects"]["costs"]}
    assert {"create", "nodepool add", "nodepool scale"} <= costing
    assert not costing & {"delete", "list", "plan"}
    assert set(load()["commands"]["create"]) >= {"exits", "reads", "writes"}
