"""Draw docs/img/*.svg from the samples that the tests of the renderers use.

Run it from the root of a checkout: ``python docs/screenshots.py``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from rich.text import Text

from ackgpu.render.failure import draw_failure, failure_of
from ackgpu.render.layout import Pen
from ackgpu.render.live_frame import View, draw_frame
from ackgpu.render.progress import RunProgress
from ackgpu.render.svg import screenshot
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


if __name__ == "__main__":
    main()
