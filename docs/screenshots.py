"""Draw docs/img/*.svg from the samples that the tests of the renderers use.

Run it from the root of a checkout: ``python docs/screenshots.py``.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator, Sequence
from html import unescape
from pathlib import Path
from xml.sax.saxutils import escape

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from ackgpu.render.failure import draw_failure, failure_of
from ackgpu.render.layout import Pen
from ackgpu.render.live_frame import View, draw_frame
from ackgpu.render.progress import RunProgress
from ackgpu.render.tables import draw

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "render"))
import render_samples as samples  # noqa: E402 -- found through the line above

PICTURES = ("create", "plan", "check-quota", "verify", "offers", "list")


def pictures() -> dict[str, str]:
    """Every picture by its file's name, as SVG."""
    pen = Pen(width=100, colors=True, unicode=True)
    screens = {f"{name}.svg": pen.layout(draw(samples.RESULTS[name].part)) for name in PICTURES}
    screens["create-live.svg"] = live()
    screens["error.svg"] = pen.layout(draw_failure(failure_of(samples.NO_STOCK)))
    drawn = {}
    for name, lines in screens.items():
        width = max(80, *(text.cell_len for text in lines))
        drawn[name] = screenshot(lines, title=f"ackgpu {name[:-4]}", width=width)
    return drawn


def main() -> None:
    """Write every picture."""
    for name, drawn in pictures().items():
        (ROOT / "docs" / "img" / name).write_text(drawn)


def live() -> list[Text]:
    """The live display half-way through a create."""
    progress = RunProgress()
    story = samples.Story(progress.apply)
    samples.create_begins(story)
    samples.ticks(story, 6)
    view = View(now=story.clock.now(), lines=30, turn=3)
    return draw_frame(progress, view, Pen(width=80, colors=True, unicode=True))


# Rich's own format fetches a font; a reader's own monospace serves as well, and fetches nothing.
FORMAT = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace;
  font-size: {char_height}px; line-height: {line_height}px }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def screenshot(lines: Sequence[Text], *, title: str, width: int = 80) -> str:
    """``lines`` on a screen ``width`` columns wide; the same lines give the same file."""
    console = Console(
        file=io.StringIO(),
        record=True,
        width=width,
        force_terminal=True,
        color_system="standard",
        no_color=False,
        legacy_windows=False,
    )
    for text in lines:
        console.print(text, soft_wrap=True)
    drawn = console.export_svg(title=title, code_format=FORMAT, unique_id="screen")
    return _RUN.sub(lambda run: "".join(_in_cells(run)), drawn)


_CELL = 12.2
"""The width of a cell, in the units of Rich's drawing."""
_RUN = re.compile(
    r'(<text class="screen-r\d+" )x="([\d.]+)"( y="[\d.]+" )textLength="[\d.]+"([^>]*>)(.*?)</text>'
)


def _in_cells(run: re.Match[str]) -> Iterator[str]:
    """A run of text, each wide glyph in two cells of its own: Rich counts them as one each."""
    before, x, y, after, escaped = run.groups()
    text = unescape(escaped)
    if all(cell_len(character) == 1 for character in text):
        yield run[0]
        return
    at = float(x)
    for piece in _pieces(text):
        cells = _CELL * cell_len(piece)
        words = escape(piece).replace("\N{NO-BREAK SPACE}", "&#160;")
        yield f'{before}x="{at:g}"{y}textLength="{cells:g}"{after}{words}</text>'
        at += cells


def _pieces(text: str) -> list[str]:
    """``text`` in pieces of one width a character; what has no width goes with what it is on."""
    pieces: list[str] = []
    for character in text:
        joins = pieces and (
            not cell_len(character) or cell_len(character) == 1 == cell_len(pieces[-1][-1])
        )
        if joins:
            pieces[-1] += character
        else:
            pieces.append(character)
    return pieces


if __name__ == "__main__":
    main()
