from __future__ import annotations

import re
from pathlib import Path
from xml.etree.ElementTree import XML

import pytest
import render_samples as samples

from ackgpu.render.pen import Pen
from ackgpu.render.svg import screenshot
from ackgpu.render.tables import draw

PICTURES = sorted((Path(__file__).resolve().parents[2] / "docs" / "img").glob("*.svg"))


def test_a_screenshot_is_the_same_each_time_and_fetches_nothing():
    lines = Pen(width=80, colors=True, unicode=True).layout(draw(samples.RESULTS["plan"].part))
    picture = screenshot(lines, title="plan")
    assert picture == screenshot(lines, title="plan")
    assert "CREATE" in "".join(XML(picture).itertext())


def test_there_are_pictures():
    assert PICTURES


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.stem)
def test_a_picture_in_the_documents_is_whole_and_fetches_nothing(path):
    text = path.read_text(encoding="utf-8")
    XML(text)
    assert not re.search(r"href|@import|@font-face|<image|<script|url\((?!#)", text)
