"""The fixture ``ackgpu_cluster``, in sessions of their own: shared, deleted, kept, taken over."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ackgpu.emulator import Emulator

pytest_plugins = ("pytester",)
NAME = "suite"
PLUGINS = ("-p", "ackgpu.library.pytest_plugin", "-p", "no:cacheprovider", "--ackgpu-name", NAME)
SEEN = """
import json, os, pathlib
def test_{name}(ackgpu_cluster):
    pathlib.Path({seen!r}, "{name}").write_text(ackgpu_cluster.id)
    {more}
"""


@pytest.fixture
def place(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the sessions keep their state, and a folder that their tests write to."""
    state = pytester.path / "state"
    monkeypatch.setenv("ACKGPU_STATE_DIR", str(state))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    (pytester.path / "seen").mkdir()
    yield pytester.path
    home = state / "pytest" / "emulated" / NAME / "state"
    command = [sys.executable, "-m", "ackgpu", "emulator", "down"]
    subprocess.run(command, env={**os.environ, "ACKGPU_STATE_DIR": str(home)}, check=True)


def module(pytester: pytest.Pytester, name: str, more: str = "pass") -> None:
    text = SEEN.format(name=name, seen=str(pytester.path / "seen"), more=more)
    pytester.makepyfile(**{f"test_{name}": text})


def clusters(place: Path) -> list[str]:
    """The clusters of the account that a session left."""
    home = place / "state" / "pytest" / "emulated" / NAME / "state"
    told = subprocess.run(
        [sys.executable, "-m", "ackgpu", "list", "--emulator", "-o", "json"],
        env={**os.environ, "ACKGPU_STATE_DIR": str(home)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [row["id"] for row in json.loads(told.stdout)["clusters"]]


def ids(place: Path) -> list[str]:
    return [path.read_text() for path in sorted((place / "seen").iterdir())]


@pytest.mark.long
def test_a_session_has_a_verified_cluster_that_is_gone_after_it(
    pytester: pytest.Pytester, place: Path
) -> None:
    more = (
        "with ackgpu_cluster.client() as cloud:\n"
        "        row = cloud.describe(ackgpu_cluster.name).record.cluster\n"
        "        assert len(cloud.verify(ackgpu_cluster.name).record.nodes) == 1\n"
        "    assert row.expires is not None and ackgpu_cluster.emulated\n"
        "    assert 'client-key-data' in ackgpu_cluster.kubeconfig.read_text()"
    )
    module(pytester, "one", more)
    module(pytester, "two")
    result = pytester.runpytest_subprocess(*PLUGINS)
    result.assert_outcomes(passed=2)
    assert len(set(ids(place))) == 1
    assert clusters(place) == []
    result.stdout.no_fnmatch_line("*ackgpu_cluster*")


def test_a_session_that_does_not_want_it_makes_none(pytester: pytest.Pytester, place: Path) -> None:
    pytester.makepyfile("def test_plain(): pass")
    pytester.runpytest_subprocess(*PLUGINS).assert_outcomes(passed=1)
    assert not (place / "state").exists()


@pytest.mark.long
def test_all_workers_share_one(pytester: pytest.Pytester, place: Path) -> None:
    for name in ("a", "b", "c", "d"):
        module(pytester, name)
    result = pytester.runpytest_subprocess(*PLUGINS, "-p", "xdist", "-n", "2", "--dist", "each")
    result.assert_outcomes(passed=8)
    assert len(set(ids(place))) == 1
    assert clusters(place) == []


@pytest.mark.long
def test_it_is_kept_after_a_failure_if_asked_and_taken_over(
    pytester: pytest.Pytester, place: Path
) -> None:
    module(pytester, "one", "assert False")
    kept = pytester.runpytest_subprocess(*PLUGINS, "--ackgpu-keep", "failed")
    kept.assert_outcomes(failed=1)
    kept.stdout.fnmatch_lines(
        [f"{NAME} is kept: the next run takes it over.", f"*ackgpu delete {NAME} --emulator --yes"]
    )
    [before] = ids(place)
    assert clusters(place) == [before]
    module(pytester, "one")
    pytester.runpytest_subprocess(*PLUGINS, "--ackgpu-ttl", "3h").assert_outcomes(passed=1)
    assert ids(place) == [before]
    assert clusters(place) == []


@pytest.mark.long
def test_it_is_deleted_after_a_failure_that_nobody_wants_to_look_at(
    pytester: pytest.Pytester, place: Path
) -> None:
    module(pytester, "one", "assert False")
    pytester.runpytest_subprocess(*PLUGINS).assert_outcomes(failed=1)
    assert clusters(place) == []


@pytest.mark.long
def test_another_cloud_is_the_one_of_the_environment(
    pytester: pytest.Pytester, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module(pytester, "one", "assert not ackgpu_cluster.emulated")
    with Emulator(speed=600, seed=7) as emulator:
        for name, value in emulator.env.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("ACKGPU_TIMEOUT", "24h")
        result = pytester.runpytest_subprocess(*PLUGINS, "--ackgpu-cloud", "real")
        result.assert_outcomes(passed=1)
        actions = [entry.action for entry in emulator.requests.writes()]
    assert {"CreateCluster", "DeleteCluster"} <= set(actions)


@pytest.mark.long
def test_a_session_that_is_killed_is_gone_on_with(pytester: pytest.Pytester, place: Path) -> None:
    pipe = place / "pipe"
    os.mkfifo(pipe)
    module(pytester, "one", f"open({str(pipe)!r}).read()")
    command = [sys.executable, "-m", "pytest", *PLUGINS]
    process = subprocess.Popen(command, cwd=place, stdout=subprocess.DEVNULL)
    with process, pipe.open("w"):  # it waits there until the test reads, with the cluster made
        process.send_signal(signal.SIGKILL)
        process.wait()
    [before] = ids(place)
    assert clusters(place) == [before]
    module(pytester, "one")
    pytester.runpytest_subprocess(*PLUGINS).assert_outcomes(passed=1)
    assert ids(place) == [before]
    assert clusters(place) == []
