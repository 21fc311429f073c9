"""A watch: a table that is drawn anew in place, or a line a change where there is no terminal.

With ``-o jsonl`` each change is a whole document on a line of its own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from ackgpu.output_forms import EVENT_STREAM, Output
from ackgpu.render.document import document_of, to_text
from ackgpu.render.layout import Block, Span, draw_on, line, point
from ackgpu.render.output import blocks_of, warn
from ackgpu.render.results import ClusterDescription, ClusterList, ClusterRow, Result
from ackgpu.streams import Streams

ENDS = "Ctrl-C ends"


class Watching(ABC):
    """Shows one look after another, until it is closed."""

    def __init__(self, streams: Streams) -> None:
        self.streams = streams
        self._said: set[str] = set()
        self._before: Mapping[str, str] | None = None

    def show(self, result: Result, wall: datetime, *, every: float) -> None:
        """Show the next look, made at ``wall``, with ``every`` seconds to the one after it."""
        failed = [result.error.message] if result.error else []
        for message in (*result.warnings, *failed):
            if message not in self._said:
                self._said.add(message)
                warn(self.streams, message)
        self.draw(replace(result, warnings=()), wall, every)

    @abstractmethod
    def draw(self, result: Result, wall: datetime, every: float) -> None:
        """Show it."""

    def close(self) -> None:  # noqa: B027 -- most hold nothing
        """Leave the terminal as it was."""


def watching(streams: Streams, output: Output) -> Watching:
    """How a watch is shown on stdout."""
    if output == EVENT_STREAM:
        return Documents(streams)
    if streams.can_redraw(streams.out):
        return InPlace(streams)
    return Lines(streams)


class Documents(Watching):
    """A line of JSON at first, and for each change."""

    def draw(self, result: Result, wall: datetime, every: float) -> None:
        """Write the document if it tells something new."""
        del wall, every
        now = standing(result.part)
        if now == self._before:
            return
        self._before = now
        document = document_of(result, emulated=self.streams.emulated)
        self.streams.write(self.streams.out, to_text(self.streams, EVENT_STREAM, document))


class Lines(Watching):
    """The table at first, then a line for each thing that changed, with the time in UTC."""

    def draw(self, result: Result, wall: datetime, every: float) -> None:
        """Write what changed."""
        del every
        now = standing(result.part)
        blocks = blocks_of(self.streams, result)
        if self._before is not None:
            stamp = f"{wall:%Y-%m-%dT%H:%M:%SZ} "
            blocks = [point(stamp, text) for text in changes(self._before, now)]
        draw_on(self.streams, self.streams.out, blocks)
        self._before = now


class InPlace(Watching):
    """The table, drawn over the one before; the last one stays."""

    def __init__(self, streams: Streams) -> None:
        from rich.live import Live

        from ackgpu.render.live import console_over

        super().__init__(streams)
        self._blocks: list[Block] = []
        self._footer: list[Block] = []
        self._console = console_over(streams, streams.out)
        self._live = Live(
            console=self._console,
            get_renderable=lambda: self,
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def draw(self, result: Result, wall: datetime, every: float) -> None:
        """Draw it over the last one."""
        self._blocks = blocks_of(self.streams, result)
        note = f"looked at {wall:%H:%M:%S} UTC · every {every:g} s · {ENDS}"
        self._footer = [line(), line(Span(note, "dim"))]
        if self._live.is_started:
            self._live.refresh()
        else:
            self._live.start(refresh=True)

    def close(self) -> None:
        """Leave the last table on the screen, whole, and give the cursor back."""
        self._live.stop()

    def __rich_console__(self, console: Any, options: Any) -> Iterator[Any]:
        """Draw the table; while it is watched no higher than the terminal."""
        from ackgpu.render.live import pen_on, whole_lines

        del options
        pen = pen_on(console, self.streams, self.streams.out)
        lines = pen.layout(self._blocks)
        if self._live.is_started:
            footer = pen.layout(self._footer)
            lines = [*lines[: max(1, console.height - len(footer) - 1)], *footer]
        yield from whole_lines(lines)


def standing(part: Any) -> dict[str, str]:
    """What of a list or a description is compared from look to look; time changes none."""
    if isinstance(part, ClusterList):
        return {
            f"{row.name} in {row.region} {key}": value
            for row in part.clusters
            for key, value in _of_row(row)
        }
    return dict(_of_description(part))


def changes(before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    """A line for each thing that is new, changed or gone."""
    for key, value in now.items():
        if key not in before:
            yield f"{key}: {value}"
        elif before[key] != value:
            yield f"{key}: {before[key]} → {value}"
    for key, value in before.items():
        if key not in now:
            yield f"{key}: gone, was {value}"


def _of_row(row: ClusterRow) -> Iterator[tuple[str, str]]:
    expires = f"{row.expires:%Y-%m-%d %H:%M} UTC" if row.expires else "never"
    yield "state", row.state
    yield "nodes", "unknown" if row.nodes is None else str(row.nodes)
    yield "version", row.version or "none"
    yield "expires", "held" if row.held else f"{expires}{', expired' if row.expired else ''}"


def _of_description(part: ClusterDescription) -> Iterator[tuple[str, str]]:
    for key, value in _of_row(part.cluster):
        yield f"{part.cluster.name} {key}", value
    for pool in part.node_pools:
        yield f"node pool {pool.name}", f"{pool.state}, {pool.healthy} of {pool.desired} healthy"
    for number, fact in enumerate(part.facts):
        again = sum(other.name == fact.name for other in part.facts[:number])
        yield f"{fact.name} {again + 1}" if again else fact.name, fact.value
    for resource in part.listed:
        yield f"{resource.type} {resource.id}", resource.state
    for event in part.events:
        yield f"event {event.time} {event.reason}", event.message
