"""How long an API server is asked again that refuses, resets or throttles.

All times here are real seconds: connections and TLS take what they take, whatever the speed of an
emulated cloud.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from ackgpu.cancel import CancelToken
from ackgpu.clock import Clock
from ackgpu.errors import CloudError, Throttled, Transient

T = TypeVar("T")
log = logging.getLogger(__name__)

OUTAGE_SECONDS = 70.0
"""An API server that is restarted drains for up to 60 s (kube-apiserver,
``--shutdown-delay-duration`` and the request timeout)."""
HOPELESS_SECONDS = 5.0
"""For a name that does not resolve, and after a stop was asked for."""
FIRST_PAUSE, MAX_PAUSE = 0.5, 5.0
THROTTLED_TRIES = 10
"""As often client-go comes back after ``Retry-After`` (``rest/request.go``, maxRetries)."""
MAX_RETRY_AFTER = 300.0
_SLICE = 0.5


class Unresolved(Transient):
    """The server's name does not resolve: no restart explains that."""


class TooSlow(CloudError):
    """Data flows, and the answer was not complete in time: less is to be requested at once."""

    code = "Slow"


class TooLarge(CloudError):
    """The answer is larger than one can be, unless less is requested at once."""

    code = "Large"


@dataclass(frozen=True)
class Insistence:
    """Makes calls, and makes them again. ``cancel``: a stop ends the patience."""

    clock: Clock
    cancel: CancelToken = field(default_factory=CancelToken)

    def on(self, ask: Callable[[], T]) -> T:
        """What ``ask`` gives; raises its last Transient when patience is over."""
        began, pause, throttled = self.clock.now(), FIRST_PAUSE, 0
        while True:
            try:
                return ask()
            except Throttled as error:
                # No total patience here: the server says
                # itself how long it wants to be left in peace.
                wait = error.retry_after or pause
                throttled += 1
                if throttled >= THROTTLED_TRIES or wait > MAX_RETRY_AFTER:
                    raise
                log.info("%s Asked again in %.0f s.", error.message, wait)
            except Transient as error:
                wait = pause
                hopeless = self.cancel.requested or isinstance(error, Unresolved)
                patience = HOPELESS_SECONDS if hopeless else OUTAGE_SECONDS
                if self._since(began) + wait > patience:
                    raise
                log.info("%s Asked again in %.1f s.", error.message, wait)
            self._sleep(wait)
            pause = min(pause * 2, MAX_PAUSE)

    def _since(self, began: float) -> float:
        return (self.clock.now() - began) / self.clock.speed

    def _sleep(self, seconds: float) -> None:
        """Sleep so many real seconds; not on after a stop was requested."""
        was_stopped = self.cancel.requested
        end = self.clock.now() + seconds * self.clock.speed
        while (left := end - self.clock.now()) > 0:
            # A clean-up after a stop has to insist as well;
            # only the moment of the stop ends a sleep.
            if self.cancel.requested and not was_stopped:
                return
            self.clock.sleep(min(left, _SLICE * self.clock.speed))
