"""Signals of this process: the one place that installs handlers.

The first SIGINT, SIGTERM or SIGHUP asks to stop, a second SIGINT or SIGTERM insists. SIGQUIT
insists at once: the terminal gets its cursor back, and the process dies of it.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from ackgpu.cancel import CancelToken, StopSignals


class ProcessSignals(StopSignals):
    """What the terminal, the shell or an operator sends this process."""

    @contextmanager
    def requesting(self, token: CancelToken, insist: Callable[[int], None]) -> Iterator[None]:
        """As its base says.

        ``insist`` runs inside the handler, so that it works while a call hangs. SIGHUP never
        insists: a terminal that is closed sends it twice, through its shell and by itself.
        """

        def handle(number: int, frame: FrameType | None) -> None:
            del frame
            if not token.requested:
                token.request(number)
                return
            if number == signal.SIGHUP:
                return
            insist(128 + number)
            os._exit(128 + number)  # a worker may hang in a call: nothing may wait for it

        def quit_at_once(number: int, frame: FrameType | None) -> None:
            del frame
            insist(128 + number)
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)  # with the core dump that it is there for

        with (
            _handled(handle),
            _handled(quit_at_once, required=(), unless_ignored=(signal.SIGQUIT,)),
        ):
            yield

    @contextmanager
    def interrupting(self, stopped: Callable[[int], BaseException]) -> Iterator[None]:
        """As its base says."""

        def handle(number: int, frame: FrameType | None) -> None:
            del frame
            raise KeyboardInterrupt(number)

        try:
            with _handled(handle):
                yield
        except KeyboardInterrupt as stop:
            raise stopped(stop.args[0] if stop.args else signal.SIGINT) from None


@contextmanager
def _handled(
    handler: Callable[[int, FrameType | None], None],
    required: Sequence[signal.Signals] = (signal.SIGINT, signal.SIGTERM),
    unless_ignored: Sequence[signal.Signals] = (signal.SIGHUP,),
) -> Iterator[None]:
    """Handle the signals that ask to stop; under nohup, which ignores it, SIGHUP is none."""
    if threading.current_thread() is not threading.main_thread():
        yield  # Python lets the main thread alone hear signals; it asks the others' token to stop
        return
    heard = [each for each in unless_ignored if signal.getsignal(each) is not signal.SIG_IGN]
    numbers = [*required, *heard]
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)
