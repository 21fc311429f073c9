"""Pieces of one command's work at once, each in a thread of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from typing import TypeVar

from ackgpu.app import App
from ackgpu.cloud.api import Cloud
from ackgpu.commands.run_scope import same_again
from ackgpu.render.output import warn

T = TypeVar("T")
A_FEW = 2
MAX_AT_ONCE = 4
"""Each has a few calls out at any time, and an account's flow control counts them together."""


class Beside(App):
    """The app of a piece of work: the same account and the same token that asks it to stop.

    It has a clock and workers of its own, since each loop is woken by what it waits for itself.
    """

    def __init__(self, app: App, label: str) -> None:
        once = replace(app.settings.given, record=None)  # what is recorded is recorded already
        settings = replace(app.settings, verbose=False, given=once)
        super().__init__(settings, app.streams, app.given_env, home=app.home, typed=app.typed)
        self.title, self.label, self.cancel = app.title, label, app.cancel
        self._app = app
        vars(self).update(env=app.env, identity=app.identity)

    def close(self) -> None:
        """Let its workers end; the token and the connections are the command's."""
        self._closing.close()

    def cloud(self, region: str = "") -> Cloud:
        """The account that the whole command has."""
        return self._app.cloud(region)

    @property
    def region(self) -> str:
        """The command's."""
        return self._app.region

    @property
    def credentials(self) -> str:
        """The command's."""
        return self._app.credentials

    @property
    def emulated(self) -> bool:
        """Whether the cloud is an emulator."""
        return self._app.emulated


def side_by_side(app: App, works: Mapping[str, Callable[[App], T]]) -> dict[str, T]:
    """What each piece of work returned, by its label and in the order of ``works``.

    A signal asks all of them to stop: those under way end at a safe point, the others have to look
    themselves whether they are still to begin. What one raises is raised once all have ended.
    """
    if not app.threaded or len(works) < A_FEW:
        return {label: work(app) for label, work in works.items()}

    def insist(code: int) -> None:
        warn(app.streams, f"Stopped at once, exit {code}. {same_again(app)}")

    apps = {label: Beside(app, label) for label in works}
    with ExitStack() as stack:
        for each in apps.values():
            stack.callback(each.close)
        stack.enter_context(app.signals.requesting(app.cancel, insist))
        pool = stack.enter_context(ThreadPoolExecutor(MAX_AT_ONCE))
        begun = {label: pool.submit(work, apps[label]) for label, work in works.items()}
        return {label: future.result() for label, future in begun.items()}
