"""The emulator as Python code uses it: a context manager that serves on loopback."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from ackgpu.clock import SPEEDS, Clock, SystemClock, possible_speed
from ackgpu.emulator.account import ACCESS_KEY_ID, ACCESS_KEY_SECRET, REGION
from ackgpu.emulator.attached import Attached, environment, find_live
from ackgpu.emulator.backend import Backend
from ackgpu.emulator.faults import ConfigurationError, Faults, read_file
from ackgpu.emulator.gateway import Gateway
from ackgpu.emulator.request_log import RequestLog
from ackgpu.emulator.scenario import check_scenario, make_resources, settings_of, settle_authority
from ackgpu.emulator.server import Server

SPEED = 60.0
MAX_LATENCY = 3_600_000.0
"""Milliseconds: nobody waits longer for an answer."""
FILE = "emulator.sqlite3"

Description = Path | Mapping[str, Any] | None


class Emulator:
    """An emulated account, served on loopback while the context lasts.

    ``state`` is a directory that keeps the account, or None for one that is forgotten at the end.
    ``clock`` is the time that the cloud goes by (a :class:`~ackgpu.clock.ManualClock` in tests),
    ``speed`` how many emulated seconds pass in one of its instants' seconds; without either, 60.
    ``faults`` and ``scenario`` are files or what such files hold: see the modules of these names.
    ``port`` and ``kube_port`` of 0 mean the ports that the account had before, or free ones.
    ``spread``: how far durations vary, from 0 (not at all) to 1 (within what was published).
    What it makes is at hand once the context is entered; leaving it closes everything.
    Raises :class:`~ackgpu.emulator.faults.ConfigurationError` for a file that says nonsense, and
    for a speed, a latency or a spread that cannot be; OSError for a port that is taken, and for a
    state or a log file that cannot be opened.
    """

    access_key_id = ACCESS_KEY_ID
    access_key_secret = ACCESS_KEY_SECRET
    region = REGION

    def __init__(  # noqa: PLR0913 -- a record of options, all by name
        self,
        state: Path | str | None = None,
        *,
        speed: float | None = None,
        clock: Clock | None = None,
        seed: int | None = None,
        port: int = 0,
        kube_port: int = 0,
        faults: Description = None,
        scenario: Description = None,
        latency_ms: float = 0,
        enforce_ram: bool = False,
        log_file: Path | None = None,
        spread: float = 0.0,
    ) -> None:
        self._scenario = _described(scenario)
        check_scenario(self._scenario)
        self._faults = _described(faults) or {"faults": self._scenario.get("faults") or []}
        Faults(self._faults)  # refuses nonsense before anything is opened
        self.clock = clock or SystemClock(SPEED if speed is None else speed)
        self.speed = self.clock.speed if speed is None else speed
        self._state = None if state is None else Path(state)
        self._seed = seed if seed is not None else self._scenario.get("seed")
        self._ports = (port, kube_port)
        latency_ms = float(latency_ms or self._scenario.get("latency_ms") or 0)
        _check_pace(self.speed, latency_ms, spread)
        self._spread = spread
        self._latency = latency_ms / 1000
        self._enforce_ram = enforce_ram
        self._log_file = log_file
        self._opened = ExitStack()

    @classmethod
    def attach_or_start(cls, state: Path, **options: Any) -> Emulator | Attached:
        """The ``emulator serve`` that has ``state`` open, else one within this process.

        Either is a context manager with ``endpoint``, ``kube_endpoint``, ``speed`` and ``env``.
        """
        return find_live(state / FILE) or cls(state, **options)

    @property
    def endpoint(self) -> str:
        """The base URL of every product."""
        return self._server.endpoint

    @property
    def kube_endpoint(self) -> str:
        """The base URL of every cluster's Kubernetes API."""
        return self._server.kube_endpoint

    @property
    def failure(self) -> BaseException | None:
        """Why it no longer serves; None while it does."""
        return self._server.failure

    def when_it_fails(self, tell: Callable[[], object]) -> None:
        """Have ``tell`` called once if it ceases to serve by itself, or has ceased already."""
        self._server.when_it_fails(tell)

    @property
    def env(self) -> dict[str, str]:
        """What to export so that ackgpu, or any SDK, uses this emulator."""
        return environment(self.endpoint, self.speed)

    @property
    def authority(self) -> str:
        """The certificate authority that clients must trust to use HTTPS, as PEM text."""
        from ackgpu.emulator.certificates import authority_pem

        with self._backend.transaction(write=True) as session:
            return authority_pem(session)

    @property
    def backend(self) -> Backend:
        """The account itself: for tests that lay documents down directly."""
        return self._backend

    @property
    def requests(self) -> RequestLog:
        """What was asked so far, oldest first."""
        return self._gateway.requests

    def set_faults(self, faults: Description) -> None:
        """Put other faults in force, None for none; their counts begin anew."""
        self._faults = dict(_described(faults))
        self._gateway.set_faults(Faults(self._faults))

    def reset(self) -> None:
        """Empty the account, make the scenario's resources again, begin the faults anew."""
        self._backend.reset()
        self._gateway.requests.clear()
        self._gateway.set_faults(Faults(self._faults))
        self._make_resources()

    def __enter__(self) -> Self:
        with ExitStack() as opening:
            self._backend = self._open_account()
            opening.callback(self._backend.close)
            with self._backend.transaction(write=True) as session:
                # Before the server, whose certificate it signs.
                settle_authority(session, self._scenario)
            self._gateway = Gateway(
                self._backend,
                faults=Faults(self._faults),
                requests=RequestLog(self._log_file),
                enforce_ram=self._enforce_ram,
            )
            self._make_resources()
            port, kube_port = self._ports
            self._server = Server(
                self._gateway, self.reset, port=port, kube_port=kube_port, latency=self._latency
            )
            opening.callback(self._server.stop)
            self._server.start()
            # Only now: whatever failed above has closed what was opened before it.
            self._opened = opening.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def _open_account(self) -> Backend:
        if self._state is not None:
            self._state.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Backend(
            self._state / FILE if self._state else None,
            self.clock,
            speed=self.speed,
            seed=self._seed,
            settings=settings_of(self._scenario) | {"spread": self._spread},
        )

    def _make_resources(self) -> None:
        resources = list(self._scenario.get("resources") or [])
        make_resources(self._backend, self._gateway.products, resources)


def _check_pace(speed: float, latency_ms: float, spread: float) -> None:
    """Refuse what would spoil the account's time for good, or answer never."""
    if not possible_speed(speed):
        slowest, fastest = SPEEDS
        raise ConfigurationError(f"the speed is a number from {slowest:g} to {fastest:.0f}")
    if not 0 <= latency_ms <= MAX_LATENCY:
        most = f"{MAX_LATENCY:.0f}"
        raise ConfigurationError(f"the latency is a number of milliseconds from 0 to {most}")
    if not 0 <= spread <= 1:
        raise ConfigurationError("the spread is a number from 0 to 1")


def _described(source: Description) -> Mapping[str, Any]:
    if source is None:
        return {}
    return read_file(source) if isinstance(source, Path) else source
