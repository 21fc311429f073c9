from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ackgpu.spec import durations


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("45m", 2_700),
        ("3h", 10_800),
        ("1h30m", 5_400),
        ("2d", 172_800),
        ("1d1h1m1s", 90_061),
        ("90m", 5_400),
        ("0s", 0),
    ],
)
def test_durations_are_read(text, seconds):
    assert durations.parse(text) == seconds


@pytest.mark.parametrize("text", ["", "3", "h", "3x", "30m1h", "1h1h", "-1h", " 3h", "1.5h", "٣h"])
def test_anything_else_is_no_duration(text):
    with pytest.raises(ValueError, match="is not a duration such as"):
        durations.parse(text)


@given(st.integers(min_value=0, max_value=10**11))
def test_what_is_written_reads_back(seconds):
    assert durations.parse(durations.format_seconds(seconds)) == seconds


@given(st.text(alphabet="0123456789dhms", max_size=8))
def test_whatever_is_read_can_be_written(text):
    try:
        seconds = durations.parse(text)
    except ValueError:
        return
    assert durations.parse(durations.format_seconds(seconds)) == seconds
    assert seconds >= 0
