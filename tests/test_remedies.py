"""Every command that a message or a page names can be typed as it stands."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.parsing import why_not

from ackgpu import command_table, flag
from ackgpu.tables import spelled_out

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "ackgpu").rglob("*.py"))
TABLES = sorted((ROOT / "ackgpu").rglob("*.toml"))
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
NAMED = re.compile(r"`ackgpu ([^`]+)`")
FILLED = "\0"
"""In the place of what a message fills in while the program runs."""
PLACEHOLDER = re.compile(r"[A-Z][A-Z_]*")
NEED_A_NAME = {"create", "plan"}


def docstrings(tree: ast.AST) -> Iterator[ast.Constant]:
    """What stands by itself as a statement: of modules, classes, functions and attributes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value


def text_of(part: ast.expr) -> str:
    """A part of an f-string; a flag by its name, anything else that is filled in as FILLED."""
    if isinstance(part, ast.FormattedValue) and isinstance(part.value, ast.Attribute):
        return str(getattr(flag, part.value.attr, FILLED))
    return str(part.value) if isinstance(part, ast.Constant) else FILLED


def texts(tree: ast.AST) -> Iterator[str]:
    """The strings of a module, but for its docstrings; what is filled in as FILLED."""
    left_out = {id(docstring) for docstring in docstrings(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            left_out |= {id(inner) for inner in ast.walk(node) if inner is not node}
            yield "".join(map(text_of, node.values))
        elif isinstance(node, ast.Constant) and id(node) not in left_out:
            yield str(node.value)


def wrong_with(line: str) -> str:
    """Why a line cannot be typed as it stands; NAME is filled in by the program."""
    if line.startswith((FILLED, "([")):  # made elsewhere; the pattern that finds commands
        return ""
    typed = line.replace(FILLED, "1").replace("NAME", "demo")
    left = [word for word in typed.split() if PLACEHOLDER.fullmatch(word)]
    if left:
        return f"{left[0]} is not filled in"
    if typed.split()[0] in NEED_A_NAME and len(typed.split()) == 1:
        return "it needs a name"
    wrong = why_not(typed)
    return "" if FILLED in line and "'1' is not one of" in wrong else wrong


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_of_messages(path: Path) -> None:
    for text in texts(ast.parse(path.read_text())):
        for line in NAMED.findall(text):
            assert not (wrong := wrong_with(line)), f"`ackgpu {line!r}`: {wrong}"


@pytest.mark.parametrize("path", TABLES, ids=lambda path: str(path.relative_to(ROOT)))
def test_of_explanations(path: Path) -> None:
    for line in NAMED.findall(spelled_out(path.read_text())):
        assert not (wrong := wrong_with(line)), f"`ackgpu {line}`: {wrong}"


def typed_in(page: str) -> Iterator[str]:
    """The command lines of a page's code blocks, up to a pipe or a comment."""
    fenced = [
        "".join(re.findall(r"^\$ .*\n", block, re.MULTILINE)) if kind == "console" else block
        for kind, block in re.findall(r"^```(\w*)\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    ]
    indented = re.findall(r"^    (.*\n)", page, re.MULTILINE)
    joined = "".join([*fenced, *indented]).replace("\\\n", " ")
    for line in re.findall(r"^(?:\$ )?ackgpu ([a-z-][^\n]*)$", joined, re.MULTILINE):
        yield re.split(r"\s[|>#&<]|;", line)[0].strip()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_of_pages(path: Path) -> None:
    for line in typed_in(path.read_text()):
        assert not (wrong := wrong_with(line)), f"ackgpu {line}: {wrong}"


FLAG = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
OF_OTHERS = {
    "--install", "--shutdown-delay-duration", "--plugin", "--name", "--body", "--client",
    "--upgrade", "--format", "--query-gpu", "--ackgpu-cloud", "--ackgpu-name", "--ackgpu-spec",
    "--ackgpu-keep", "--ackgpu-ttl", "--help", "--version",
}  # fmt: skip
"""Flags of pytest, kubectl, aliyun, nvidia-smi and others that the program or a message names."""


OURS = {
    name
    for taker in (command_table.load(), *command_table.load()["commands"].values())
    for row in taker["flags"]
    for name in row["names"]
}
PRODUCT = [path for path in (*SOURCES, *TABLES) if "emulator" not in path.parts]
LINES_OF_OTHERS = {
    ("--kubeconfig", "commands/cluster/summary.py"), ("--context", "commands/cluster/summary.py"),
    ("--kubeconfig", "library/pytest_plugin.py"), ("--profile", "cloud/aliyun/credentials.py"),
    ("--profile", "cloud/aliyun/profiles.py"), ("--exec", "steps/user_data.py"),
    ("--quiet", "commands/schedule.py"),
}  # fmt: skip
"""Where lines of kubectl, aliyun and others have a flag that is called as one of ours."""


def spelled(path: Path) -> set[str]:
    """The flags in a file, comments and docstrings too; but not in docstrings that are help."""
    text = path.read_text()
    if path.parent.name == "cli":
        for docstring in docstrings(ast.parse(text)):
            text = text.replace(str(docstring.value), "")
    return set(FLAG.findall(text))


def test_help_names_no_flag_that_is_not_ours() -> None:
    """A flag that gets another name gets it in the examples, too."""
    for path in (ROOT / "ackgpu/cli").glob("*.py"):
        said = "\n".join(str(text.value) for text in docstrings(ast.parse(path.read_text())))
        assert set(FLAG.findall(said)) <= OURS | OF_OTHERS, path


def test_a_flag_is_spelled_in_one_place() -> None:
    """So that it is renamed there: in its declaration, or in ``ackgpu/flag.py`` if others name it.

    Neither is there one of a name that no command has.
    """
    places: dict[str, list[str]] = {}
    for path in PRODUCT:
        where = str(path.relative_to(ROOT / "ackgpu"))
        for name in spelled(path) - OF_OTHERS:
            if (name, where) not in LINES_OF_OTHERS:
                places.setdefault(name, []).append(where)
    assert {*places} <= OURS
    assert {name: where for name, where in places.items() if len(where) > 1} == {}
