"""Events as JSON lines on stdout, for programs that follow a run as it happens."""

from __future__ import annotations

import json

from ackgpu.engine.display import Renderer
from ackgpu.engine.events import Event, Tick, to_json
from ackgpu.errors import LocalError
from ackgpu.printable import visible_escapes
from ackgpu.streams import Streams


class JsonLines(Renderer):
    """One line an event. The result follows as the last line, by ``present``.

    Ticks are left out: they say nothing that the lines before did not. ``label``: the ``subject``
    of each event, of one of several runs at once.
    """

    def __init__(self, streams: Streams, label: str = "") -> None:
        self._of = {"subject": label} if label else {}
        self._streams = streams
        self._ascii_only = not streams.unicode(streams.out)

    def __call__(self, event: Event) -> None:
        """Write the event."""
        if isinstance(event, Tick):
            return
        told = to_json(event) | self._of
        line = json.dumps(told, ensure_ascii=self._ascii_only, separators=(",", ":"))
        try:
            self._streams.write(self._streams.out, visible_escapes(line) + "\n")
        except LocalError:
            # The run goes on; the result, which cannot be written either, reports it.
            return
