"""The pages keep up with the program."""

from __future__ import annotations

import importlib.util
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from support.parsing import tree

from ackgpu import command_table
from ackgpu.cli.effects import EFFECTS
from ackgpu.cli.root import COMMANDS, GROUPS

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def generator(name: str) -> Any:
    """A script of docs/ that writes a page or a table, as a module."""
    found = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_the_page_of_commands_is_what_the_generator_writes() -> None:
    page = (ROOT / "docs" / "cli.md").read_text()
    assert generator("generate_cli").page() == page, "run docs/generate_cli.py"


def leaves(command: Any, path: str = "") -> dict[str, Any]:
    """The commands of the tree that do something, by path."""
    inner = getattr(command, "commands", {})
    found = {} if inner else {path: command}
    for name, below in inner.items():
        found |= leaves(below, f"{path} {name}".strip())
    return found


def test_every_command_says_what_it_does_to_the_world() -> None:
    commands = leaves(tree())
    assert set(EFFECTS) == set(commands), "see ackgpu/cli/effects.py"
    for path, command in commands.items():
        flags = {name for parameter in command.params for name in parameter.opts}
        assert EFFECTS[path].asks == ("--yes" in flags), path


def test_every_command_is_in_one_group_of_the_help() -> None:
    grouped = [name for names in GROUPS.values() for name in names]
    assert sorted(grouped) == sorted(COMMANDS), "see GROUPS in ackgpu/cli/root.py"


def test_the_table_of_commands_is_what_the_generator_writes() -> None:
    table = Path(command_table.PATH).read_text()
    assert generator("generate_commands").table() == table, "run docs/generate_commands.py"


@pytest.mark.parametrize("page", generator("generate_quotes").pages(), ids=lambda page: page.name)
def test_a_page_quotes_what_the_commands_print_today(page: Path) -> None:
    assert generator("generate_quotes").written(page) == page.read_text(), (
        "run docs/generate_quotes.py"
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_quotes_of_a_command_was_printed_by_it(page: Path) -> None:
    quoted = re.findall(r"^ *\$ ackgpu .*", page.read_text(), re.MULTILINE)
    printed = [f"$ ackgpu {words}" for words in generator("generate_quotes").quoted(page)]
    assert quoted == printed, "see docs/generate_quotes.py"


def test_each_picture_is_drawn_by_the_program_of_today_and_used() -> None:
    pictures = ROOT / "docs" / "img"
    drawn = generator("screenshots").pictures()
    assert {p.name: p.read_text() for p in pictures.glob("*.svg")} == drawn, "run .ci/task pictures"
    shown = {name for page in PAGES for name in re.findall(r"img/([\w.-]+)\)", page.read_text())}
    assert shown == {picture.name for picture in pictures.iterdir()}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text()):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_page_is_within_two_links_of_the_index() -> None:
    index = ROOT / "docs" / "index.md"
    reached, edge = {index}, {index}
    for _ in range(2):
        edge = {
            (page.parent / target).resolve()
            for page in edge
            for target in re.findall(r"\]\(([^)#\s]+\.md)", page.read_text())
            if not target.startswith("http")
        }
        reached |= edge
    assert {page for page in PAGES if page.name != "README.md"} <= reached


def facts_of(page: str) -> dict[str, object]:
    """What a translation of the README has to have in common with it."""
    lines = re.findall(r"^```sh\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    rest = re.sub(r"^```sh\n.*?^```", "", page, flags=re.MULTILINE | re.DOTALL)
    rows = [line for line in rest.splitlines() if line.startswith("|")]
    return {
        "commands": [re.sub(r" +#.*", "", block) for block in lines],
        "words in code": sorted(set(re.findall(r"`[^`]+`", rest))),
        "links": sorted(re.findall(r"\]\((?:docs/)?([\w./-]+)\)", rest)),
        "figures": [re.findall(r"[\d.]+", row) for row in rows],
    }


def test_the_chinese_readme_keeps_step() -> None:
    english = re.sub(r"^\[中文\].*\n", "", (ROOT / "README.md").read_text(), flags=re.MULTILINE)
    chinese = (ROOT / "docs" / "README.zh-CN.md").read_text()
    chinese = re.sub(r"^\[English\].*\n", "", chinese, flags=re.MULTILINE)
    assert facts_of(chinese) == facts_of(english)


def test_the_readme_names_every_command() -> None:
    readme = (ROOT / "README.md").read_text()
    table = "".join(re.findall(r"^\| .* \| `.*\|$", readme, re.MULTILINE))
    assert set(re.findall(r"`([a-z-]+)`", table)) >= set(COMMANDS)


FACTS = [
    line
    for line in (ROOT / "docs" / "published-facts.md").read_text().splitlines()
    if "::test_" in line
]


@pytest.mark.parametrize("row", FACTS, ids=lambda row: row.split("|")[1].strip()[:40])
def test_a_published_fact_has_its_code_and_its_test(row: str) -> None:
    _, _, code, test, _ = (cell.strip(" `") for cell in row.split("|"))
    assert (ROOT / code).is_file()
    path, name = test.split("::")
    assert f"def {name}(" in (ROOT / path).read_text()


CODE = r"(?ms)^ *```.*?^ *```$|`[^`\n]+`"
GLOSSARY = tomllib.loads((ROOT / "docs" / "glossary.toml").read_text())["terms"]


def texts_of(value: Any) -> list[str]:
    """Every text of the table that help is answered from."""
    if isinstance(value, dict):
        return [text for inner in value.values() for text in texts_of(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in texts_of(inner)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize("term", GLOSSARY, ids=lambda term: term["term"])
def test_pages_and_help_use_the_words_of_the_glossary(term: dict[str, Any]) -> None:
    help_pages = texts_of(json.loads(Path(command_table.PATH).read_text()))
    texts = [*help_pages, *(re.sub(CODE, "", page.read_text()) for page in PAGES)]
    wrong = [
        text[max(found.start() - 60, 0) : found.end() + 20]
        for text in texts
        for word in term["instead_of"]
        for found in re.finditer(word, text)
    ]
    assert wrong == [], f"say {term['term']}: {term['meaning']}"


CAUSES = sorted(
    {
        id_
        for path in (ROOT / "ackgpu/commands/diagnose").glob("*.py")
        for id_ in re.findall(r'\bid="([a-z-]+)"', path.read_text())
    }
)


@pytest.mark.parametrize("cause", CAUSES)
def test_a_cause_of_diagnose_has_its_row_and_its_story(cause: str) -> None:
    assert f"`{cause}`" in (ROOT / "docs/diagnose.md").read_text()
    stories = [*ROOT.glob("tests/cli/test_diagnose*.py"), *ROOT.glob("tests/gpu/*.py")]
    assert any(f'"{cause}"' in path.read_text() for path in stories)
