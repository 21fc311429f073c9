"""CreateCluster and CreateClusterNodePool that were carried out and answered with a refusal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.cli import Cli, cli_on


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Cli]:
    with cli_on(tmp_path / "user", capsys) as cli:
        yield cli


@pytest.mark.long
@pytest.mark.parametrize("action", ["CreateCluster", "CreateClusterNodePool"])
@pytest.mark.parametrize(
    "answer",
    [{"effect": "html", "status": 503}, {"effect": "error", "status": 503}],
    ids=["HTML", "JSON"],
)
def test_what_may_have_been_carried_out_is_looked_for_before_it_is_asked_again(
    cli: Cli, action: str, answer: dict[str, Any]
) -> None:
    fault = {"action": action, "times": 1, "acts": True, **answer}
    cli.emulator.set_faults({"faults": [fault]})
    cli.ok("create", "demo", "--nodes", "1", "--no-verify")
    assert sum(entry.action == action for entry in cli.emulator.requests) == 1
