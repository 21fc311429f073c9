"""Each operation against its published request and answer: nothing is lost without being listed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conformance.asking import Furnished, furnish
from tests.conformance.published import (
    NOT_OFFERED,
    PAGE,
    listed,
    operations,
    row,
    verdict,
)
from tests.conformance.tours import answers

SERVED = {name: (product, operation) for name, product, operation in operations()}
pytestmark = pytest.mark.generated


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Furnished:
    """An account with one of everything, of which each request gets a copy."""
    return furnish(tmp_path_factory.mktemp("furnished"))


@pytest.fixture(scope="module")
def given() -> dict[str, Any]:
    """An answer of every operation that the tours ask."""
    return answers()


@pytest.mark.parametrize("name", SERVED)
def test_what_is_published_of_an_operation_is_taken_refused_or_listed(
    account: Furnished, given: dict[str, Any], name: str
) -> None:
    found = verdict(account, *SERVED[name], given.get(name))
    assert found.wrong == []
    known = json.loads(NOT_OFFERED.read_text("utf-8")).get(name, {})
    assert listed(found) == known, "run: python -m tests.conformance.published"
    product, _, action = name.partition("/")
    assert row(action, found) in sections()[product], "run: python -m tests.conformance.published"


def sections() -> dict[str, list[str]]:
    """The page's lines of operations by product; the last of each sums them up."""
    parts = PAGE.read_text("utf-8").split("\n## ")[1:]
    return {
        part.partition(":")[0].lower(): [
            line for line in part.splitlines() if line.startswith("| ")
        ][1:]
        for part in parts
    }


def test_the_page_has_what_is_served_and_sums_it_up() -> None:
    shown = sections()
    names = {f"{product}/{line.split()[1]}" for product, own in shown.items() for line in own[:-1]}
    assert names == set(SERVED)
    for own in shown.values():
        *rows, total = [
            [int(cell.strip(" –") or 0) for cell in line.split("|")[2:-1]] for line in own
        ]
        assert [sum(column) for column in zip(*rows, strict=True)] == total


def test_nothing_is_listed_of_an_operation_that_is_not_served() -> None:
    assert set(json.loads(NOT_OFFERED.read_text("utf-8"))) <= set(SERVED)
