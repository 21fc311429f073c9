"""One run of one command: its words, and its work on a cluster.

The lock, the journal, the run's id and its deadline are made here once, and so are the ways in
which a run is shown, stopped, and looked at again. How it is shown and what asks it to stop are
passed in with the :class:`~ackgpu.app.App`'s other collaborators.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from ackgpu import flag
from ackgpu.app import App, Parts
from ackgpu.cancel import CancelToken
from ackgpu.errors import AckGpuError, ConflictError, Interrupted, LocalError, TimedOut, UsageError
from ackgpu.policy_purposes import purpose_of
from ackgpu.private_file import MODE
from ackgpu.settings import Settings
from ackgpu.streams import Streams

if TYPE_CHECKING:
    from ackgpu.engine.events import Event, Listener, Verb
    from ackgpu.engine.journal import Journal
    from ackgpu.engine.plan import Plan
    from ackgpu.engine.run import Outcome, Run
    from ackgpu.engine.step import Step

    Steps = Sequence[Step[Any]]

E = TypeVar("E", bound=BaseException | None)
DEFAULT_TIMEOUT = "45m"
DONE = frozenset({"done", "gone", "kept"})
_NAMED_COMMAND = re.compile(r"`ackgpu ([^`]+)`")
_JOURNAL = "journal.jsonl"


class Stopped(NamedTuple):
    """What is said of a stop: how things stand, and what to run next."""

    message: str
    go_on: str


@dataclass(frozen=True)
class Headline:
    """How a run is announced. ``go_on``: what to run next after a stop at once.

    Empty, that is the same command.
    """

    verb: Verb
    subject: str
    text: str
    go_on: str = ""


class Session(App):
    """What a command may use: the collaborators, its own words, and its work on a cluster.

    ``typed`` is the command line without the program's name, ``title`` the words of its command,
    ``label`` the display's word for its work beside other work. ``run_id``: whose tokens requests
    carry and whose tag what is made has; empty until something is made.
    """

    def __init__(  # noqa: PLR0913 -- keyword-only: what surrounds one command line
        self,
        settings: Settings,
        streams: Streams,
        env: Mapping[str, str],
        *,
        home: Path,
        typed: Sequence[str] = (),
        title: str = "",
        label: str = "",
        parts: Parts | None = None,
    ) -> None:
        super().__init__(settings, streams, env, home=home, typed=typed, parts=parts)
        self.title, self.label = title, label
        self.run_id = ""
        self._subject = self._subject_region = ""

    @property
    def subject(self) -> tuple[str, str]:
        """The cluster that the command works on, and its region; both empty without one."""
        return self._subject, self._subject_region

    def concern(self, cluster: str, region: str = "") -> None:
        """Say which cluster the command works on; ``region`` if only a spec names it."""
        self._subject, self._subject_region = cluster, region

    def again(self, *, without: str = "") -> str:
        """This very command line, to be typed again, but for the flag ``without``."""
        return shlex.join(("ackgpu", *(word for word in self.typed if word != without)))

    def same_again(self) -> str:
        """That the same command takes up what it left."""
        return f"`{self.again()}` goes on from here."

    def how_to_go_on(self, name: str) -> str:
        """The two commands that follow an unfinished create."""
        removal = self.command(f"delete {name}")
        return f"`{self.again()}` goes on from here, `{removal}` removes what exists."

    def where(self, region: str) -> str:
        """The region, and whether the cloud is emulated: for headlines."""
        return f"{region} · emulator ×{self.clock.speed:g}" if self.emulated else region

    def command(self, line: str) -> str:
        """``ackgpu <line>`` with the flags that lead it to this cloud and region."""
        return self.settings.command(line, region=self._subject_region)

    def completed(self, text: str) -> str:
        """``text`` with each command between backticks as it has to be typed.

        The word NAME in one becomes the name of the cluster that this command works on, and a
        policy to be generated is that of this command.
        """

        def whole(found: re.Match[str]) -> str:
            words = found[1].split(" ")
            purpose = purpose_of(self.title)
            if words == ["policy", "generate"] and purpose:
                words += [flag.FOR, purpose]
            named = (self._subject if word == "NAME" else word for word in words)
            return f"`{self.command(' '.join(named if self._subject else words))}`"

        return _NAMED_COMMAND.sub(whole, text)

    def complete(self, error: E) -> E:
        """``error``, with the commands that it names completed."""
        if isinstance(error, AckGpuError):
            error.details = tuple(self.completed(detail) for detail in error.details)
            error.resolution = self.completed(error.resolution) if error.resolution else None
        return error

    @contextmanager
    def locked(self, region: str, name: str, *, needed: bool = True) -> Iterator[None]:
        """Hold the cluster for this process: two commands at once on one machine would race.

        A signal before or after a run on display raises Interrupted with the next command.
        ``needed`` False: a disk that takes no lock is a warning, and the command goes on without.
        """
        with ExitStack() as stack:
            # Before the lock, so that a Ctrl-C while it is taken names the next command, too.
            stack.enter_context(self.stoppable())
            try:
                stack.enter_context(self._lock(region, name))
            except LocalError as error:
                if needed:
                    raise
                self.display.warn(f"{error.message} Nothing keeps a second ackgpu from {name} now.")
            yield

    def timeout_of(self, given: str, default: str = DEFAULT_TIMEOUT) -> float:
        """The cloud seconds of ``given``, else of ACKGPU_TIMEOUT, else of ``default``.

        Raises UsageError where that is no duration.
        """
        from ackgpu.spec import durations

        text = given or self.settings.timeout or default
        try:
            return durations.parse(text)
        except ValueError as error:
            raise UsageError(f"{flag.TIMEOUT} {text}: {error}") from None

    def is_worked_on(self, region: str, name: str) -> bool:
        """Whether another process of this machine works on the cluster now."""
        try:
            with self._lock(region, name):
                return False
        except ConflictError:
            return True
        except LocalError:
            return False

    def journal(self, region: str, name: str) -> Journal:
        """The journal of a cluster; nothing is written before it begins."""
        from ackgpu.engine.journal import Journal

        return Journal(self.cluster_dir(region, name) / _JOURNAL, self.clock)

    def regions_known(self, name: str) -> list[str]:
        """The regions in which this machine keeps a journal of a cluster of that name."""
        regions = self.cluster_dir("", name).parent.glob("*")
        return sorted(path.name for path in regions if (path / name / _JOURNAL).exists())

    def begin(self, journal: Journal, verb: str, **facts: str) -> None:
        """Note that the run begins to make things; without an id to go on with it gets one now.

        Ids sort by time, and of two runs the one that begins first goes on (docs/adr/0011).
        """
        from ackgpu.naming import run_id

        # Chosen here and not when the command begins: preflight and the question may take minutes.
        self.run_id = self.run_id or run_id(self.clock.wall(), self.rng.randbytes(8))
        journal.begin(verb, self.run_id, **facts)

    def run(
        self, journal: Journal, *, name: str, region: str, timeout: float, run_id: str = ""
    ) -> Run:
        """An engine's run over a cluster, to end within ``timeout`` cloud seconds.

        ``run_id``: of the run that is gone on with. Client tokens come from the account, the
        cluster and the id that it has when it requests something.
        """
        from ackgpu.engine.run import Run
        from ackgpu.engine.waits import FILE, Waits
        from ackgpu.naming import client_token

        account, self.run_id = self.identity.account_id, run_id

        def token_of(step: str) -> str:
            return client_token(
                account=account, region=region, cluster=name, run=self.run_id, step=step
            )

        waits = Waits(self.cluster_dir(region, name).parent / FILE)
        run = Run(self.clock, self.cancel, self.workers, journal, _unheard, token_of, waits=waits)
        return run.within(timeout)

    def reading(self) -> Run:
        """A run only for reads: it keeps no journal and tells nobody."""
        from ackgpu.engine.journal import Journal
        from ackgpu.engine.run import Run

        return Run(self.clock, self.cancel, self.workers, Journal(None, self.clock), _unheard, str)

    def show(
        self, run: Run, headline: Headline, steps: Steps, work: Callable[[Run], Outcome]
    ) -> Outcome:
        """What ``work`` comes to with the run that is on display meanwhile.

        Signals ask it to stop at a safe point.
        """
        from ackgpu.engine.event_log import log_to
        from ackgpu.engine.events import RunFinished, RunStarted
        from ackgpu.engine.step import info_of

        with ExitStack() as stack:
            renderer = stack.enter_context(self.display.of_run(self.clock, self.label))
            listen = _fan_out([renderer, log_to(run.journal.path)])
            told = replace(run, listen=listen, news=SimpleQueue())
            self.news = told.news
            # Adapters outlive the run; what they warn of after it goes to the display at once.
            stack.callback(setattr, self, "news", None)

            def insist(code: int) -> None:
                # This runs in a signal handler, and the
                # process ends next whatever the terminal does.
                with suppress(Exception):
                    renderer.close()
                self.say_stopped_at_once(code, headline.go_on)

            stack.enter_context(self.signals.requesting(self.cancel, insist))
            told.emit(
                RunStarted,
                verb=headline.verb,
                subject=headline.subject,
                headline=headline.text,
                steps=tuple(info_of(step) for step in steps),
            )
            outcome = work(told)
            done = sum(1 for report in outcome.reports if report.status in DONE)
            ok, total = outcome.error is None, len(outcome.reports)
            _learn(told, outcome, removal=headline.verb == "delete")
            told.emit(RunFinished, ok=ok, seconds=outcome.seconds, done=done, total=total)
        return outcome

    def apply(
        self,
        run: Run,
        headline: Headline,
        steps: Steps,
        *,
        known: Plan | None = None,
        no_wait: frozenset[str] = frozenset(),
    ) -> Outcome:
        """Bring every step to ready, on display; see :class:`~ackgpu.engine.apply.Apply`."""
        from ackgpu.engine.apply import Apply

        def work(told: Run) -> Outcome:
            return Apply(steps, told, known=known, no_wait=no_wait).run()

        return self.show(run, headline, steps, work)

    def destroy(
        self, run: Run, headline: Headline, plan: Plan, *, no_wait: frozenset[str] = frozenset()
    ) -> Outcome:
        """Remove what the plan found, on display; see :class:`~ackgpu.engine.destroy.Destroy`."""
        from ackgpu.engine.destroy import Destroy

        steps = [planned.step for planned in reversed(plan.steps)]
        return self.show(
            run, headline, steps, lambda told: Destroy(plan, told, no_wait=no_wait).run()
        )

    def afresh(self, run: Run) -> Run:
        """The same run after a stop was requested: to look once more, or to roll back."""
        from ackgpu.engine.run import NOW

        # With the old token the loop would close before its first look.
        return replace(run, cancel=CancelToken(self.wakeup), deadline=None, started=NOW)

    def until_visible(self, run: Run) -> None:
        """Wait until reads show what was requested moments ago, in this run or an earlier one.

        Raises TimedOut where the run's deadline is earlier.
        """
        asked = run.journal.last_requested()
        if asked is not None:
            self.until(run, asked + run.visibility)

    def until(self, run: Run, believed: float) -> None:
        """Wait until ``believed``, when a look that finds nothing can be believed.

        Raises TimedOut if the run's deadline is earlier, and Interrupted if the run is to stop.
        """
        end = believed if run.deadline is None else min(believed, run.deadline)
        while (left := end - run.clock.now()) > 0:
            if run.cancel.requested:
                raise Interrupted("Stopped.", signal_number=run.cancel.signal_number)
            run.clock.sleep(min(left, run.clock.speed))  # a real second: nothing ends another's
        if run.clock.now() < believed:
            raise TimedOut(
                "Timed out: what was requested moments ago may not be visible yet.",
                resolution=self.same_again(),
            )

    @contextmanager
    def stoppable(self, stopped: Callable[[], Stopped] | None = None) -> Iterator[None]:
        """Raise Interrupted with what ``stopped`` says when a signal asks to stop.

        For looks and waits, in which nothing is under way that has to be finished. Without
        ``stopped``, the same command goes on.
        """
        say = stopped or (lambda: Stopped("Stopped.", self.same_again()))

        def interrupted(number: int) -> Interrupted:
            said = say()
            return Interrupted(said.message, signal_number=number, resolution=said.go_on)

        try:
            with self.signals.interrupting(interrupted):
                yield
        except Interrupted as stop:
            stop.resolution = stop.resolution or say().go_on
            raise

    def say_stopped_at_once(self, code: int, go_on: str = "") -> None:
        """Say that a second signal ended everything, and what to run next."""
        self.display.warn(f"Stopped at once, exit {code}. {go_on or self.same_again()}")

    def _lock(self, region: str, name: str) -> AbstractContextManager[object]:
        from filelock import FileLock, Timeout

        directory = self.cluster_dir(region, name)
        try:
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            # The kernel drops the lock with the process, so that a kill leaves none behind.
            return FileLock(directory / "lock", timeout=0, mode=MODE).acquire()
        except Timeout:
            raise ConflictError(
                f"Another ackgpu is working on {name} in {region}.",
                resolution="Wait for it to end:"
                f" `{self.command(f'describe {name}')}` shows how the cluster stands.",
            ) from None
        except OSError as error:
            raise LocalError(
                f"{directory} cannot be used: {error.strerror or error}.",
                resolution="Point ACKGPU_STATE_DIR at a directory that can be written.",
            ) from error


def _unheard(event: Event) -> None:
    del event


def _learn(run: Run, outcome: Outcome, *, removal: bool) -> None:
    """Remember how long what this run requested took."""
    # What was adopted or reused was seen at once, and tells nothing of how long it takes.
    words = {"deleted"} if removal else {"created", "checked"}
    took = [(r.step, r.seconds) for r in outcome.reports if r.outcome in words]
    run.waits.learn(took, removal=removal)


def _fan_out(listeners: Sequence[Listener]) -> Listener:
    def listen(event: Event) -> None:
        for each in listeners:
            with suppress(Exception):  # a display that fails must not end the work
                each(event)

    return listen
