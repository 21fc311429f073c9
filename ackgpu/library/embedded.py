"""Use cases inside another program: nothing is printed or asked, and signals are left alone."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

from ackgpu.app import Parts
from ackgpu.clock import Clock
from ackgpu.engine.display import Display, Renderer
from ackgpu.engine.events import Event, Listener, Tick, Warned
from ackgpu.errors import AckGpuError, UsageError
from ackgpu.library.operation import LOGGER
from ackgpu.naming import problem_with_cluster_name
from ackgpu.redaction import learn_environment
from ackgpu.session import Session
from ackgpu.settings import Flags, Settings, home_of, leads_to_loopback
from ackgpu.streams import Streams

if TYPE_CHECKING:
    from ackgpu.commands.load_spec import SpecOptions

About: TypeAlias = "str | SpecOptions | None"


@contextmanager
def hosted(
    title: str, about: About, *, env: Mapping[str, str], flags: Flags, parts: Parts
) -> Iterator[Session]:
    """A session for one use case: the command ``title`` about a cluster's name, or a spec.

    Errors that pass name whole commands. Raises UsageError for a name that no cluster can have.
    """
    name = about if isinstance(about, str) else ""
    problem = problem_with_cluster_name(name) if isinstance(about, str) else ""
    if problem:
        raise UsageError(f"The name {name!a}: {problem}.")
    learn_environment(env)
    settings = Settings.resolve(flags, env)
    typed = (*title.split(), *_typed(about))
    streams = _silent(env)
    with Session(
        settings, streams, env, home=home_of(env), typed=typed, title=title, parts=parts
    ) as session:
        session.concern(name)
        try:
            yield session
        except AckGpuError as error:
            raise session.complete(error) from error.__cause__


def _typed(about: About) -> tuple[str, ...]:
    """What would stand behind the command; a spec that lies nowhere would be given on stdin."""
    if about is None or isinstance(about, str):
        return (about,) if about else ()
    return "-f", str(about.file or "-")


def _silent(env: Mapping[str, str]) -> Streams:
    none = io.StringIO()
    emulated = leads_to_loopback(env)
    return Streams(none, none, none, env, no_input=True, terminal=False, emulated=emulated)


class Handed(Display):
    """Hands a run's events to the program around, and warnings to a logger."""

    def __init__(self, listen: Listener) -> None:
        self._listen = listen

    def of_run(self, clock: Clock, label: str) -> Renderer:
        """What hands each event over but ticks, which say nothing that those before did not.

        Of several runs at once, each in a thread of its own, only warnings are told, and logged.
        """
        del clock
        return _Handing(self._listen, label)

    def warn(self, message: str) -> None:
        """Log it."""
        LOGGER.warning("%s", message)


class _Handing(Renderer):
    def __init__(self, listen: Listener, label: str) -> None:
        self._listen, self._label = listen, label

    def __call__(self, event: Event) -> None:
        if not self._label and not isinstance(event, Tick):
            self._listen(event)
        elif isinstance(event, Warned):
            LOGGER.warning("%s: %s", self._label, event.message)
