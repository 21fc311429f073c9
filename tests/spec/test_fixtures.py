"""Every file under fixtures/specs: the valid load, the invalid say exactly what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from ackgpu.errors import SpecError
from ackgpu.spec.load import load_file

SPECS = Path(__file__).parents[2] / "fixtures" / "specs"
VALID = sorted((SPECS / "valid").glob("*.yaml"))
INVALID = sorted((SPECS / "invalid").glob("*.yaml"))


def lines_after(path: Path, mark: str) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.removeprefix(mark) for line in lines if line.startswith(mark)]


def test_there_are_specs_of_both_kinds():
    assert len(VALID) > 10
    assert len(INVALID) > 30


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_a_valid_spec_loads_with_the_warnings_that_it_states(path):
    loaded = load_file(path)
    left = [f"{warning.key}: {warning.message}" for warning in loaded.warnings]
    for line in lines_after(path, "# warning: "):
        key, _, words = line.partition(": ")
        (match,) = [text for text in left if text.startswith(f"{key}: ") and words in text]
        left.remove(match)
    assert left == []


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_an_invalid_spec_says_all_that_is_wrong_and_where(path):
    with pytest.raises(SpecError) as refused:
        load_file(path)
    found = [
        f"{finding.where.removeprefix(f'{path}:')} {finding.key or '-'}: {finding.message}"
        for finding in refused.value.findings
    ]
    assert found == lines_after(path, "# finding: ")
    assert refused.value.exits_with == 2
