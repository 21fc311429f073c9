from __future__ import annotations

import pytest
from render_transcripts import ENDS, FAILS, FOLDER, TRANSCRIPTS, frame
from rich.cells import cell_len


@pytest.mark.parametrize("name", sorted(TRANSCRIPTS))
def test_what_is_shown_is_the_transcript(name):
    expected = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    assert TRANSCRIPTS[name]() == expected


def test_no_transcript_is_left_over():
    assert {path.stem for path in FOLDER.glob("*.txt")} == set(TRANSCRIPTS)


@pytest.mark.parametrize("width", [20, 33, 48, 79, 80, 81, 200])
@pytest.mark.parametrize("chapters", [ENDS, FAILS])
@pytest.mark.parametrize("unicode", [True, False])
def test_no_line_of_a_frame_is_wider_than_the_terminal(width, chapters, unicode):
    lines = frame(chapters, width=width, unicode=unicode).splitlines()
    assert max(cell_len(line) for line in lines) <= width


@pytest.mark.parametrize("height", [8, 10, 12, 14, 24])
def test_a_frame_is_never_higher_than_the_terminal(height):
    assert len(frame(FAILS, lines=height).splitlines()) < height


def test_a_low_terminal_still_shows_what_failed():
    assert "✗ cluster" in frame(FAILS, lines=10)
