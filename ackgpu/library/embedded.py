"""Use cases inside another program: nothing is printed or asked, and signals are left alone."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, cast

from ackgpu.app import App, Parts
from ackgpu.cancel import CancelToken
from ackgpu.engine.events import Listener
from ackgpu.errors import AckGpuError, UsageError
from ackgpu.library.operation import LOGGER
from ackgpu.naming import problem_with_cluster_name
from ackgpu.redaction import learn_environment
from ackgpu.settings import Flags, Settings, leads_to_loopback
from ackgpu.streams import Streams

if TYPE_CHECKING:
    from ackgpu.commands.load_spec import SpecOptions

About: TypeAlias = "str | SpecOptions | None"


@dataclass(frozen=True, kw_only=True)
class Host:
    """What the program around decides. ``listen`` hears events, ``cancels`` ask to stop."""

    env: Mapping[str, str]
    home: Path
    flags: Flags
    listen: Listener
    cancels: tuple[CancelToken, ...]


@contextmanager
def hosted(host: Host, title: str, about: About = None) -> Iterator[App]:
    """An app for one use case: the command ``title`` about a cluster's name, or a spec.

    Errors that pass name whole commands. Raises UsageError for a name that no cluster can have.
    """
    name = about if isinstance(about, str) else ""
    problem = problem_with_cluster_name(name) if isinstance(about, str) else ""
    if problem:
        raise UsageError(f"The name {name!a}: {problem}.")
    learn_environment(host.env)
    settings = Settings.resolve(host.flags, host.env)
    parts = Parts(listen=host.listen, cancels=host.cancels)
    typed = (*title.split(), *_typed(about))
    streams = _silent(host.env)
    with App(settings, streams, host.env, home=host.home, typed=typed, parts=parts) as app:
        app.title = title
        app.concern(name)
        try:
            yield app
        except AckGpuError as error:
            raise app.complete(error) from error.__cause__


def _typed(about: About) -> tuple[str, ...]:
    """What would stand behind the command; a spec that lies nowhere would be given on stdin."""
    if about is None or isinstance(about, str):
        return (about,) if about else ()
    return "-f", str(about.file or "-")


def _silent(env: Mapping[str, str]) -> Streams:
    told = cast("io.TextIOWrapper", _ToLog())
    emulated = leads_to_loopback(env)
    return Streams(told, told, io.StringIO(), env, no_input=True, terminal=False, emulated=emulated)


class _ToLog(io.TextIOBase):
    """What the command line writes to stderr beside its result, as warnings of a logger."""

    encoding = "utf-8"

    def __init__(self) -> None:
        self._begun = ""

    def write(self, text: str) -> int:
        """Log each line that is complete."""
        *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            if line.strip():
                LOGGER.warning("%s", line.removeprefix("! "))
        return len(text)
