"""Whatever is typed, wherever it runs: an answer in words and a code with a meaning."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
import typer.main
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ackgpu.cli.root import COMMANDS, build
from ackgpu.main import COMPLETE, main

NO_CLOUD = {
    "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true",
    "ACKGPU_ENDPOINT_URL": "http://127.0.0.1:9",
}
GROUPS = ("nodepool", "kubeconfig", "config", "policy", "emulator", "export", "manifest")


def words_of(command: Any) -> Iterator[str]:
    """All commands, flags and short flags at and below a command of the tree."""
    for parameter in command.params:
        yield from (*parameter.opts, *parameter.secondary_opts)
    for name, inner in getattr(command, "commands", {}).items():
        yield name
        yield from words_of(inner)


WORDS = sorted(
    {COMPLETE, *words_of(typer.main.get_command(build(COMMANDS)))}
    - {"serve", "up", "--emulator"}  # two never end by themselves, the other starts a cloud
)
VALUES = ("", "-", "--", "0", "-1", "nan", "9" * 50, "demo", "a=b", "3h", "2..8", "cn-hangzhou")
# No slash and no tilde: the commands that write a file write it in the test's own directory.
NOISE = st.text(st.characters(exclude_characters="/~\0"), max_size=8)
LINES = st.lists(
    st.one_of(st.sampled_from(WORDS), st.sampled_from(VALUES), NOISE, st.just("--output=json")),
    max_size=7,
)
ENVIRONMENTS = st.fixed_dictionaries(
    {},
    optional={
        "ACKGPU_OUTPUT": st.sampled_from(("json", "yaml", "name", "jsonl", "xml", "")),
        "ACKGPU_STATE_DIR": st.sampled_from(("state", "a-file", "a-file/x", "~nobody-here/x")),
        "ACKGPU_CLOCK_SPEED": st.sampled_from(("600", "0", "nan", "1e99", "fast")),
        "ACKGPU_TIMEOUT": st.sampled_from(("1h", "forever", "-1s")),
        "ACKGPU_REGION": st.sampled_from(("cn-hangzhou", "cn-nowhere", "\u202e", "../..")),
        "ACKGPU_NO_INPUT": st.sampled_from(("1", "0")),
        "COLUMNS": st.sampled_from(("0", "1", "-5", "80", "100000", "wide", "\u0663")),
        "LINES": st.sampled_from(("0", "-1", "x")),
        "TERM": st.sampled_from(("dumb", "", "xterm-256color", "unknown", "\udc80")),
        "NO_COLOR": st.just("1"),
        "FORCE_COLOR": st.just("1"),
        "CI": st.just("true"),
        "HOME": st.sampled_from(("a-file", "", "nowhere/at/all")),
        "KUBECONFIG": st.sampled_from((":", "a-file", "x\udc80")),
        "LC_ALL": st.sampled_from(("C", "zh_CN.GBK", "nonsense")),
        "_ACKGPU_COMPLETE": st.sampled_from(("complete_bash", "source_zsh", "x")),
    },
)
ENCODINGS = st.sampled_from(("utf-8", "ascii", "latin-1", "gbk", "utf-16", "utf-7", None))


def ackgpu(
    *arguments: str, env: Mapping[str, str] | None = None, streams: str = ""
) -> subprocess.CompletedProcess[bytes]:
    """One process; ``streams`` closes its streams or leads them away, as in ``>&-``."""
    return subprocess.run(
        ["sh", "-c", f'exec "$0" -m ackgpu "$@" {streams}', sys.executable, *arguments],
        capture_output=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"], **NO_CLOUD, **(env or {})},
    )


@pytest.mark.parametrize("arguments", [(), *((group,) for group in GROUPS)])
def test_without_a_command_it_prints_help(arguments: tuple[str, ...], tmp_path: Path) -> None:
    ended = ackgpu(*arguments, env={"HOME": str(tmp_path)})
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert b"Usage: ackgpu" in ended.stdout


@pytest.mark.long
@given(line=LINES, env=ENVIRONMENTS, encoding=ENCODINGS, typed=st.binary(max_size=8))
@example(line=[], env={}, encoding="utf-8", typed=b"")
@example(line=["__complete", "create", "--region=\udc80"], env={}, encoding="ascii", typed=b"")
@example(line=["-v"], env={"_ACKGPU_COMPLETE": "complete_bash"}, encoding="utf-8", typed=b"")
@example(line=["\udc80"], env={}, encoding="utf-8", typed=b"")
@example(line=["config", "validate", "-"], env={}, encoding="gbk", typed=b"\x80")
@settings(max_examples=300, deadline=None)
def test_no_line_anywhere_ends_as_a_bug(
    line: list[str], env: dict[str, str], encoding: str | None, typed: bytes
) -> None:
    out, err = (
        io.TextIOWrapper(io.BytesIO(), encoding=encoding or "utf-8", write_through=True)
        for _ in "oe"
    )
    stdin = io.TextIOWrapper(io.BytesIO(typed), encoding=encoding or "utf-8")
    closed = encoding is None
    with pytest.MonkeyPatch.context() as process, tempfile.TemporaryDirectory() as place:
        for name in list(os.environ):
            process.delenv(name)
        around = NO_CLOUD | {"HOME": place} | env
        for name, value in around.items():
            process.setenv(name, value)
        process.setattr(sys, "stdin", None if closed else stdin)
        with chdir(place):
            Path("a-file").write_text("no directory, no kubeconfig", encoding="utf-8")
            with redirect_stdout(None if closed else out), redirect_stderr(None if closed else err):
                code = main(line, around)
                if closed:  # main has put the null device there
                    for stream in (sys.stdin, sys.stdout, sys.stderr):
                        stream.close()
    written = out.buffer.getvalue() + err.buffer.getvalue()
    assert code != 1, written
    assert "Traceback" not in written.decode(encoding or "utf-8", "replace")


CLOSED = (">&-", "2>&-", "<&-", ">&- 2>&-", ">&- 2>&- <&-", "2>/dev/full", ">&1 | head -c 1")


@pytest.mark.sweep
@pytest.mark.parametrize("streams", CLOSED)
@pytest.mark.parametrize(
    ("line", "code"),
    [((), 0), (("--version",), 0), (("version",), 0), (("nosuch",), 2), (("list",), 4)],
)
def test_closed_streams_change_no_exit_code(
    line: tuple[str, ...], code: int, streams: str, tmp_path: Path
) -> None:
    ended = ackgpu(*line, env={"HOME": str(tmp_path)}, streams=streams)
    assert b"Traceback" not in ended.stdout + ended.stderr
    if "|" not in streams:
        assert ended.returncode == code


@pytest.mark.parametrize("line", [(), ("--version",), ("version",), ("create", "--help")])
def test_a_result_that_cannot_be_written_is_2(line: tuple[str, ...], tmp_path: Path) -> None:
    ended = ackgpu(*line, env={"HOME": str(tmp_path)}, streams=">/dev/full")
    assert ended.returncode == 2
    assert b"could not be written" in ended.stderr


@pytest.mark.parametrize("part", ["typer", "rich"])
def test_an_installation_that_lacks_a_part_says_so(part: str, tmp_path: Path) -> None:
    (tmp_path / f"{part}.py").write_text("import no_such_package")
    ended = ackgpu("list", env={"HOME": str(tmp_path), "PYTHONPATH": str(tmp_path)})
    assert ended.returncode == 2
    assert b"no_such_package" in ended.stderr
    assert b"Traceback" not in ended.stderr
