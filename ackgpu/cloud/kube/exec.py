"""Commands in a container, over the API server's WebSocket."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ackgpu.cloud.api import ExecOrder, Executed, KubePod
from ackgpu.errors import CloudError, TimedOut

_NO_SUCH_PROGRAM = 127
_MISSING = ("executable file not found", "no such file or directory")
_FROM_ARGUMENT = 'printf %s "$1" | sh -c "$0"'


def execute(client: Any, pod: KubePod, command: Sequence[str], order: ExecOrder) -> Executed:
    """Run ``command`` in the pod's container.

    Input needs version 5 of the protocol, which API servers speak from Kubernetes 1.30 on; to an
    older one it, which must be text then, travels as an argument of a shell.
    """
    from lightkube.core.exceptions import ApiError

    try:
        return _once(client, pod, command, order)
    except ApiError as error:
        message = str(error.status.message or error)
        if order.stdin is not None and "subprotocol" in message:
            script = " ".join(_quoted(word) for word in command)
            words = ["sh", "-c", _FROM_ARGUMENT, script, order.stdin.decode()]
            return _once(client, pod, words, replace(order, stdin=None))
        if any(words in message for words in _MISSING):
            return Executed("", message, _NO_SUCH_PROGRAM)
        if getattr(error, "response", None) is not None:
            raise
        text = f"{command[0]} could not be run in the pod {pod.name}: {message}"
        raise CloudError(text) from None


def _once(client: Any, pod: KubePod, command: Sequence[str], order: ExecOrder) -> Executed:
    from httpx2 import ReadTimeout

    output, errors = _Sink(order.hear), _Sink(order.hear)
    try:
        done = client.exec(
            pod.name,
            namespace=pod.namespace,
            command=list(command),
            stdin=order.stdin,
            stdout=output,
            stderr=errors,
            timeout=order.seconds,
        )
    except (ReadTimeout, TimeoutError):
        raise TimedOut(
            f"{' '.join(command)[:80]} in the pod {pod.name} did not end within"
            f" {order.seconds:.0f} s."
        ) from None
    return Executed(output.text, errors.text, int(done.exit_code))


class _Sink:
    """Collects what arrives as text, and passes it on."""

    def __init__(self, hear: Callable[[str], None] | None) -> None:
        self._hear = hear
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self.text = ""

    def write(self, data: bytes) -> int:
        piece = self._decoder.decode(data)
        self.text += piece
        if self._hear is not None and piece:
            self._hear(piece)
        return len(data)


def _quoted(word: str) -> str:
    return "'" + word.replace("'", "'\\''") + "'"
