"""The error screen: what happened and why, the details, what to do next, and where to look."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ackgpu.errors import AckGpuError

if TYPE_CHECKING:
    from ackgpu.render.pen import Block

BUG = "ackgpu has a bug; please report it with the log"


@dataclass(frozen=True)
class Failure:
    """An error as it is shown: all that a person or a script is told of it."""

    code: str
    message: str
    exit_code: int
    resolution: str | None = None
    request_id: str | None = None
    details: tuple[str, ...] = ()


def failure_of(error: BaseException) -> Failure:
    """What is told of ``error``; whatever ackgpu does not raise on purpose is a bug of its own.

    Ctrl-C while nothing is under way (at a question) is neither: exit 130.
    """
    if isinstance(error, KeyboardInterrupt):
        return Failure("Interrupted", "Interrupted.", 128 + signal.SIGINT)
    if not isinstance(error, AckGpuError):
        what = str(error).strip().partition("\n")[0]
        message = f"Unexpected {type(error).__name__}: {what}" if what else type(error).__name__
        return Failure("Bug", message, 1, BUG)
    return Failure(
        code=error.error_code,
        message=error.message,
        exit_code=error.exits_with,
        resolution=error.resolution,
        request_id=error.request_id,
        details=error.details,
    )


def draw_failure(failure: Failure, log_path: str = "") -> list[Block]:
    """The screen: ``✗ what: why``, details, ``→`` what to do, then the request, exit and log."""
    from ackgpu.render.pen import FAILED, Span, line, point

    first, *others = failure.message.splitlines() or [failure.code]
    blocks: list[Block] = [point(Span(f"{FAILED} ", "red"), Span(first, "bold"))]
    blocks += [point("    ", text) for text in others]
    blocks += [point("    ", text) for detail in failure.details for text in detail.splitlines()]
    if failure.resolution:
        first, *others = failure.resolution.splitlines()
        blocks.append(point(Span("  → ", "cyan"), first))
        blocks += [point("    ", text) for text in others]
    traces = [
        f"request {failure.request_id}" if failure.request_id else "",
        f"exit {failure.exit_code}",
        f"log {log_path}" if log_path else "",
    ]
    blocks.append(line(Span("  " + ", ".join(filter(None, traces)), "dim")))
    return blocks
