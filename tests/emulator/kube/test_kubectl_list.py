"""A list of kubectl commands, each with what a real kube-apiserver 1.36 lets kubectl print.

``fixtures/kubectl/*.txt`` are stories, each for a cluster of its own: ``$ `` and a command, the
lines of its stdout, those of its stderr behind ``! ``, its exit code behind ``? `` where it is not
0. ``<age>``, ``<time>``, ``<id>``, ``<ip>``, ``<n>`` and ``<*>`` stand for what no two runs share,
``...`` for any lines, ``[?text]`` for what only some versions of kubectl print; how wide columns
are does not count. ``$~ `` is a command whose answer here is known to differ; it has to differ.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ackgpu.emulator import Emulator
from tests.emulator.kube.clusters import kubeconfig_of, write_cluster, write_node
from tests.emulator.kube.conftest import KUBECTL

HOME = Path(__file__).parents[3] / "fixtures" / "kubectl"
STORIES = sorted(path.stem for path in HOME.glob("*.txt"))
STANDS_FOR = {
    "age": r"(?:\d+[smhd])+|<invalid>", "time": r"[\w:., +-]+", "id": r"[a-z0-9-]+", "n": r"\d+",
    "ip": r"\d+\.\d+\.\d+\.\d+", "*": r".*",
}  # fmt: skip


@dataclass
class Step:
    """A command and what it prints; ``known``: it is known to print something else here."""

    command: str
    known: bool
    lines: list[str] = field(default_factory=list)


def steps(story: str) -> list[Step]:
    found: list[Step] = []
    for line in (HOME / f"{story}.txt").read_text("utf-8").splitlines():
        if line.startswith(("$ ", "$~ ")):
            found.append(Step(line.partition(" ")[2], known=line[1] == "~"))
        elif line.strip() and found:
            found[-1].lines.append(line)
    return found


def pattern(lines: list[str]) -> re.Pattern[str]:
    """What an answer of these lines has to look like."""
    return re.compile("".join("(?:.*\n)*?" if line == "..." else _line(line) for line in lines))


def _line(text: str) -> str:
    if re.fullmatch(r"(! )?\[\?[^]]*\]", text):
        return f"(?:{_line(text.replace('[?', '').rstrip(']'))})?"
    marks = "|".join(map(re.escape, STANDS_FOR))
    found = ""
    for part in re.split(rf"(<(?:{marks})>|\[\?.*?\])", _plain(text)):
        if part.startswith("[?"):
            found += f"(?:{re.escape(part[2:-1])})?"
        elif part[1:-1] in STANDS_FOR and part.startswith("<"):
            found += f"(?:{STANDS_FOR[part[1:-1]]})"
        else:
            found += re.escape(part)
    return found + "\n"


def _plain(line: str) -> str:
    """A line with single blanks between its words."""
    return " ".join(line.split())


def printed(done: subprocess.CompletedProcess[str]) -> str:
    """What a command printed, as stories have it."""
    lines = [_plain(line) for line in done.stdout.splitlines()]
    lines += [f"! {_plain(line)}".strip() for line in done.stderr.splitlines()]
    lines += [f"? {done.returncode}"] if done.returncode else []
    return "".join(f"{line}\n" for line in lines if line not in {"", "!"})


@pytest.fixture(params=KUBECTL)
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[str]]:
    """How kubectl is called, for a cluster of Kubernetes 1.36 with two nodes."""
    program = shutil.which(request.param)
    if program is None:
        pytest.skip(f"{request.param} is not installed: nothing was asked of the real client")
    with Emulator(speed=30, seed=7) as emulator:
        born = [[emulator.backend.timeline_now(), "1.36.1-aliyun.1"]]
        cluster_id = write_cluster(emulator, versions=born)
        for index in range(2):
            write_node(emulator, cluster_id, index)
        (tmp_path / "kubeconfig").write_text(kubeconfig_of(emulator, cluster_id))
        yield [program, "--kubeconfig", str(tmp_path / "kubeconfig"),
               "--cache-dir", str(tmp_path / "cache")]  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("story", STORIES)
def test_kubectl_prints_what_it_prints_of_a_real_server(
    run: list[str], tmp_path: Path, story: str
) -> None:
    wrong = []
    for step in steps(story):
        done = subprocess.run(
            [*run, *shlex.split(step.command)], cwd=HOME / "manifests", capture_output=True,
            text=True, timeout=60, check=False, stdin=subprocess.DEVNULL,
            env={"HOME": str(tmp_path), "PATH": os.environ["PATH"], "TMP": str(tmp_path)},
        )  # fmt: skip
        answer = printed(done)
        if (pattern(step.lines).fullmatch(answer) is None) != step.known:
            wanted = "".join(f"{line}\n" for line in step.lines)
            wrong.append(f"$ {step.command}\n{answer}wanted{' not' * step.known}:\n{wanted}")
    assert not wrong, "\n".join(wrong)


def test_nearly_all_of_a_long_list_is_the_same() -> None:
    listed = [step for story in STORIES for step in steps(story)]
    assert len({step.command for step in listed}) >= 165
    assert sum(step.known for step in listed) <= len(listed) * 15 / 165
