"""The parameter tables against the products that they are about."""

from __future__ import annotations

import pytest

from ackgpu.emulator.dispatch import PRODUCTS, load_products
from ackgpu.emulator.parameters import table

WORDS = {"str", "int", "bool", "num", "map"}


def words(value: object) -> set[str]:
    """Every type word of a table, however deep."""
    if isinstance(value, dict):
        return set().union(*(words(each) for each in value.values()))
    if isinstance(value, list):
        return set().union(*(words(each) for each in value))
    return {str(value).rstrip("!")}


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_table_uses_the_known_type_words_only(product: str) -> None:
    operations = table(product)
    assert operations
    assert words(dict(operations)) <= WORDS


@pytest.mark.parametrize("product", load_products(), ids=lambda product: product.code.lower())
def test_every_operation_has_its_table(product: object) -> None:
    code, operations = product.code.lower(), product.operations  # type: ignore[attr-defined]
    assert operations
    assert sorted(set(operations) - set(table(code)) - UNDOCUMENTED) == []


UNDOCUMENTED = {"DescribeClusterEndpoints"}
"""Operations that the metadata does not list: they are taken without a check."""
