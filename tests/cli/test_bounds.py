"""Input that has no end, no bottom or no sense is bounded while it is read, and told."""

from __future__ import annotations

import gzip
import json
import os
import resource
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.cli import Cli
from support.proxy import Proxy, Relay, running

from ackgpu.emulator import Emulator
from ackgpu.emulator.front import FILE
from ackgpu.emulator.store import Doc

SPEC = "apiVersion: ackgpu.dev/v1alpha1\nkind: GpuCluster\nmetadata: {name: demo}\n"
ENOUGH = 20.0
"""Real seconds in which a command that reads nothing but its input has ended, on any machine."""


def run(cli: Cli, *words: str, stdin: Any = subprocess.DEVNULL) -> subprocess.CompletedProcess[str]:
    """ackgpu as a process of its own, with 1 GiB of memory: what has no bound ends it."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))

    return subprocess.run(
        [sys.executable, "-m", "ackgpu", *words],
        env={**os.environ, **cli.env},
        stdin=stdin,
        capture_output=True,
        text=True,
        timeout=3 * ENOUGH,
        check=False,
        preexec_fn=limit,
    )


def write_profiles(cli: Cli, *profiles: dict[str, object]) -> Path:
    file = cli.home / ".aliyun" / "config.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps({"current": "p", "profiles": profiles}))
    return file


@pytest.mark.parametrize("digits", ["1" * 200_000, "0x" + "f" * 200_000])
def test_a_number_that_no_machine_counts_to_is_a_finding(
    cli: Cli, tmp_path: Path, digits: str
) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(f"{SPEC}nodePools: [{{name: gpu, desiredSize: {digits}}}]\n")
    ended = cli("config", "validate", str(file))
    assert ended.code == 2
    assert "nodePools[0].desiredSize" in ended.err
    assert len(ended.err) < 1000


def test_the_file_to_check_is_named_either_way_and_once(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(SPEC)
    for words in ((str(file),), ("-f", str(file)), ("--file", str(file))):
        assert cli("config", "validate", *words).code == 0
    for words in ((), (str(file), "-f", str(file))):
        assert "One file is checked" in cli("config", "validate", *words).err


@pytest.mark.long
def test_a_spec_without_an_end_is_read_no_further_than_a_spec_can_be(cli: Cli) -> None:
    ended = run(cli, "config", "validate", "/dev/zero")
    assert ended.returncode == 2, ended.stderr
    assert "/dev/zero" in ended.stderr
    assert "larger than 1 MiB" in ended.stderr


@pytest.mark.long
def test_neither_is_standard_input(cli: Cli) -> None:
    with Path("/dev/zero").open("rb") as endless:
        ended = run(cli, "plan", "-f", "-", stdin=endless)
    assert ended.returncode == 2, ended.stderr
    assert "stdin" in ended.stderr
    assert "larger than 1 MiB" in ended.stderr


@pytest.mark.parametrize("seconds", [10**30, 1_800_000_000_000], ids=["huge", "milliseconds"])
def test_a_token_that_ends_at_no_time_is_told(cli: Cli, seconds: int) -> None:
    keys = {"access_key_id": "LTAI-x", "access_key_secret": "secret-x", "sts_token": "token-x"}
    write_profiles(cli, {"name": "p", "mode": "StsToken", "sts_expiration": seconds, **keys})
    ended = cli("list", "-p", "p")
    assert ended.code == 4
    assert "sts_expiration" in ended.err


def test_profiles_nested_without_a_bottom_are_told(cli: Cli) -> None:
    write_profiles(cli).write_text('{"profiles": ' + "[" * 100_000)
    ended = cli("list", "-p", "p")
    assert ended.code == 4
    assert "is not a configuration of the aliyun CLI" in ended.err


@pytest.mark.long
def test_profiles_that_are_a_pipe_are_not_waited_for(cli: Cli) -> None:
    file = write_profiles(cli)
    file.unlink()
    os.mkfifo(file)
    ended = run(cli, "list", "-p", "p")
    assert ended.returncode == 4, ended.stderr
    assert "not a regular file" in ended.stderr


def test_profiles_that_are_a_device_are_not_read(cli: Cli) -> None:
    file = write_profiles(cli)
    file.unlink()
    file.symlink_to("/dev/zero")
    ended = run(cli, "list", "-p", "p")
    assert ended.returncode == 4, ended.stderr
    assert "not a regular file" in ended.stderr


def test_a_kubeconfig_of_30_mb_is_refused_unread(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "kubeconfig"
    with file.open("w") as big:
        big.writelines(f"# {'x' * 1000}\n" for _ in range(30_000))
    for command in (
        ("verify", "--kubeconfig", str(file)),
        ("kubeconfig", "remove", "demo", "--kubeconfig", str(file)),
    ):
        ended = cli(*command)
        assert ended.code == 2, ended.err
        assert "larger than 8 MiB" in ended.err


class Bomb(Relay):
    """Answers reads of VPCs with 1 MB that unpacks to 1 GB."""

    packed = gzip.compress(b'{"a": "' + b"0" * (1 << 20) + b'"}')

    def relay(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        self.rfile.read(length)
        # Members of a gzip file follow each other, and unpack one after the other.
        body = self.packed * 1024
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            self.close_connection = True

    do_GET = do_POST = relay  # noqa: N815 -- the names of the class


@pytest.mark.long
def test_an_answer_that_unpacks_to_a_thousand_times_its_size_is_given_up(cli: Cli) -> None:
    server = Proxy(cli.emulator.endpoint)
    server.RequestHandlerClass = Bomb
    with running(server) as proxy:
        cli.env["ACKGPU_ENDPOINT_URL"] = proxy.url
        ended = run(cli, "list")
    assert ended.returncode == 14, ended.stderr
    assert "more than 32 MiB" in ended.stderr


def damage_pages(file: Path) -> None:
    """Zeros over the middle of an account of some pages."""
    with sqlite3.connect(file) as account:
        account.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (size,) = account.execute("PRAGMA page_size").fetchone()
    account.close()
    content = bytearray(file.read_bytes())
    pages = len(content) // size
    assert pages > 8
    for page in range(pages // 4, 3 * pages // 4):
        content[page * size : (page + 1) * size] = bytes(size)
    file.write_bytes(content)


def damage_documents(file: Path) -> None:
    """Sound pages, and documents that are no JSON."""
    with sqlite3.connect(file) as account:
        account.execute("UPDATE doc SET body = substr(body, 1, length(body) / 2)")
    account.close()


@pytest.mark.parametrize("damage", [damage_pages, damage_documents])
@pytest.mark.parametrize("command", [("list", "--emulator"), ("emulator", "status")])
def test_an_emulated_account_damaged_in_the_middle_is_a_message(
    cli: Cli, damage: Any, command: tuple[str, ...]
) -> None:
    state = cli.home / "state" / "emulator"
    with Emulator(state) as emulator, emulator.backend.transaction(write=True) as session:
        for number in range(200):
            session.put(Doc("vpc", f"vpc-{number}", "cn-hangzhou", body={"VpcName": "x" * 200}))
    file = state / FILE
    damage(file)
    ended = cli(*command, env={"ACKGPU_ENDPOINT_URL": "", "ACKGPU_CLOCK_SPEED": ""})
    assert ended.code == 2, ended.err
    assert "it is damaged" in ended.err
    assert f"Remove {file}" in ended.err
