"""The composition root: every collaborator, built when it is first asked for.

Only this module knows which implementation stands behind each protocol. Commands get an
:class:`App` and nothing else, so that a test replaces any of them with one argument.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ackgpu.cancel import CancelToken
from ackgpu.clock import SPEEDS, Clock, SystemClock, Wakeup, possible_speed
from ackgpu.errors import AckGpuError, LocalError, UsageError
from ackgpu.settings import DEFAULT_REGION, Settings
from ackgpu.streams import Streams

if TYPE_CHECKING:
    import random

    from ackgpu.cloud.aliyun.cloud import AliyunCloud
    from ackgpu.cloud.api import Cloud, Identity, KubeconfigFile, KubeConnect
    from ackgpu.emulator import Emulator
    from ackgpu.emulator.attached import Attached
    from ackgpu.engine.events import Listener
    from ackgpu.engine.journal import Journal
    from ackgpu.engine.run import Run
    from ackgpu.engine.workers import Workers

E = TypeVar("E", bound=BaseException | None)
LEADS_ELSEWHERE = (
    "ACKGPU_ENDPOINT_",
    "ACKGPU_ACCESS_KEY_",
    "ACKGPU_SECURITY_TOKEN",
    "ACKGPU_PROFILE",
    "ALIBABA_CLOUD_SECURITY_TOKEN",
    "ALICLOUD_",
)
"""Variables that --emulator overrules, as they would lead to another cloud or sign for one."""
_JOURNAL = "journal.jsonl"
_NAMED_COMMAND = re.compile(r"`ackgpu ([^`]+)`")


class App:
    """What a command may use. Close it in the end, or use it as a context manager.

    ``typed`` is the command line without the program's name.
    """

    def __init__(
        self,
        settings: Settings,
        streams: Streams,
        env: Mapping[str, str],
        *,
        home: Path,
        typed: Sequence[str] = (),
    ) -> None:
        self.settings = settings
        self.streams = streams
        self.home = home
        self.typed = tuple(typed)
        self._subject = self._subject_region = ""
        self.wakeup = Wakeup()
        self.cancel = CancelToken(self.wakeup)
        self._own_env = env
        self._closing = ExitStack()
        if settings.verbose:
            from ackgpu.call_log import calls_shown

            self._closing.enter_context(calls_shown(streams))

    def __enter__(self) -> App:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections, and the embedded emulator where it was started.

        A call that a run left alone is not repeated any more.
        """
        self.cancel.request()
        self._closing.close()

    @cached_property
    def env(self) -> Mapping[str, str]:
        """The environment, led to the embedded emulator where that was asked for."""
        if not self.settings.emulator:
            return self._own_env
        own = {k: v for k, v in self._own_env.items() if not k.startswith(LEADS_ELSEWHERE)}
        return {**own, **self._emulator.env}

    @cached_property
    def clock(self) -> Clock:
        """The time, at the emulator's speed where ``ACKGPU_CLOCK_SPEED`` says so."""
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
        try:
            speed = float(text)
        except ValueError:
            speed = 0.0
        if not possible_speed(speed):
            raise UsageError(
                f"ACKGPU_CLOCK_SPEED is {text!r}, which is no number from {SPEEDS[0]:g} to"
                f" {SPEEDS[1]:.0f}."
            )
        return SystemClock(speed, self.wakeup)

    @property
    def region(self) -> str:
        """The region of commands that take no spec: flag, environment, profile, default."""
        return self._cloud.region

    def again(self, *, without: str = "") -> str:
        """This very command line, to be typed again, but for the flag ``without``."""
        return shlex.join(("ackgpu", *(word for word in self.typed if word != without)))

    def concern(self, cluster: str, region: str = "") -> None:
        """Say which cluster the command works on; ``region`` where a spec alone names it."""
        self._subject, self._subject_region = cluster, region

    def command(self, line: str) -> str:
        """``ackgpu <line>`` with the flags that lead it to this cloud and region."""
        return self.settings.command(line, region=self._subject_region)

    def completed(self, text: str) -> str:
        """``text`` with each command between backticks as it has to be typed.

        The word NAME in one becomes the name of the cluster that this command works on.
        """

        def whole(found: re.Match[str]) -> str:
            words = found[1].split(" ")
            named = (self._subject if word == "NAME" else word for word in words)
            return f"`{self.command(' '.join(named if self._subject else words))}`"

        return _NAMED_COMMAND.sub(whole, text)

    def complete(self, error: E) -> E:
        """``error``, with the commands that it names completed."""
        if isinstance(error, AckGpuError):
            error.details = tuple(self.completed(detail) for detail in error.details)
            error.resolution = self.completed(error.resolution) if error.resolution else None
        return error

    def cloud(self, region: str = "") -> Cloud:
        """The account in ``region``, or in the default one."""
        cloud = self._cloud
        return cloud.in_region(region) if region and region != cloud.region else cloud

    @cached_property
    def identity(self) -> Identity:
        """Who the credentials are; asked once."""
        return self._cloud.identity.whoami()

    @cached_property
    def connect(self) -> KubeConnect:
        """How a cluster's Kubernetes API is reached."""
        from ackgpu.cloud.kube.client import connect

        return connect

    def kubeconfig(self, path: str | None = None) -> KubeconfigFile:
        """The user's kubeconfig: ``path``, else the first of ``KUBECONFIG``, else the default."""
        from ackgpu.cloud.kube.kubeconfig import open_kubeconfig

        return open_kubeconfig(path, self._own_env, self.home)

    def kubeconfig_text(self, path: Path) -> str:
        """A kubeconfig's text with its relative paths made absolute; raises LocalError."""
        from ackgpu.cloud.kube.kubeconfig import read_text

        return read_text(path)

    def journal(self, region: str, name: str) -> Journal:
        """The journal of a cluster; nothing is written before it begins."""
        from ackgpu.engine.journal import Journal

        return Journal(self.cluster_dir(region, name) / _JOURNAL, self.clock)

    def regions_known(self, name: str) -> list[str]:
        """The regions in which this machine keeps a journal of a cluster of that name."""
        regions = self.cluster_dir("", name).parent.glob("*")
        return sorted(path.name for path in regions if (path / name / _JOURNAL).exists())

    def cluster_dir(self, region: str, name: str) -> Path:
        """Where this machine keeps what it knows of a cluster."""
        return self.settings.state_dir / "clusters" / self.identity.account_id / region / name

    def run(
        self, journal: Journal, listen: Listener, *, token_run: str, name: str, region: str
    ) -> Run:
        """An engine's run. Client tokens come from the account, the cluster and ``token_run``."""
        from ackgpu.engine.run import Run
        from ackgpu.naming import client_token

        account = self.identity.account_id

        def token_of(step: str) -> str:
            return client_token(
                account=account, region=region, cluster=name, run=token_run, step=step
            )

        return Run(self.clock, self.cancel, self.workers, journal, listen, token_of)

    def reading(self) -> Run:
        """A run for reads alone: it keeps no journal and tells nobody."""
        from ackgpu.engine.journal import Journal
        from ackgpu.engine.run import Run

        journal = Journal(None, self.clock)
        return Run(
            self.clock, self.cancel, self.workers, journal, lambda _: None, lambda step: step
        )

    @cached_property
    def workers(self) -> Workers:
        """Who carries out the calls."""
        from ackgpu.engine.workers import ThreadWorkers

        workers = ThreadWorkers(self.wakeup)
        self._closing.callback(workers.close)
        return workers

    @cached_property
    def rng(self) -> random.Random:
        """The source of jitter and run ids."""
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
        from ackgpu.emulator import Emulator

        return self.settings.emulator and isinstance(self._emulator, Emulator)

    @cached_property
    def _cloud(self) -> AliyunCloud:
        from ackgpu.cloud.aliyun.cloud import connect

        cloud = connect(
            self.settings.region,
            env=self.env,
            home=self.home,
            profile="" if self.settings.emulator else self.settings.profile,
            default_region=DEFAULT_REGION,
            # Adapters wait in worker threads: not on the pipe that wakes the engine.
            clock=SystemClock(self.clock.speed),
            cancel=self.cancel,
            rng=self.rng,
        )
        self._closing.callback(cloud.close)
        return cloud

    @cached_property
    def _emulator(self) -> Emulator | Attached:
        from ackgpu.emulator import Emulator

        directory = self.settings.state_dir / "emulator"
        try:
            emulator = Emulator.attach_or_start(directory)
            self._closing.enter_context(emulator)
        except OSError as error:
            raise LocalError(
                f"The emulator cannot keep its state in {directory}: {error.strerror or error}.",
                resolution="Point ACKGPU_STATE_DIR at a directory that can be written.",
            ) from error
        return emulator
