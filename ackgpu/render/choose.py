"""The one place that chooses how a run is shown."""

from __future__ import annotations

from ackgpu.clock import Clock
from ackgpu.engine.display import Renderer
from ackgpu.settings import EVENT_STREAM, Output
from ackgpu.streams import Streams


def listener(  # noqa: PLR0913 -- keyword-only, each named where it is given
    streams: Streams,
    output: Output,
    *,
    quiet: bool,
    clock: Clock,
    verbose: bool = False,
    label: str = "",
) -> Renderer:
    """The renderer of a run's events; close it (or use ``with``) when the run is over.

    ``label``: whose run it is, of several at once. They share the terminal line by line.

    ========  ==========================================================================
    jsonl     ``-o jsonl``: events as JSON lines on stdout, nothing on stderr
    silent    --quiet: warnings alone
    live      stderr is a terminal that can move its cursor, CI is unset, no --verbose
    plain     anything else: a line a change, and a heartbeat
    ========  ==========================================================================
    """
    if output == EVENT_STREAM:
        from ackgpu.render.jsonl import JsonLines

        return JsonLines(streams, label)
    if quiet:
        from ackgpu.render.plain import Silent

        return Silent(streams, label)
    if streams.can_animate and not verbose and not label:
        from ackgpu.render.live import LiveDisplay

        return LiveDisplay(streams, clock)
    from ackgpu.render.plain import PlainLines

    return PlainLines(streams, label)
