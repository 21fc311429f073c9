"""A test says one thing: no assertion takes one of several exit codes for right."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
CODES = {"code", "returncode", "exit_code", "status_code", "exits_with"}


def lenient(tree: ast.AST) -> Iterator[int]:
    """The lines that ask whether an exit code or an HTTP status is one of several."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Compare)
            and isinstance(node.left, ast.Attribute)
            and node.left.attr in CODES
            and isinstance(node.ops[0], ast.In)
            and isinstance(node.comparators[0], ast.Set | ast.Tuple | ast.List)
            and all(isinstance(item, ast.Constant) for item in node.comparators[0].elts)
        ):
            yield node.lineno


@pytest.mark.parametrize(
    "text", ["assert ended.code in {0, 6}", "assert cli('x').returncode in (1, 2)"]
)
def test_such_an_assertion_is_found(text: str) -> None:
    assert list(lenient(ast.parse(text))) == [1]


@pytest.mark.long
def test_no_assertion_takes_several_codes() -> None:
    found = [
        f"{path.relative_to(TESTS)}:{line}"
        for path in sorted(TESTS.rglob("test_*.py"))
        for line in lenient(ast.parse(path.read_text()))
    ]
    assert found == []
