from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from xml.etree.ElementTree import XML

import pytest
import render_samples as samples
from rich.cells import cell_len

from ackgpu.render.layout import Grid, Pen
from ackgpu.render.tables import draw
from docs.screenshots import screenshot

PICTURES = sorted((Path(__file__).resolve().parents[2] / "docs" / "img").glob("*.svg"))


def test_a_screenshot_is_the_same_each_time_and_fetches_nothing():
    lines = Pen(width=80, colors=True, unicode=True).layout(draw(samples.RESULTS["plan"].part))
    picture = screenshot(lines, title="plan")
    assert picture == screenshot(lines, title="plan")
    assert "CREATE" in "".join(XML(picture).itertext())


def test_wide_glyphs_of_a_picture_stand_in_two_cells_each():
    names = Grid([("训练集群", "跑 <1>"), ("demo", "🚀 up"), ("e\u0301tat", "한 asleep")], "<<")
    picture = XML(screenshot(Pen(width=80, colors=True, unicode=True).layout([names]), title="x"))
    rows: dict[str, list[tuple[float, float, str]]] = {}
    for text in picture.iter("{http://www.w3.org/2000/svg}text"):
        if (length := text.get("textLength")) and text.text != "\n":
            row = rows.setdefault(str(text.get("y")), [])
            row.append((float(str(text.get("x"))), float(length), str(text.text)))
    assert len(rows) == 3
    for row in rows.values():
        for _, length, text in row:
            assert length == pytest.approx(12.2 * cell_len(text)), text
            assert len({cell_len(char) for char in text} - {0}) == 1
        for (x, length, _), (following, _, _) in pairwise(row):
            assert following == pytest.approx(x + length)
        state = next(x for x, _, text in row if text in {"跑", "🚀", "한"})
        assert state == pytest.approx(12.2 * (2 + 8 + 2))


def test_there_are_pictures():
    assert PICTURES


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.stem)
def test_a_picture_in_the_documents_is_whole_and_fetches_nothing(path):
    text = path.read_text(encoding="utf-8")
    XML(text)
    assert not re.search(r"href|@import|@font-face|<image|<script|url\((?!#)", text)
