"""What every renderer of events is: called with each event, closed once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

from ackgpu.engine.events import Event


class Renderer(ABC):
    """A listener of the engine's. A context manager that closes itself."""

    @abstractmethod
    def __call__(self, event: Event) -> None:
        """Show one event."""

    def close(self) -> None:  # noqa: B027 -- most renderers hold nothing
        """Leave the terminal as it was. Harmless when repeated, and in a signal handler."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
