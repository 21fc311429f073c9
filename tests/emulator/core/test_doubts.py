"""Doubts: each is read somewhere, a scenario chooses between its readings and no others."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import ackgpu.emulator
from ackgpu.emulator import Emulator
from ackgpu.emulator.doubts import DOUBTS
from ackgpu.emulator.faults import ConfigurationError

FIRST_CONTACT = Path("docs/first-contact.md").read_text("utf-8")
PAGE = Path("docs/emulator.md").read_text("utf-8")
SOURCES = [
    path.read_text("utf-8")
    for path in Path(ackgpu.emulator.__file__).parent.rglob("*.py")
    if path.name != "doubts.py"
]


@pytest.mark.parametrize("name", DOUBTS)
def test_a_doubt_decides_something(name: str) -> None:
    asked = re.compile(rf'(doubt\(|doubt=|reading\([\w.]+,\s*)"{name}"')
    assert any(asked.search(text) for text in SOURCES)


@pytest.mark.parametrize("name", DOUBTS)
def test_a_doubt_has_readings_and_a_dated_source(name: str) -> None:
    doubt = DOUBTS[name]
    assert len(doubt.readings) > 1
    assert all(doubt.readings.values())
    assert re.match(r"\d{4}-\d{2}: ", doubt.source)


@pytest.mark.parametrize(
    ("doubts", "complaint"),
    [
        ({"no_such": "on"}, "there is no doubt 'no_such'"),
        ({"cluster_names": "maybe"}, "cluster_names is unique or free; not 'maybe'"),
        (["cluster_names"], "doubts: a mapping is expected"),
    ],
)
def test_a_scenario_cannot_choose_what_is_not_there(doubts: Any, complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(complaint)):
        Emulator(scenario={"doubts": doubts})


@pytest.mark.parametrize("name", DOUBTS)
def test_the_emulators_page_has_the_doubt(name: str) -> None:
    doubt = DOUBTS[name]
    readings = "; ".join(f"`{key}`: {text}" for key, text in doubt.readings.items())
    assert f"| `{name}` | {readings} | {doubt.source} |" in PAGE


@pytest.mark.parametrize("name", DOUBTS)
def test_the_page_on_first_contact_says_what_is_done_and_how_it_is_settled(name: str) -> None:
    readings = ", ".join(f"`{key}`" for key in DOUBTS[name].readings)
    (row,) = [line for line in FIRST_CONTACT.splitlines() if line.startswith(f"| `{name}` |")]
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[1] == readings
    assert len(cells) == 5
    assert all(cells)
