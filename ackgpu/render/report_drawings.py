"""The report's drawings, only in HTML and CSS: bars over time, and boxes in boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from ackgpu.render.words import duration

TICKS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
MAX_TICKS = 8


@dataclass(frozen=True)
class Bar:
    """A step of a run, in cloud seconds since its start. ``outcome`` as events have it."""

    step: str
    began: float
    ended: float
    outcome: str
    detail: str = ""


@dataclass(frozen=True)
class ResourceBox:
    """A resource and what lies in it. ``mark`` is good, bad or empty; ``maker`` who made it."""

    kind: str
    name: str
    detail: str = ""
    mark: str = ""
    maker: str = ""
    inner: tuple[ResourceBox, ...] = ()


def timeline(bars: Sequence[Bar]) -> str:
    """The steps under each other on one axis of time."""
    end = max((bar.ended for bar in bars), default=0.0) or 1.0
    rows = "\n".join(_bar(bar, end) for bar in bars)
    step = next((each for each in TICKS if end / each <= MAX_TICKS), TICKS[-1])
    ticks = "".join(
        f'<span style="left:{100 * at / end:.2f}%">{escape(duration(at))}</span>'
        for at in range(0, int(end // step) * step + 1, step)
    )
    return f'<div class="timeline">\n{rows}\n<div class="axis"><div>{ticks}</div></div>\n</div>'


def _bar(bar: Bar, end: float) -> str:
    left = 100 * bar.began / end
    width = max(0.3, 100 * (bar.ended - bar.began) / end)
    took = duration(bar.ended - bar.began)
    words = f"{bar.outcome}, {took}" + (f": {bar.detail}" if bar.detail else "")
    side = " inside" if left + width > 70 else ""  # noqa: PLR2004 -- per cent: no room on the right
    beside = f"right:{100 - left:.2f}%" if side else f"left:{left + width:.2f}%"
    return (
        f'<div class="row {escape(bar.outcome)}"><span class="step">{escape(bar.step)}</span>'
        f'<div class="track" title="{escape(words)}">'
        f'<div class="bar" style="left:{left:.2f}%;width:{min(width, 100 - left):.2f}%"></div>'
        f'<span class="took{side}" style="{beside}">{escape(took)}</span>'
        f"</div></div>"
    )


def topology(box: ResourceBox) -> str:
    """A box with the boxes in it."""
    inner = "\n".join(topology(each) for each in box.inner)
    detail = f'<span class="detail">{escape(box.detail)}</span>' if box.detail else ""
    maker = f'<span class="maker">{escape(box.maker)}</span>' if box.maker else ""
    sign = {"good": "✓ ", "bad": "✗ "}.get(box.mark, "")
    holds = " holds" if box.inner else ""
    within = f'<div class="inner">\n{inner}\n</div>' if inner else ""
    return (
        f'<div class="box{holds} {box.mark}"><p><span class="kind">{sign}{escape(box.kind)}</span> '
        f'<span class="name">{escape(box.name)}</span> {maker} {detail}</p>{within}</div>'
    )
