"""Names, docstrings and messages in ackgpu/ keep to docs/glossary.toml."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

REPO = Path(__file__).parent.parent
FILES = sorted((REPO / "ackgpu").rglob("*.py"))
GLOSSARY: dict[str, Any] = tomllib.loads((REPO / "docs" / "glossary.toml").read_text())
CODE = r"``[^`]+``|`[^`]+`|<[^>]+>"
"""What keeps its name: code, members of documents, HTML."""
Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def texts_of(file: Path) -> Iterator[tuple[str, str]]:
    """Each text and where it is: docstrings' first lines, and strings of several words."""
    tree = ast.parse(file.read_text())
    nodes = list(ast.walk(tree))
    prose = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if isinstance(node, Documented):
            line = (ast.get_docstring(node) or "").partition("\n")[0]
            yield f"{file.name}:{getattr(node, 'lineno', 1)}", line
        elif isinstance(node, ast.Constant) and id(node) not in prose and " " in str(node.value):
            yield f"{file.name}:{node.lineno}", str(node.value)


def test_docstrings_and_messages_use_the_words() -> None:
    texts = [(where, re.sub(CODE, "", text)) for file in FILES for where, text in texts_of(file)]
    assert len(texts) > 5_000
    assert any("CUDA sample" in text for _, text in texts)
    wrong = {
        f"say {term['term']}: {term['meaning']}": places
        for term in GLOSSARY["terms"]
        if (places := [row for row in texts if _says(row[1], term["instead_of"])])
    }
    assert wrong == {}


def _says(text: str, words: list[str]) -> bool:
    return any(re.search(word, text) for word in words)


def test_a_class_name_means_one_thing() -> None:
    places = defaultdict(list)
    for file in FILES:
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.ClassDef):
                places[node.name].append(file.relative_to(REPO).as_posix())
    twice = {name: files for name, files in places.items() if len(files) > 1}
    assert twice == {}


def test_no_module_is_named_by_a_gerund() -> None:
    named = {file.stem for file in FILES if re.search(r"(^|_)[a-z]{2,}ing$", file.stem)}
    assert named == set(GLOSSARY["nouns"]["in_ing"])
