"""The one place that chooses how a run is shown."""

from __future__ import annotations

from ackgpu.clock import Clock
from ackgpu.render.renderer import Renderer
from ackgpu.settings import Output
from ackgpu.streams import Streams


def listener(
    streams: Streams, output: Output, *, quiet: bool, clock: Clock, verbose: bool = False
) -> Renderer:
    """The renderer of a run's events; close it (or use ``with``) when the run is over.

    ========  ==========================================================================
    jsonl     ``-o jsonl``: events as JSON lines on stdout, nothing on stderr
    silent    --quiet: warnings alone
    live      stderr is a terminal that can move its cursor, CI is unset, no --verbose
    plain     anything else: a line a change, and a heartbeat
    ========  ==========================================================================
    """
    if output == "jsonl":
        from ackgpu.render.jsonl import JsonLines

        return JsonLines(streams)
    if quiet:
        from ackgpu.render.plain import Silent

        return Silent(streams)
    if streams.can_animate and not verbose:
        from ackgpu.render.live import LiveDisplay

        return LiveDisplay(streams, clock)
    from ackgpu.render.plain import PlainLines

    return PlainLines(streams)
