"""Whatever a file says, it is a spec or findings: never another exception."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ackgpu.errors import SpecError, SpecFinding
from ackgpu.spec.load import load_file, load_text
from ackgpu.spec.model import ClusterSpec, document_of
from ackgpu.spec.render import to_yaml

COMPLETE = Path(__file__).parents[2] / "fixtures" / "specs" / "valid" / "complete.yaml"
DOCUMENT = document_of(load_file(COMPLETE).spec)


def paths_in(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else ()
    items = enumerate(value) if isinstance(value, list) else items
    for key, inner in items:
        yield from paths_in(inner, (*path, key))


PATHS = list(paths_in(DOCUMENT))
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=6)
    | st.sampled_from(["", "auto", "10.0.0.0/8", "1.2.3.4/33", "3h", "vpc-1", "ecs.", "=", "0x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=5,
)


def with_value(path: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    document: Any = copy.deepcopy(DOCUMENT)
    node = document
    for part in path[:-1]:
        node = node[part]
    node[path[-1]] = value
    return document


def load_or_findings(text: str) -> ClusterSpec | tuple[SpecFinding, ...]:
    try:
        return load_text(text, name="x.yaml").spec
    except SpecError as refused:
        return refused.findings


@pytest.mark.long
@given(st.sampled_from(PATHS), VALUES)
def test_a_complete_document_with_one_value_changed_loads_or_says_why_not(path, value):
    found = load_or_findings(json.dumps(with_value(path, value)))
    if isinstance(found, ClusterSpec):
        assert load_or_findings(to_yaml(found)) == found
    else:
        assert found
        assert all(finding.message for finding in found)


@pytest.mark.long
@given(st.text(max_size=60))
def test_any_text_loads_or_says_why_not(text):
    assert load_or_findings(text) != ()
