from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
import render_samples as samples

from ackgpu.engine import events

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "events.md").read_text(encoding="utf-8")
ABSTRACT = {events.Event, events.StepEvent}
COMMON = {"at", "wall"}


def kinds(of=events.Event):
    for kind in of.__subclasses__():
        yield from [kind] if kind not in ABSTRACT else []
        yield from kinds(kind)


def rows():
    pattern = r"^\| `(\w+)` \| ((?:`\w+`(?:, )?)+) \|"
    return {name: re.findall(r"\w+", own) for name, own in re.findall(pattern, PAGE, re.MULTILINE)}


def test_the_page_lists_every_type_and_no_other():
    assert set(rows()) == {kind.__name__ for kind in kinds()}


@pytest.mark.parametrize("kind", sorted(kinds(), key=lambda kind: kind.__name__))
def test_the_page_lists_the_fields_of_each_type(kind):
    own = [field.name for field in dataclasses.fields(kind) if field.name not in COMMON]
    assert sorted(rows()[kind.__name__]) == sorted(own)


def test_the_json_form_has_the_fields_of_the_page():
    seen = []
    story = samples.Story(seen.append)
    samples.create_begins(story)
    samples.create_ends(story)
    for event in seen:
        found = events.to_json(event)
        assert set(found) == {"type", *COMMON, *rows()[found["type"]]}
