"""What the emulator's two faces, cloud APIs and Kubernetes APIs, stand on."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from ackgpu.emulator.account import ACCESS_KEY_ID, root
from ackgpu.emulator.operation import ApiOperation, Call, Caller, Params
from ackgpu.emulator.store import Store, Transaction
from ackgpu.emulator.timeline import Timeline, WallClock, load_timeline


class Backend:
    """One account: its documents, its timeline, its source of chance, its scenario.

    ``rng`` is seeded by the account's seed and by how often the account was opened, so that a
    restart never hands out an id a second time. ``settings`` is what products read of the
    scenario and of the domain faults. Raises OSError for a file that it cannot go on from.
    """

    def __init__(
        self,
        path: Path | None,
        clock: WallClock,
        *,
        speed: float | None = None,
        seed: int | None = None,
        settings: dict[str, Any] | None = None,
    ) -> None:
        self.store = Store(path.absolute() if path else None)
        self.clock = clock
        self.settings: dict[str, Any] = settings if settings is not None else {}
        self.kube_endpoint = ""
        self._speed = speed
        self._lock = threading.RLock()  # a nested transaction is an error then, no standstill
        with self.transaction(write=True) as session:
            sound = load_timeline(session, clock.wall(), speed).sound
            source = self._open(session, seed)
        if not sound:
            self.store.close()
            raise OSError(f"the time in {path} is spoilt: `ackgpu emulator reset` begins it anew")
        self.rng = random.Random(source)  # noqa: S311 -- ids, not secrets
        # A source of its own, so that how often somebody reads changes no resource's id.
        self._request_ids = random.Random(f"{source}:requests")  # noqa: S311 -- the same

    @staticmethod
    def _open(session: Transaction, seed: int | None) -> str:
        if seed is not None:
            session.set_meta("seed", str(seed))
        kept = session.meta("seed")
        if kept is None:
            # Without a seed two accounts must not have the same
            # ids: a client would take one's for the other's.
            kept = str(random.SystemRandom().getrandbits(64))
            session.set_meta("seed", kept)
        opened = int(session.meta("opened") or 0)
        session.set_meta("opened", str(opened + 1))
        return f"{kept}:{opened}"

    @contextmanager
    def transaction(self, write: bool = False) -> Iterator[Transaction]:  # noqa: FBT001, FBT002
        """One transaction; callers in other threads wait for it."""
        with self._lock, self.store.transaction(write=write) as session:
            yield session

    def timeline(self, session: Transaction) -> Timeline:
        """The account's timeline."""
        return load_timeline(session, self.clock.wall())

    def timeline_now(self, session: Transaction | None = None) -> float:
        """The emulated second it is; within a transaction, pass its session."""
        if session is not None:
            return self.timeline(session).at(self.clock.wall())
        with self.transaction() as own:
            return self.timeline(own).at(self.clock.wall())

    def instant(self, session: Transaction, seconds: float) -> datetime:
        """The instant at which the timeline shows ``seconds``."""
        return self.timeline(session).instant(seconds)

    def new_request_id(self) -> str:
        """A request id: an upper-case UUID."""
        digits = f"{self._request_ids.getrandbits(128):032X}"
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    def call(  # noqa: PLR0913 -- a record: all of it is named where it is used
        self,
        session: Transaction,
        operation: ApiOperation,
        *,
        params: Mapping[str, str] | None = None,
        region: str = "",
        path: Mapping[str, str] | None = None,
        body: Any = None,
        caller: Caller | None = None,
        request_id: str = "",
    ) -> Call:
        """A call as handlers take it; the account's own where no caller is given."""
        timeline = self.timeline(session)
        return Call(
            operation=operation,
            params=Params(params or {}),
            docs=session,
            timeline=timeline,
            now=timeline.at(self.clock.wall()),
            rng=self.rng,
            caller=caller or root(ACCESS_KEY_ID),
            request_id=request_id or self.new_request_id(),
            region=region,
            path=path or {},
            body=body,
            settings=self.settings,
            kube_endpoint=self.kube_endpoint,
        )

    def internal_call(self, session: Transaction, name: str, *, region: str = "") -> Call:
        """A call that a service makes on its own behalf, such as ACK's for a Service of type LB."""
        operation = ApiOperation("internal", name, lambda _call: "", writes=True)
        return self.call(session, operation, region=region)

    def reset(self) -> None:
        """Empty the account; its keys, certificates and ports stay. Its time begins anew."""
        with self._lock:
            self.store.reset()
            with self.transaction(write=True) as session:
                load_timeline(session, self.clock.wall(), self._speed)

    def close(self) -> None:
        """Close the state file."""
        with self._lock:
            self.store.close()
