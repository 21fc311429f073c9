"""What commands that make or remove things share: the lock, the signals, the display, the log."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NamedTuple

from filelock import FileLock, Timeout

from ackgpu.app import App
from ackgpu.cancel import CancelToken
from ackgpu.engine.events import Event, Listener, RunFinished, RunStarted, Tick, Verb, to_json
from ackgpu.engine.run import NOW, Outcome, Run
from ackgpu.engine.step import Step, info_of
from ackgpu.errors import ConflictError, Interrupted, LocalError, TimedOut, UsageError
from ackgpu.printable import visible_escapes
from ackgpu.private_file import MODE, append_private
from ackgpu.redaction import redacted
from ackgpu.render.choose import listener
from ackgpu.render.output import warn
from ackgpu.spec import durations

DONE = frozenset({"done", "gone", "kept"})
DEFAULT_TIMEOUT = "45m"
EVENTS = "events.jsonl"
"""The log of events, beside a cluster's journals."""


def timeout_of(app: App, given: str, default: str = DEFAULT_TIMEOUT) -> float:
    """The cloud seconds of --timeout, else of ACKGPU_TIMEOUT, else of ``default``.

    Raises UsageError where that is no duration.
    """
    text = given or app.settings.timeout or default
    try:
        return durations.parse(text)
    except ValueError as error:
        raise UsageError(f"--timeout {text}: {error}") from None


def check_directory(flag: str, path: Path | None) -> None:
    """Raise UsageError where the file that ``flag`` names would have no directory to lie in."""
    if path is not None and not path.parent.is_dir():
        raise UsageError(
            f"{flag} {path}: the directory {path.parent} does not exist.",
            resolution="Make the directory, or give another path.",
        )


@contextmanager
def locked(app: App, region: str, name: str, *, needed: bool = True) -> Iterator[None]:
    """Hold the cluster for this process: two commands at once on one machine would race.

    A signal before or after a run on display raises Interrupted with the next command. ``needed``
    False: a disk that takes no lock is a warning, and the command goes on without.
    """
    with ExitStack() as stack:
        stack.enter_context(stoppable(app, lambda: Stopped("Stopped.", same_again(app))))
        try:
            stack.enter_context(_lock(app, region, name))
        except LocalError as error:
            if needed:
                raise
            warn(app.streams, f"{error.message} Nothing keeps a second ackgpu from {name} now.")
        yield


def is_worked_on(app: App, region: str, name: str) -> bool:
    """Whether another process of this machine works on the cluster now."""
    try:
        with _lock(app, region, name):
            return False
    except ConflictError:
        return True
    except LocalError:
        return False


def _lock(app: App, region: str, name: str) -> AbstractContextManager[object]:
    directory = app.cluster_dir(region, name)
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        return FileLock(directory / "lock", timeout=0, mode=MODE).acquire()
    except Timeout:
        raise ConflictError(
            f"Another ackgpu is working on {name} in {region}.",
            resolution="Wait for it to end:"
            f" `{app.command(f'describe {name}')}` shows how the cluster stands.",
        ) from None
    except OSError as error:
        raise LocalError(
            f"{directory} cannot be used: {error.strerror or error}.",
            resolution="Point ACKGPU_STATE_DIR at a directory that can be written.",
        ) from error


class Stopped(NamedTuple):
    """What is said of a stop: how things stand, and what to run next."""

    message: str
    go_on: str


@contextmanager
def stoppable(app: App, stopped: Callable[[], Stopped]) -> Iterator[None]:
    """Raise Interrupted with what ``stopped`` says when a signal asks to stop.

    For looks and waits, in which nothing is under way that has to be finished.
    """

    def interrupted(number: int) -> Interrupted:
        said = stopped()
        return Interrupted(said.message, signal_number=number, resolution=said.go_on)

    try:
        with app.signals.interrupting(interrupted):
            yield
    except Interrupted as stop:
        stop.resolution = stop.resolution or stopped().go_on
        raise


@dataclass(frozen=True)
class Shown:
    """A run that is on display. ``run`` tells the renderer; ``finish`` ends the display."""

    run: Run
    finish: Callable[[Outcome], None]


@contextmanager
def on_display(  # noqa: PLR0913 -- keyword-only, each named where it is given
    app: App,
    run: Run,
    *,
    verb: Verb,
    subject: str,
    headline: str,
    steps: Sequence[Step[Any]],
    go_on: str = "",
) -> Iterator[Shown]:
    """Show the run while the block lasts, and take signals as requests to stop.

    ``go_on`` says what to run next after a stop at once, where it is not the same command.
    """
    with ExitStack() as stack:
        renderer = listener(
            app.streams,
            app.settings.output,
            quiet=app.settings.quiet,
            clock=app.clock,
            verbose=app.settings.verbose,
            label=app.label,
            instead=app.listen,
        )
        stack.enter_context(renderer)
        listen = _fan_out([renderer, _log_to(run.journal.path)])
        told = replace(run, listen=listen, news=SimpleQueue())
        app.news = told.news
        stack.callback(setattr, app, "news", None)

        def insist(code: int) -> None:
            with suppress(Exception):
                renderer.close()
            warn(app.streams, f"Stopped at once, exit {code}. {go_on or same_again(app)}")

        stack.enter_context(app.signals.requesting(app.cancel, insist))
        infos = tuple(info_of(step) for step in steps)
        told.emit(RunStarted, verb=verb, subject=subject, headline=headline, steps=infos)

        def finish(outcome: Outcome) -> None:
            done = sum(1 for report in outcome.reports if report.status in DONE)
            total = len(outcome.reports)
            ok = outcome.error is None
            _learn(told, outcome, removal=verb == "delete")
            told.emit(RunFinished, ok=ok, seconds=outcome.seconds, done=done, total=total)

        yield Shown(told, finish)


def _learn(run: Run, outcome: Outcome, *, removal: bool) -> None:
    """Remember how long what this run requested took."""
    words = {"deleted"} if removal else {"created", "checked"}
    took = [(r.step, r.seconds) for r in outcome.reports if r.outcome in words]
    run.waits.learn(took, removal=removal)


def same_again(app: App) -> str:
    """That the same command takes up what it left."""
    return f"`{app.again()}` goes on from here."


def how_to_go_on(app: App, name: str) -> str:
    """The two commands that follow an unfinished create."""
    removal = app.command(f"delete {name}")
    return f"`{app.again()}` goes on from here, `{removal}` removes what exists."


def afresh(app: App, run: Run) -> Run:
    """The same run after a stop was requested: to look once more, or to roll back."""
    return replace(run, cancel=CancelToken(app.wakeup), deadline=None, started=NOW)


def until_visible(app: App, run: Run) -> None:
    """Wait until reads show what was requested moments ago, in this run or one that was cut off.

    Raises TimedOut where the run's deadline is earlier.
    """
    asked = run.journal.last_asked()
    if asked is not None:
        until(app, run, asked + run.visibility)


def until(app: App, run: Run, believed: float) -> None:
    """Wait until ``believed``, when a look that finds nothing can be believed.

    Raises TimedOut if the run's deadline is earlier, and Interrupted if the run is to stop.
    """
    end = believed if run.deadline is None else min(believed, run.deadline)
    while (left := end - run.clock.now()) > 0:
        if run.cancel.requested:
            raise Interrupted("Stopped.", signal_number=run.cancel.signal_number)
        run.clock.sleep(min(left, run.clock.speed))  # a real second: nothing ends another's sleep
    if run.clock.now() < believed:
        raise TimedOut(
            "Timed out: what was requested moments ago may not be visible yet.",
            resolution=same_again(app),
        )


def where(app: App, region: str) -> str:
    """The region, and whether the cloud is emulated: for headlines."""
    return f"{region} · emulator ×{app.clock.speed:g}" if app.emulated else region


def _fan_out(listeners: Sequence[Listener]) -> Listener:
    def listen(event: Event) -> None:
        for each in listeners:
            with suppress(Exception):  # a display that fails must not end the work
                each(event)

    return listen


def _json(event: Event) -> str:
    return json.dumps(to_json(event), ensure_ascii=False)


def _log_to(journal: Path | None) -> Listener:
    """Append the events to the log beside the journal; it is for people, and may be lost."""
    if journal is None:
        return lambda _: None
    path = journal.with_name(EVENTS)

    def listen(event: Event) -> None:
        if not isinstance(event, Tick):
            with append_private(path) as file:
                file.write(redacted(visible_escapes(_json(event))) + "\n")

    return listen
