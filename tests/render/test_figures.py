from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from ackgpu.cloud.api import Price
from ackgpu.render.layout import Grid, Pen, line
from ackgpu.render.words import about, amount, count, duration, hourly, money, short_id


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0 s"),
        (-3, "0 s"),
        (59.9, "59 s"),
        (60, "1 m 00 s"),
        (242, "4 m 02 s"),
        (3599, "59 m 59 s"),
        (4320, "1 h 12 m"),
        (90_000, "1 d 1 h"),
    ],
)
def test_durations_read_in_two_units(seconds, expected):
    assert duration(seconds) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"), [(40, "40 s"), (360, "6 m"), (89, "1 m"), (7200, "2 h")]
)
def test_what_is_not_known_better_is_rounded(seconds, expected):
    assert about(seconds) == expected


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        (None, ("unknown", "price unknown", "unknown")),
        (Price(None, "CNY", ""), ("unknown", "price unknown", "unknown")),
        (Price(0.0, "CNY", ""), ("¥ 0.00", "¥ 0.00 an hour", "0.00")),
        (Price(0.004, "CNY", ""), ("¥ 0.0040", "¥ 0.0040 an hour", "0.0040")),
        (Price(1234.5, "USD", ""), ("$ 1,234.50", "$ 1,234.50 an hour", "1,234.50")),
        (Price(3.0, "SGD", ""), ("SGD 3.00", "SGD 3.00 an hour", "3.00")),
    ],
)
def test_an_unknown_price_is_never_shown_as_free(price, expected):
    assert (money(price), hourly(price), amount(price)) == expected


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        ("", ""),
        ("i-short", "i-short"),
        ("vpc-bp1k8aevy8sofi8mh1q", "vpc-bp1k8…"),
        ("c8f3a9d2e5b7461f9a0b3c4d5e6f70812", "c8f3a9…"),
        ("default-nodepool-1", "defaul…"),
    ],
)
def test_ids_keep_what_tells_them_apart(identifier, expected):
    assert short_id(identifier) == expected


def test_numbers_agree_with_their_nouns():
    assert (count(1, "node"), count(2000, "node")) == ("1 node", "2,000 nodes")


PRINTED = st.text(st.characters(codec="utf-8"), max_size=60)


@pytest.mark.long
@given(PRINTED, st.integers(0, 40), st.booleans(), st.booleans())
def test_a_column_is_exactly_as_wide_as_asked(text, width, right, unicode):
    pen = Pen(width=80, colors=False, unicode=unicode)
    fitted = pen.column(pen.text(text), width, right=right)
    assert fitted.cell_len == width


@given(st.lists(st.tuples(PRINTED, PRINTED), max_size=5), st.booleans())
def test_nothing_drawn_can_move_the_cursor(rows, unicode):
    pen = Pen(width=60, colors=False, unicode=unicode)
    drawn = pen.render([Grid(rows, "<>", ("a", "b")), *(line(*row) for row in rows)])
    assert all(char == "\n" or char.isprintable() for char in drawn)


@given(st.integers(10, 90))
def test_a_wrapped_paragraph_loses_no_word(width):
    words = ["the", "quota", "of", "elastic", "addresses", "is", "short", "by", "one"]
    drawn = Pen(width=width, colors=False, unicode=True).layout([line(" ".join(words))])
    assert " ".join(text.plain for text in drawn).split() == words
    assert all(isinstance(text, Text) and text.cell_len <= width for text in drawn)
