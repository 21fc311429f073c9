"""Pieces of one command's work at once, each in a thread of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from typing import TypeVar

from ackgpu.app import Parts
from ackgpu.session import Session

T = TypeVar("T")
A_FEW = 2
MAX_AT_ONCE = 4
"""Each has a few calls out at any time, and an account's flow control counts them together."""


class Beside(Session):
    """The session of a piece of work: the same account and the same token that asks it to stop.

    It has a clock and workers of its own, since each loop is woken by what it waits for itself.
    """

    def __init__(self, session: Session, label: str) -> None:
        once = replace(session.settings.given, record=None)  # what is recorded is recorded already
        settings = replace(session.settings, verbose=False, given=once)
        super().__init__(
            settings,
            session.streams,
            session.given_env,
            home=session.home,
            typed=session.typed,
            title=session.title,
            label=label,
            parts=Parts(display=session.display),
        )
        self.cancel = session.cancel
        # The cached ones of the command: each piece would otherwise
        # look for credentials, or start an emulator, of its own.
        shared = ("env", "identity", "_cloud", "_anywhere")
        vars(self).update({name: getattr(session, name) for name in shared})

    def close(self) -> None:
        """Let its workers end; the token and the connections are the command's."""
        self._closing.close()


def side_by_side(session: Session, works: Mapping[str, Callable[[Session], T]]) -> dict[str, T]:
    """What each piece of work returned, by its label and in the order of ``works``.

    A signal asks all of them to stop: those under way end at a safe point, the others have to look
    themselves whether they are still to begin. What one raises is raised once all have ended.
    """
    # With a clock or workers that were given, their order is the test's (ADR 0015).
    if not session.threaded or len(works) < A_FEW:
        return {label: work(session) for label, work in works.items()}
    sessions = {label: Beside(session, label) for label in works}
    with ExitStack() as stack:
        for each in sessions.values():
            stack.callback(each.close)
        stack.enter_context(session.signals.requesting(session.cancel, session.say_stopped_at_once))
        pool = stack.enter_context(ThreadPoolExecutor(MAX_AT_ONCE))
        begun = {label: pool.submit(work, sessions[label]) for label, work in works.items()}
        return {label: future.result() for label, future in begun.items()}
