"""Every command that a message or a page names can be typed as it stands."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.parsing import why_not

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "ackgpu").rglob("*.py"))
TABLES = sorted((ROOT / "ackgpu").rglob("*.toml"))
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
NAMED = re.compile(r"`ackgpu ([^`]+)`")
FILLED = "\0"
"""In the place of what a message fills in while the program runs."""
PLACEHOLDER = re.compile(r"[A-Z][A-Z_]*")
NEED_A_NAME = {"create", "plan"}


def texts(tree: ast.AST) -> Iterator[str]:
    """The strings of a module, but for its docstrings; what is filled in as FILLED."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    left_out = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            left_out |= {id(inner) for inner in ast.walk(node) if inner is not node}
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else FILLED
                for part in node.values
            )
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
    for line in NAMED.findall(path.read_text()):
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
    "--ackgpu-keep", "--ackgpu-ttl",
}  # fmt: skip
"""Flags of pytest, kubectl, aliyun, nvidia-smi and others that the program or a message names."""


OURS = [path for path in (*SOURCES, *TABLES) if "emulator" not in path.parts]


def flags_of_all() -> set[str]:
    return set(FLAG.findall((ROOT / "ackgpu/data/commands.json").read_text()))


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_flag_that_is_named_is_one_of_ours(path: Path) -> None:
    """So that a flag that gets another name gets it in messages, too."""
    text = path.read_text()
    whole = "\n".join(texts(ast.parse(text))) if path.suffix == ".py" else text
    assert set(FLAG.findall(whole)) <= flags_of_all() | OF_OTHERS
