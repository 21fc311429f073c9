"""The error screen: what happened and why, the details, what to do next, and where to look."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ackgpu.errors import AckGpuError

if TYPE_CHECKING:
    from ackgpu.engine.aftermath import Aftermath
    from ackgpu.render.layout import Block

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
    aftermath: Aftermath | None = None


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
        aftermath=error.aftermath,
    )


def draw_failure(failure: Failure, log_path: str = "") -> list[Block]:
    """The screen: ``✗ what: why``, details, ``→`` what to do, then the request, exit and log."""
    from ackgpu.render.layout import FAILED, Span, line, point

    first, *others = failure.message.splitlines() or [failure.code]
    blocks: list[Block] = [point(Span(f"{FAILED} ", "red"), Span(first, "bold"))]
    blocks += [point("    ", text) for text in others]
    blocks += [point("    ", text) for detail in failure.details for text in detail.splitlines()]
    resolution = _said_once(failure)
    if resolution:
        first, *others = resolution.splitlines()
        blocks.append(point(Span("  → ", "cyan"), first))
        blocks += [point("    ", text) for text in others]
    if failure.aftermath is not None and failure.aftermath.resources:
        blocks += _what_stands(failure.aftermath)
    traces = [
        f"request {failure.request_id}" if failure.request_id else "",
        f"exit {failure.exit_code}",
        f"log {log_path}" if log_path else "",
    ]
    blocks.append(line(Span("  " + ", ".join(filter(None, traces)), "dim")))
    return blocks


def _said_once(failure: Failure) -> str:
    """The resolution without the way on from what stands, which stands below it."""
    resolution, aftermath = failure.resolution or "", failure.aftermath
    if aftermath is None or not aftermath.resources or not aftermath.way_on:
        return resolution
    return "\n".join(
        said
        for each in resolution.splitlines()
        if (said := each.replace(aftermath.way_on, "").rstrip())
    )


def _what_stands(aftermath: Aftermath) -> list[Block]:
    """Two lines: what stands and what it costs, and the commands that continue and delete."""
    from ackgpu.render.kind_words import hourly_sum, kinds_of
    from ackgpu.render.layout import Span, point

    stands = f"{kinds_of(aftermath.resources)}   {hourly_sum(aftermath.hourly)}"
    blocks: list[Block] = [point(Span("  stands  ", "bold"), stands)]
    return [*blocks, point("          ", aftermath.way_on)] if aftermath.way_on else blocks
