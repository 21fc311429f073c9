"""An emulator in a process of its own: up, env in three shells, kubectl, down."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass
class Shell:
    """A user's shell whose ackgpu keeps its state in a directory of the test's."""

    home: Path

    def run(self, line: str, shell: str = "bash") -> subprocess.CompletedProcess[str]:
        env = {
            "PATH": f"{self.home / 'bin'}:{os.environ['PATH']}",
            "HOME": str(self.home),
            "ACKGPU_STATE_DIR": str(self.home / "state"),
            "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true",
            "ACKGPU_TIMEOUT": "24h",
        }
        # Files, not pipes: what goes on in the background would keep a pipe open.
        out, err = self.home / "out", self.home / "err"
        with out.open("w") as to, err.open("w") as errors:
            ended = subprocess.run(
                [shell, "-c", line], stdout=to, stderr=errors, env=env, check=False, timeout=100
            )
        ended.stdout, ended.stderr = out.read_text(), err.read_text()
        return ended

    def ok(self, line: str, shell: str = "bash") -> str:
        ended = self.run(line, shell)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "ackgpu"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m ackgpu "$@"\n')
    program.chmod(0o755)
    shell = Shell(tmp_path)
    yield shell
    shell.run("ackgpu emulator down")


@pytest.mark.long
def test_up_serves_until_down(shell: Shell) -> None:
    first = json.loads(shell.ok("ackgpu emulator up --detach --speed 600 -o json"))
    assert (first["ok"], first["speed"]) == (True, 600.0)
    again = json.loads(shell.ok("ackgpu emulator up -d -o json"))
    assert (again["process"], again["endpoint"]) == (first["process"], first["endpoint"])
    assert json.loads(shell.ok("ackgpu emulator status -o json"))["running"] is True
    assert (shell.home / "state" / "emulator" / "emulator.log").stat().st_mode & 0o777 == 0o600
    assert "is down" in shell.ok("ackgpu emulator down")
    assert json.loads(shell.ok("ackgpu emulator status -o json"))["running"] is False
    assert "is not running" in shell.ok("ackgpu emulator down")


@pytest.mark.long
@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_its_variables_lead_ackgpu_there_in_each_shell(shell: Shell, name: str) -> None:
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    endpoint = json.loads(shell.ok("ackgpu emulator up -d -o json"))["endpoint"]
    line = 'eval "$(ackgpu emulator env)"; echo "$ACKGPU_ENDPOINT_URL"; ackgpu list -o json'
    first, document = shell.ok(line, name).split("\n", 1)
    assert first == endpoint
    assert json.loads(document)["clusters"] == []


def test_without_an_emulator_there_are_no_variables(shell: Shell) -> None:
    ended = shell.run("ackgpu emulator env")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "`ackgpu emulator up --detach`" in ended.stderr


@pytest.mark.long
def test_one_that_cannot_serve_says_why(shell: Shell) -> None:
    (shell.home / "faults.yaml").write_text("faults: nonsense")
    ended = shell.run(
        "ackgpu emulator up --detach --faults faults.yaml".replace(
            "faults.yaml", str(shell.home / "faults.yaml")
        )
    )
    assert ended.returncode == 2
    assert "could not be started" in ended.stderr
    assert "faults" in ended.stderr.partition("could not be started")[2]
    (shell.home / "scenario.yaml").write_text("colour: red")
    another = shell.run(f"ackgpu emulator up --detach --scenario {shell.home / 'scenario.yaml'}")
    assert "colour" in another.stderr
    assert "faults" not in another.stderr  # what the one before it said


@pytest.mark.long
def test_one_whose_port_or_state_cannot_be_had_says_so_in_words(shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = shell.run(f"ackgpu emulator serve --port {port}")
    assert ended.returncode == 2
    assert f"127.0.0.1:{port}: Address already in use." in ended.stderr
    assert "another port" in ended.stderr
    for flag in ("--state", "--faults", "--scenario"):
        ended = shell.run(f"ackgpu emulator serve {flag} /dev/null/x")
        assert ended.returncode == 2
        assert "/dev/null/x: Not a directory" in ended.stderr
        assert "Errno" not in ended.stderr


@pytest.mark.long
def test_what_a_create_prints_next_works_as_printed(shell: Shell) -> None:
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not installed")
    made = shell.ok("ackgpu create demo --emulator --nodes 1 -o json")
    first, second, *_ = json.loads(made)["nextCommands"]
    assert first == "ackgpu emulator up --detach"
    shell.ok(first)
    assert "Ready" in shell.ok(second)
    assert "Ready" in shell.ok("kubectl get nodes")  # its context is the only one, so it is current
    shell.ok("ackgpu delete demo --emulator --yes")
