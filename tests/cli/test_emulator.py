"""``emulator status`` and ``reset``: of an account that lies still, and of one that is served."""

from __future__ import annotations

from pathlib import Path

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
    assert cli("emulator", "status", "--state", str(tmp_path)).code == 2


def test_a_speed_that_is_none_is_refused(cli: Cli) -> None:
    assert cli("emulator", "serve", "--speed", "0").code == 2
