"""TAB, as three real shells see it: commands, flags, values, and names that this machine knows."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.cli import Cli
from support.instructions import times_pass

from ackgpu.main import COMPLETE
from ackgpu.state_dir import state_dir

SHELLS = ("bash", "zsh", "fish")


def record(step: str, kind: str = "intent") -> str:
    return f'{{"wall": "2026-11-30T10:00:00+00:00", "type": "{kind}", "step": "{step}"}}\n'


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A user whose state directory knows two clusters, one of them with two pools."""
    clusters = tmp_path / "state" / "clusters" / "1234"
    for region, name, steps in (
        ("cn-hangzhou", "demo", record("node pool gpu") + record("node pool small")),
        ("cn-beijing", "night", record("node pool old") + record("node pool old", "deleted")),
    ):
        directory = clusters / region / name
        directory.mkdir(parents=True)
        (directory / "journal.jsonl").write_text('{"torn\n' + record("vpc") + steps)
    (clusters / "cn-hangzhou" / "deleted-long-ago").mkdir()
    hostile = clusters / "cn-hangzhou" / "a\n\x1b[31mb"
    hostile.mkdir()
    (hostile / "journal.jsonl").write_text("")
    return tmp_path


def offered(home: Path, *words: str) -> list[str]:
    ended = subprocess.run(
        [sys.executable, "-m", "ackgpu", COMPLETE, *words],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.environ["PATH"], "ACKGPU_STATE_DIR": str(home / "state")},
    )
    assert ended.stderr == ""
    return [line.partition("\t")[0] for line in ended.stdout.splitlines()]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("nodep",), ["nodepool"]),
        (("kubeconfig", ""), ["write", "show", "remove", "credential"]),
        (("create", "--netw"), ["--network"]),
        (("create", "--network", ""), ["flannel", "terway"]),
        (("create", "--network="), ["--network=flannel", "--network=terway"]),
        (("create", "--network", "=", "te"), ["terway"]),
        (("create", "--no-s"), ["--no-ssh", "--no-spot"]),
        (("list", "-r", "cn-wul"), ["cn-wulanchabu"]),
        (("-r", "cn-hangzhou", "lis"), ["list"]),
        (("list", "-r", "cn-hangzhou", "--reg"), []),
        (("offers", "--region", "cn-hangzhou", "--reg"), ["--region"]),
        (("offers", "--instance-type", "ecs.vgn5i-m2"), ["ecs.vgn5i-m2.xlarge"]),
        (("list", "-o", "js"), ["json", "jsonl"]),
        (("delete", ""), ["night", "demo"]),
        (("delete", "--region", "cn-hangzhou", ""), ["demo"]),
        (("nodepool", "scale", "demo", ""), ["gpu", "small"]),
        (("nodepool", "scale", "night", ""), []),
        (("nodepool", "scale", "--", "demo", "g"), ["gpu"]),
        (("preflight", "--only", "quota,sto"), ["quota,stock"]),
        (("explain", "NoCap"), ["NoCapacity"]),
        (("wait", "demo", "--for", "d"), ["deleted"]),
        (("completion", "z"), ["zsh"]),
        (("nosuch", "x"), []),
    ],
)
def test_what_is_offered(home: Path, words: tuple[str, ...], expected: list[str]) -> None:
    kind, *found = offered(home, *words)
    assert (kind, sorted(found)) == ("words", sorted(expected))


@pytest.mark.parametrize("words", [("create", "-f", ""), ("config", "validate", "x")])
def test_files_are_left_to_the_shell(home: Path, words: tuple[str, ...]) -> None:
    assert offered(home, *words) == ["files"]


@pytest.mark.long
def test_a_pool_that_ackgpu_made_is_offered(cli: Cli) -> None:
    cli.ok("create", "demo", "--nodes", "0", "--no-verify")
    cli.ok("nodepool", "add", "demo", "small", "--nodes", "0")
    assert cli.ok(COMPLETE, "nodepool", "delete", "demo", "").out == "words\ngpu\nsmall\n"
    cli.ok("nodepool", "delete", "demo", "small", "-y")
    assert cli.ok(COMPLETE, "nodepool", "delete", "demo", "").out == "words\ngpu\n"


@pytest.mark.long
def test_an_answer_costs_at_most_four_times_pass(home: Path) -> None:
    env = {"ACKGPU_STATE_DIR": str(home / "state")}
    words = (COMPLETE, "nodepool", "scale", "demo", "")
    assert times_pass(home, *words, env=env) <= 4


@pytest.fixture
def typed_on(home: Path) -> Path:
    """A directory with an ``ackgpu`` that completes as ours does, and else prints its arguments."""
    (home / "bin").mkdir()
    program = home / "bin" / "ackgpu"
    program.write_text(
        f'#!/bin/sh\nours="{sys.executable} -m ackgpu"\n'
        'case "$1" in __complete|completion) exec $ours "$@";; esac\n'
        'printf "RAN:"; printf " <%s>" "$@"; echo ";"\n'
    )
    program.chmod(0o755)
    (home / "my spec.yaml").write_text("")
    return home


START = {
    "bash": (("bash", "--norc", "--noprofile", "-i"), "source <(ackgpu completion bash)\n"),
    "zsh": (
        ("zsh", "-f", "-i"),
        "autoload -U compinit && compinit -u; source <(ackgpu completion zsh)\n",
    ),
    "fish": (("fish", "--no-config", "-i"), "ackgpu completion fish | source\n"),
}


class Terminal:
    """A shell on a pseudo-terminal."""

    def __init__(self, shell: str, home: Path) -> None:
        line, self.prepare = START[shell]
        pid, self.master = pty.fork()
        if pid == 0:
            os.chdir(home)
            env = {
                "PATH": f"{home / 'bin'}:{os.environ['PATH']}",
                "HOME": str(home),
                "TERM": "xterm",
                "LC_ALL": "C.UTF-8",
                "ACKGPU_STATE_DIR": str(home / "state"),
            }
            os.execvpe(line[0], line, env)  # noqa: S606 -- a shell it is
        self.pid = pid

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def read_until(self, pattern: str, seconds: float = 30) -> str:
        """What is shown until ``pattern``; typed text itself never matches it."""
        shown = ""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            if select.select([self.master], [], [], 0.5)[0]:
                shown += os.read(self.master, 65536).decode(errors="replace")
                if re.search(pattern, shown):
                    return shown
        raise AssertionError(f"{pattern} was not shown: {shown!r}")

    def close(self) -> None:
        os.kill(self.pid, 9)
        os.waitpid(self.pid, 0)
        os.close(self.master)


@pytest.mark.long
@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("ackgpu nodep\tsca\tde\tsm\t--nod\t3\n", "nodepool scale demo small --nodes 3"),
        ("ackgpu wait night --for del\t\n", "wait night --for deleted"),
        ("ackgpu list --region cn-wul\t-o yam\t\n", "list --region cn-wulanchabu -o yaml"),
        ("ackgpu create --network=ter\tx\n", "create --network=terway x"),
        (
            "ackgpu offers --instance-type ecs.vgn5i-m2\t\n",
            "offers --instance-type ecs.vgn5i-m2.xlarge",
        ),
        ("ackgpu create -f my\t\n", "create -f my spec.yaml"),
    ],
)
@pytest.mark.parametrize("shell", SHELLS)
def test_in_a_real_shell(typed_on: Path, shell: str, keys: str, expected: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    terminal = Terminal(shell, typed_on)
    try:
        terminal.type(terminal.prepare + "printf '%s\\n' READY''NOW\n")
        terminal.read_until("READYNOW")
        terminal.type(keys)
        ran = re.search("RAN:(.*?);", terminal.read_until("RAN: .*?;"))
        assert ran
        assert re.sub("[<>]", "", ran[1]).strip() == expected
    finally:
        terminal.close()


@pytest.mark.parametrize(
    ("env", "platform", "expected"),
    [
        ({"HOME": "/home/u"}, "linux", "/home/u/.local/state/ackgpu"),
        ({"HOME": "/home/u", "XDG_STATE_HOME": "/s"}, "linux", "/s/ackgpu"),
        ({"HOME": "/home/u", "XDG_STATE_HOME": "s"}, "linux", "/home/u/.local/state/ackgpu"),
        ({"HOME": "/Users/u"}, "darwin", "/Users/u/Library/Application Support/ackgpu"),
        ({"HOME": "/home/u", "ACKGPU_STATE_DIR": "/x/../y"}, "linux", "/y"),
    ],
)
def test_where_state_is_kept(env: dict[str, str], platform: str, expected: str) -> None:
    assert state_dir(env, platform) == expected
