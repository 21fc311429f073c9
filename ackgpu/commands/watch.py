"""A watch: look again and again until a signal ends it, and show what changed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

from ackgpu import flag
from ackgpu.errors import Interrupted, Transient, UsageError
from ackgpu.output_forms import EVENT_STREAM
from ackgpu.render.results import Result
from ackgpu.render.watch_table import watching
from ackgpu.session import Session

EVERY = 5.0
"""Real seconds between two looks, of which each makes a handful of calls."""
EVERY_EMULATED = 1.0
"""The same where the cloud is an emulator: it runs fast, and nobody counts the calls."""


def watch(session: Session, look: Callable[[], Result]) -> int:
    """Show what ``look`` gives until SIGINT, SIGTERM or SIGHUP; 128 and its number.

    0 if nobody reads stdout any more. A look that fails in a way that may pass is a warning, and
    the next one is waited for; raises what the first look raises, and any other failure.
    """
    output = session.settings.output
    if output not in {"table", EVENT_STREAM}:
        raise UsageError(
            f"{flag.WATCH} with -o {output}: stdout takes one document.",
            resolution="`-o jsonl` writes one a line for each change.",
        )
    every = EVERY_EMULATED if session.emulated else EVERY
    streams = session.streams
    try:
        with session.signals.interrupting(_stopped), closing(watching(streams, output)) as display:
            display.show(look(), session.clock.wall(), every=every)
            while not streams.reader_left(streams.out):
                _pause(session, every)
                try:
                    display.show(look(), session.clock.wall(), every=every)
                except Transient as error:
                    session.display.warn(f"{error.message} Looking again in {every:g} s.")
    except Interrupted as stop:
        return stop.exits_with
    return 0


def _stopped(number: int) -> Interrupted:
    return Interrupted("Stopped.", signal_number=number)


def _pause(session: Session, seconds: float) -> None:
    """Wait so many real seconds; a call's end wakes the clock early, which is no look's time."""
    end = session.clock.now() + seconds * session.clock.speed
    while (left := end - session.clock.now()) > 0:
        session.clock.sleep(left)
