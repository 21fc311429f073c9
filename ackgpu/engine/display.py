"""How a command is shown while it works. What draws is passed in; the bases show nothing."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from ackgpu.clock import Clock
    from ackgpu.engine.events import Event


class Renderer:
    """A listener of a run's events. A context manager that closes itself."""

    def __call__(self, event: Event) -> None:
        """Show one event."""

    def close(self) -> None:
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


class Display:
    """What a command shows before its result, which whoever called the command presents."""

    def of_run(self, clock: Clock, label: str) -> Renderer:
        """The renderer of a run's events; ``label``: whose run it is, of several at once."""
        del clock, label
        return Renderer()

    def warn(self, message: str) -> None:
        """Say a sentence that is no result."""

    def preview(self, part: Any) -> None:
        """Show what is about to be done, before the question."""

    def wrote(self, path: Path) -> None:
        """Say which file was written."""
