"""The log of events beside a cluster's journal. It is for people, and may be lost."""

from __future__ import annotations

import json
from pathlib import Path

from ackgpu.engine.events import Event, Listener, Tick, to_json
from ackgpu.printable import visible_escapes
from ackgpu.private_file import append_private
from ackgpu.redaction import redacted

EVENTS = "events.jsonl"


def log_to(journal: Path | None) -> Listener:
    """What appends each event to the log beside ``journal``; nothing without one."""
    if journal is None:
        return lambda _: None
    path = journal.with_name(EVENTS)

    def listen(event: Event) -> None:
        if not isinstance(event, Tick):
            line = json.dumps(to_json(event), ensure_ascii=False)
            with append_private(path) as file:
                file.write(redacted(visible_escapes(line)) + "\n")

    return listen
