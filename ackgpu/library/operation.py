"""A call that goes on in a thread: its events as they happen, its result, and a way to stop it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ackgpu.cancel import CancelToken

if TYPE_CHECKING:
    from ackgpu.engine.events import Event, Listener

R = TypeVar("R")
LOGGER = logging.getLogger("ackgpu")
LOGGER.addHandler(logging.NullHandler())
_current: ContextVar[Operation[Any] | None] = ContextVar("ackgpu_operation", default=None)


class Operation(Generic[R]):
    """A call under way. Iterate over it for its events (docs/events.md), until it has ended."""

    def __init__(self, call: Callable[[], R]) -> None:
        self.cancel_token = CancelToken()
        self._events: SimpleQueue[Event | None] = SimpleQueue()
        self._result: list[R] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(call,), name="ackgpu-operation")
        self._thread.daemon = True
        self._thread.start()

    def __iter__(self) -> Iterator[Event]:
        """The events that nobody has taken yet, and those to come."""
        while (event := self._events.get()) is not None:
            yield event
        self._events.put(None)  # whoever iterates again is at the end as well

    @property
    def done(self) -> bool:
        """Whether the call has ended."""
        return not self._thread.is_alive()

    def result(self, timeout: float | None = None) -> R:
        """What the call returned; raises what it raised.

        ``timeout`` in real seconds: raises TimeoutError if it has not ended by then, and goes on.
        """
        self._thread.join(timeout)
        if self._thread.is_alive():
            raise TimeoutError("the call goes on")
        if self._error is not None:
            raise self._error
        return self._result[0]

    def cancel(self) -> None:
        """Ask the call to stop where it is safe: it raises ackgpu.errors.Interrupted then."""
        self.cancel_token.request()

    def _run(self, call: Callable[[], R]) -> None:
        token = _current.set(self)
        try:
            self._result.append(call())
        except BaseException as error:  # noqa: BLE001 -- it is raised where the result is wanted
            self._error = error
        finally:
            _current.reset(token)
            self._events.put(None)

    def hear(self, event: Event) -> None:
        """Keep an event for whoever iterates."""
        self._events.put(event)


def hooks(listen: Listener | None) -> tuple[Listener, CancelToken | None]:
    """Who hears the events of the call that this thread carries out, and what stops it.

    An exception of ``listen`` is logged: it must not end a change of the cloud halfway.
    """
    operation = _current.get()

    def tell(event: Event) -> None:
        if operation is not None:
            operation.hear(event)
        if listen is not None:
            try:
                listen(event)
            except Exception:
                LOGGER.exception("The callback for progress failed at %s", type(event).__name__)

    return tell, operation.cancel_token if operation is not None else None
