"""What is shown of a verbose run: every call to the cloud, with its request id or its error."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from ackgpu.printable import printable
from ackgpu.streams import Streams

CALLS = "ackgpu.cloud"
"""The logger that the clients of the cloud tell each call to."""


class _OnStderr(logging.Handler):
    def __init__(self, streams: Streams) -> None:
        super().__init__()
        self._streams = streams

    def emit(self, record: logging.LogRecord) -> None:
        """Write the line; a stderr that takes none is no reason to stop."""
        self._streams.write(self._streams.err, f"  {printable(record.getMessage())}\n")


@contextmanager
def calls_shown(streams: Streams) -> Iterator[None]:
    """Write each call to stderr while the block lasts."""
    logger, handler = logging.getLogger(CALLS), _OnStderr(streams)
    before, propagated = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
        logger.propagate = propagated
