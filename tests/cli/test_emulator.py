"""``emulator status`` and ``reset``: of an account that lies still, and of one that is served."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.cli import Cli

from ackgpu.emulator import Emulator


def test_an_account_is_counted_and_emptied_where_it_lies(cli: Cli, tmp_path: Path) -> None:
    state = tmp_path / "account"
    assert (
        cli.ok("emulator", "status", "--state", str(state), "-o", "json").json["running"] is False
    )
    assert "was never begun" in cli.ok("emulator", "reset", "--state", str(state)).out
    with Emulator(state, scenario={"resources": [{"action": "vpc.CreateVpc"}]}):
        pass
    assert cli.ok("emulator", "status", "--state", str(state), "-o", "json").json["vpc"] == 1
    assert "is empty" in cli.ok("emulator", "reset", "--state", str(state)).out
    after = cli.ok("emulator", "status", "--state", str(state), "-o", "json").json
    assert "vpc" not in after or after["vpc"] == 0


def test_a_file_that_is_no_account_is_an_error_of_this_machine(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "emulator.sqlite3").write_text("not a database, but long enough to be read as one")
    for command in ("status", "reset"):
        refused = cli("emulator", command, "--state", str(tmp_path))
        assert refused.code == 2
        assert f"Remove {tmp_path / 'emulator.sqlite3'}" in " ".join(refused.err.split())


def test_a_directory_in_the_place_of_an_account_is_an_error_of_this_machine(
    cli: Cli, tmp_path: Path
) -> None:
    (tmp_path / "emulator.sqlite3").mkdir()
    assert cli("emulator", "status", "--state", str(tmp_path)).code == 2


@pytest.mark.parametrize(
    "flags",
    [
        ("--speed", "0"),
        ("--speed", "nan"),
        ("--speed", "inf"),
        ("--latency", "-5"),
        ("--latency", "nan"),
        ("--request-log", "/nowhere/requests.jsonl"),
    ],
)
def test_what_cannot_be_served_is_refused(cli: Cli, tmp_path: Path, flags: tuple[str, ...]) -> None:
    state = tmp_path / "account"
    refused = cli("emulator", "serve", "--state", str(state), *flags)
    assert (refused.code, refused.out) == (2, "")


@pytest.mark.parametrize("speed", ["nan", "inf", "1e308", "0", "fast"])
def test_a_clock_that_cannot_run_is_refused(cli: Cli, speed: str) -> None:
    refused = cli("list", env={"ACKGPU_CLOCK_SPEED": speed})
    assert refused.code == 2
    assert "0.001 to 1000000" in " ".join(refused.err.split())
