"""Signals before, within and beside a run: a safe stop, and the next command."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from support.cli import Cli

STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
CREATE = ("create", "demo", "--no-verify")


@pytest.fixture(autouse=True)
def no_nohup() -> Iterator[None]:
    """Commands begin as on a terminal, also where the tests themselves run under nohup."""
    before = signal.signal(signal.SIGHUP, lambda *_: None)
    yield
    signal.signal(signal.SIGHUP, before)


def struck(
    cli: Cli, action: str, strike: Callable[[subprocess.Popen[str]], object], *command: str
) -> tuple[int, str]:
    """Carry ``command`` out and strike it while ``action`` is under way; its code and stderr."""
    cli.emulator.set_faults({"faults": [{"effect": "delay", "seconds": 2, "action": action}]})
    with subprocess.Popen(command, env=cli.env, stderr=subprocess.PIPE, text=True) as process:
        while all(entry.action != action for entry in cli.emulator.requests):
            assert process.poll() is None
        strike(process)
        _, err = process.communicate(timeout=120)
    cli.emulator.set_faults(None)
    return process.returncode, err


def ackgpu(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "ackgpu", *arguments)


@pytest.mark.long
@pytest.mark.parametrize("number", STOPS)
def test_a_create_that_is_stopped_while_it_looks_says_that_it_made_nothing(
    cli: Cli, number: signal.Signals
) -> None:
    code, err = struck(cli, "DescribeVpcs", lambda p: p.send_signal(number), *ackgpu(*CREATE))
    assert code == 128 + number, err
    assert "Stopped before anything was made" in err
    assert "`ackgpu create demo --no-verify` goes on from here" in err
    assert cli.account() == {}


@pytest.mark.long
def test_what_a_stopped_create_leaves_has_its_price(cli: Cli) -> None:
    """Prices are asked after the stop, by a look that the stop is not meant for."""
    stop = ackgpu("create", "demo", "--nodes", "1", "--no-verify")
    code, err = struck(cli, "CreateCluster", lambda p: p.send_signal(signal.SIGINT), *stop)
    assert code == 130, err
    stands = err[err.index("  stands  ") :]
    assert "1 NAT gateway" in stands
    assert "an hour" in stands
    way_on = "`ackgpu create demo --nodes 1 --no-verify` goes on from here"
    assert (err.count(way_on), stands.count(way_on)) == (1, 1)


@pytest.mark.long
@pytest.mark.parametrize("number", STOPS)
def test_a_delete_that_is_stopped_while_it_looks_names_itself(
    cli: Cli, number: signal.Signals
) -> None:
    delete = ackgpu("delete", "demo", "-y")
    code, err = struck(cli, "DescribeVpcs", lambda p: p.send_signal(number), *delete)
    assert code == 128 + number, err
    assert "`ackgpu delete demo -y` goes on from here" in err


@pytest.mark.long
def test_a_terminal_that_closes_stops_a_create_safely(cli: Cli) -> None:
    def close(process: subprocess.Popen[str]) -> None:
        process.send_signal(signal.SIGHUP)  # from its shell
        while "SIGHUP" not in process.stderr.readline():
            continue
        process.send_signal(signal.SIGHUP)  # from the kernel, once the shell has ended

    code, err = struck(cli, "CreateCluster", close, *ackgpu(*CREATE))
    assert code == 129, err
    assert "Stopped at a safe point" in err
    assert "`ackgpu create demo --no-verify` goes on from here" in err
    assert "`ackgpu delete demo` removes what exists" in err
    assert cli.account()["cluster"]
    cli.ok("delete", "demo", "-y")
    assert cli.account() == {}


@pytest.mark.long
def test_a_sigquit_ends_a_create_at_once_and_says_how_to_go_on(cli: Cli) -> None:
    code, err = struck(
        cli, "CreateCluster", lambda p: p.send_signal(signal.SIGQUIT), *ackgpu(*CREATE)
    )
    assert code == -signal.SIGQUIT, err
    assert "Stopped at once, exit 131" in err
    assert "`ackgpu create demo --no-verify` goes on from here" in err
    cli.ok("delete", "demo", "-y")
    assert cli.account() == {}


@pytest.mark.long
def test_under_nohup_a_create_goes_on(cli: Cli) -> None:
    nohup = ("sh", "-c", 'trap "" HUP; exec "$@"', "sh", *ackgpu(*CREATE))
    code, err = struck(cli, "CreateCluster", lambda p: p.send_signal(signal.SIGHUP), *nohup)
    assert code == 0, err
