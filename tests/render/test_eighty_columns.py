"""On a terminal of 80 columns no row of a table is broken by the terminal, and nothing is lost."""

from __future__ import annotations

import dataclasses
import re

import pytest
import render_samples as samples
from rich.cells import cell_len

from ackgpu.render.layout import Grid, Pen
from ackgpu.render.output import present
from ackgpu.render.results import Facts, Result
from ackgpu.streams import Streams


def shown(result: Result) -> str:
    streams = Streams.for_tests(terminal=True, color="never")
    present(streams, "table", result)
    return streams.written()[0]


def stretched(value: object) -> object:
    """A sample with the longest names that the cloud gives."""
    if isinstance(value, str) and re.fullmatch(r"[a-z0-9-]{6,}", value):
        return value + "-c7cd478ceb73084879a8b10155710d585"
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return tuple(stretched(item) for item in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [f.name for f in dataclasses.fields(value) if f.name in {"name", "zone", "found"}]
        return dataclasses.replace(value, **{f: stretched(getattr(value, f)) for f in fields})
    return value


@pytest.mark.parametrize("name", samples.RESULTS)
def test_no_line_is_wider_than_the_terminal(name: str) -> None:
    assert max(map(cell_len, shown(samples.RESULTS[name]).splitlines())) <= 80


@pytest.mark.parametrize("name", ["gc", "offers"])
def test_nor_with_long_names(name: str) -> None:
    result = samples.RESULTS[name]
    part = stretched(result.part)
    text = shown(dataclasses.replace(result, part=part))
    assert max(map(cell_len, text.splitlines())) <= 80


def test_a_long_name_is_folded_and_whole() -> None:
    name = "worker-k8s-for-cs-c7cd478ceb73084879a8b10155710d585"
    pen = Pen(width=40, colors=False, unicode=True)
    text = pen.render([Grid([("instance", name, "running")], "<<<")])
    assert max(map(len, text.splitlines())) <= 40
    assert "".join(text.replace("running", "").split()) == f"instance{name}"


def test_columns_that_say_nothing_are_left_out() -> None:
    pen = Pen(width=40, colors=False, unicode=True)
    text = pen.render([Grid([("a", "–"), ("b", "–")], "<<", ("name", "spot"))])
    assert text == "  name\n  a\n  b\n"


def test_people_read_words_where_scripts_read_keys() -> None:
    part = Facts(facts={"stateDirectory": "/x", "seconds": 1205.3})
    assert (
        shown(Result(command="x", part=part)) == "state directory  /x\ntime             20 m 05 s\n"
    )
