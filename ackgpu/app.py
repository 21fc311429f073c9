"""The composition root: every collaborator, built when it is first needed.

Only this module knows which implementation stands behind each protocol. Whoever runs the program
inside another one, and a test, replaces a collaborator by naming it in :class:`Parts`: with one
argument of :class:`App`. Commands get a :class:`~ackgpu.session.Session`, which adds their own run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Self

from ackgpu import flag
from ackgpu.cancel import CancelToken, StopSignals
from ackgpu.clock import Clock, SystemClock, Wakeup
from ackgpu.computed_once import computed_once
from ackgpu.emulated_account import leading_to, open_account
from ackgpu.engine.display import Display
from ackgpu.errors import UsageError
from ackgpu.settings import DEFAULT_REGION, Settings, clock_speed
from ackgpu.streams import Streams

if TYPE_CHECKING:
    import random

    from ackgpu.cloud.api import Cloud, Identity, KubeconfigFile, KubeConnect
    from ackgpu.emulator import Emulator
    from ackgpu.emulator.attached import Attached
    from ackgpu.engine.workers import Workers


@dataclass(frozen=True)
class Parts:
    """The collaborators to use in place of the program's own; None stands for its own.

    ``clock`` is the time of everything, the adapters' too. ``cloud`` makes the account; what would
    make the program's own is passed to it. ``connect`` reaches a cluster's Kubernetes API, and
    ``kubeconfig`` opens the user's file, or the one at a path.
    ``bounded``: whether a call over the network is made in a thread of its own, to be given up if
    its answer drips; without it all of the program runs in the calling thread if ``workers`` do.
    ``display`` shows runs and warnings; ``signals`` ask to stop, as do ``cancels``: each stops what
    is under way where it is safe. Without them, nothing is shown and no signal is heard.
    """

    clock: Clock | None = None
    cloud: Callable[[Callable[[], Cloud]], Cloud] | None = None
    workers: Workers | None = None
    rng: random.Random | None = None
    connect: KubeConnect | None = None
    kubeconfig: Callable[[str | None], KubeconfigFile] | None = None
    bounded: bool = True
    display: Display | None = None
    cancels: tuple[CancelToken, ...] = ()
    signals: StopSignals | None = None


class App:
    """The collaborators of one command. Close it in the end, or use it as a context manager.

    ``typed`` is the command line without the program's name; ``threaded``: pieces of its work may
    have threads of their own.
    """

    def __init__(  # noqa: PLR0913 -- keyword-only: what surrounds one command line
        self,
        settings: Settings,
        streams: Streams,
        env: Mapping[str, str],
        *,
        home: Path,
        typed: Sequence[str] = (),
        parts: Parts | None = None,
    ) -> None:
        self._parts = parts or Parts()
        # A given clock or given workers mean that somebody
        # wants the same order each time (ADR 0015).
        self.threaded = not (self._parts.clock or self._parts.workers)
        self.settings = settings
        self.streams = streams
        self.home = home
        self.typed = tuple(typed)
        self._insist: float | None = None
        self.news: SimpleQueue[str] | None = None
        self.wakeup = Wakeup()
        self.cancel = CancelToken(self.wakeup)
        self.display = self._parts.display or Display()
        self.signals = self._parts.signals or StopSignals()
        self.given_env = env
        self._closing = ExitStack()
        for token in self._parts.cancels:
            self._closing.enter_context(token.passed_on(self.cancel))
        if settings.verbose:
            from ackgpu.call_log import calls_shown

            self._closing.enter_context(calls_shown(streams))
        if settings.given.record:
            from ackgpu.exchange_record import recording
            from ackgpu.printable import printable

            def tell(message: str) -> None:
                streams.write(streams.err, f"! {printable(message)}\n")

            record = recording(settings.given.record, " ".join(self.typed), tell)
            self._closing.enter_context(record)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections, and the embedded emulator where it was started.

        A call that a run left alone is not repeated any more.
        """
        # A call that was given up still retries in its own thread: it sees this, and stops.
        self.cancel.request()
        self._closing.close()

    @computed_once
    def env(self) -> Mapping[str, str]:
        """The environment, led to the embedded emulator if that was requested."""
        if not self.settings.emulator:
            return self.given_env
        return leading_to(self.given_env, self._emulator.env)

    @computed_once
    def clock(self) -> Clock:
        """The time, at the emulator's speed where ``ACKGPU_CLOCK_SPEED`` says so."""
        if self._parts.clock is not None:
            return self._parts.clock
        text = self.env.get("ACKGPU_CLOCK_SPEED")
        if not text:
            return SystemClock(1.0, self.wakeup)
        from ackgpu.cloud.aliyun.endpoints import Endpoints

        if not Endpoints.from_environment(self.env).emulated:
            raise UsageError(
                "ACKGPU_CLOCK_SPEED is set and an endpoint is not on loopback.",
                resolution="A clock that runs fast would time the real cloud out: unset it, or set"
                " ACKGPU_ENDPOINT_URL to an emulator.",
            )
        return SystemClock(clock_speed(text), self.wakeup)

    @property
    def region(self) -> str:
        """The region of commands that take no spec: flag, environment, profile, default."""
        return self._cloud.region

    def insist(self, seconds: float) -> None:
        """Say for how many real seconds a cloud that stops answering is tried again."""
        self._insist = seconds

    def tell(self, text: str) -> None:
        """Say something from a call's thread; a display, while there is one, at its next tick."""
        news = self.news
        if news is not None:
            news.put(text)
        else:
            self.display.warn(text)

    def cloud(self, region: str = "") -> Cloud:
        """The account in ``region``, or in the default one."""
        cloud = self._cloud
        if not region or region == cloud.region:
            return cloud
        self.require_region(region)
        return cloud.in_region(region)

    def offline_cloud(self, region: str) -> Cloud:
        """The account in ``region``, for who calls nothing: credentials are not looked for."""
        return self._connect(region, later=True)

    def require_region(self, region: str, *, offline: bool = False) -> None:
        """Refuse a region that does not exist; raises UsageError.

        ``offline``: the cloud is not asked about one that ackgpu does not know.
        """
        from ackgpu import regions

        def ask() -> Sequence[str]:
            if offline:
                return tuple(regions.REGIONS)
            return self._anywhere.in_region(DEFAULT_REGION).compute.regions()

        regions.require(region, ask, self.typed_in)

    def typed_in(self, region: str) -> str:
        """The command line that was typed, in another region."""
        from ackgpu.typed_line import changed

        return changed(self.typed, drop=(flag.REGION, "-r"), add=(flag.REGION, region))

    @computed_once
    def identity(self) -> Identity:
        """Who the credentials are; asked once."""
        return self._cloud.identity.whoami()

    @computed_once
    def connect(self) -> KubeConnect:
        """How a cluster's Kubernetes API is reached."""
        if self._parts.connect is not None:
            return self._parts.connect
        from functools import partial

        from ackgpu.cloud.kube.client import connect

        return partial(connect, cancel=self.cancel)

    def kubeconfig(self, path: str | None = None) -> KubeconfigFile:
        """The user's kubeconfig: ``path``, else the first of ``KUBECONFIG``, else the default."""
        if self._parts.kubeconfig is not None:
            return self._parts.kubeconfig(path)
        from ackgpu.cloud.kube.kubeconfig import open_kubeconfig

        return open_kubeconfig(path, self.given_env, self.home)

    def kubeconfig_text(self, path: Path) -> str:
        """A kubeconfig's text with its relative paths made absolute; raises LocalError."""
        from ackgpu.cloud.kube.kubeconfig import read_text

        return read_text(path)

    def cluster_dir(self, region: str, name: str) -> Path:
        """Where this machine keeps what it knows of a cluster."""
        return self.settings.state_dir / "clusters" / self.identity.account_id / region / name

    @computed_once
    def workers(self) -> Workers:
        """Who carries out the calls."""
        if self._parts.workers is not None:
            return self._parts.workers
        from ackgpu.engine.workers import ThreadWorkers

        workers = ThreadWorkers(self.wakeup)
        self._closing.callback(workers.close)
        return workers

    @contextmanager
    def workers_apart(self) -> Iterator[Workers]:
        """Workers for calls that may be given up: what comes late is no result of a later run."""
        if self._parts.workers is not None:
            yield self._parts.workers
            return
        from ackgpu.engine.workers import ThreadWorkers

        with closing(ThreadWorkers(self.wakeup)) as workers:
            yield workers

    @computed_once
    def real_clock(self) -> Clock:
        """The time by which a reply is late, however fast an emulated cloud runs."""
        return self._parts.clock or SystemClock(1.0, self.wakeup)

    @computed_once
    def rng(self) -> random.Random:
        """The source of jitter and run ids."""
        if self._parts.rng is not None:
            return self._parts.rng
        import random

        return random.Random()  # noqa: S311 -- jitter and names, not secrets

    @property
    def credentials(self) -> str:
        """Where the credentials come from, in words; no secret."""
        return self._cloud.credentials

    @property
    def emulated(self) -> bool:
        """Whether the cloud is an emulator."""
        return self._cloud.emulated

    @property
    def embedded(self) -> bool:
        """Whether the cloud is an emulator that ends with this command."""
        # Asked before the import: the emulator's modules
        # are a seventh of a create's processor time.
        if not self.settings.emulator:
            return False
        from ackgpu.emulator import Emulator

        return isinstance(self._emulator, Emulator)

    @computed_once
    def _cloud(self) -> Cloud:
        self.require_region(self.settings.region or self._anywhere.region)
        return self._anywhere

    @computed_once
    def _anywhere(self) -> Cloud:
        """The account, in a region that may not exist."""
        return self._parts.cloud(self._connect) if self._parts.cloud else self._connect()

    def _connect(self, region: str = "", *, later: bool = False) -> Cloud:
        from ackgpu.cloud.aliyun.cloud import connect

        cloud = connect(
            region or self.settings.region,
            env=self.env,
            home=self.home,
            # A real profile signs nothing for the embedded emulator.
            profile="" if self.settings.emulator else self.settings.profile,
            default_region=DEFAULT_REGION,
            # Adapters wait in worker threads: not on the pipe that wakes the engine.
            clock=self._parts.clock or SystemClock(self.clock.speed),
            cancel=self.cancel,
            rng=self.rng,
            insist=self._insist,
            tell=self.tell,
            bounded=self._parts.bounded,
            later=later,
        )
        self._closing.callback(cloud.close)
        return cloud

    @computed_once
    def _emulator(self) -> Emulator | Attached:
        return open_account(self.settings.state_dir, self._closing)
