"""Commands in a container, over the API server's WebSocket.

Each message begins with a byte that names its channel (Kubernetes, KEP-4006 and
``k8s.io/streaming``, protocol ``v5.channel.k8s.io``): 0 to 2 are the streams, 3 carries the Status
in the end, and 255 closes one.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ackgpu.clock import SystemClock
from ackgpu.cloud.api import ExecOrder, Executed
from ackgpu.cloud.kube.answers import MAX_MESSAGE, MAX_OUTPUT, MIB
from ackgpu.errors import CloudError, TimedOut

PROTOCOLS = ["v5.channel.k8s.io", "v4.channel.k8s.io"]
_STDIN, _STDOUT, _STDERR, _ERROR, _CLOSE = 0, 1, 2, 3, 255
_NO_SUCH_PROGRAM = 127
_MISSING = ("executable file not found", "no such file or directory")
_FROM_ARGUMENT = 'printf %s "$1" | sh -c "$0"'
_PIECE = 128 * 1024


@dataclass(frozen=True)
class Where:
    """The exec subresource of a pod, and what a request for it carries."""

    url: str
    pod: str
    extensions: Mapping[str, str]


class WithoutInputError(Exception):
    """The server speaks a protocol in which an input has no end."""


def execute(client: Any, where: Where, command: Sequence[str], order: ExecOrder) -> Executed:
    """Run ``command`` in the pod's container.

    Input needs version 5 of the protocol, which API servers speak from Kubernetes 1.30 on; to an
    older one it, which must be text then, travels as an argument of a shell.
    """
    try:
        return _once(client, where, command, order)
    except WithoutInputError:
        script = " ".join(_quoted(word) for word in command)
        words = ["sh", "-c", _FROM_ARGUMENT, script, (order.stdin or b"").decode()]
        return _once(client, where, words, replace(order, stdin=None))


def _once(client: Any, where: Where, command: Sequence[str], order: ExecOrder) -> Executed:
    params = [("command", word) for word in command]
    params += [("stdout", "true"), ("stderr", "true")]
    if order.stdin is not None:
        params.append(("stdin", "true"))
    what = f"{' '.join(command)[:80]} in the pod {where.pod}"
    output, errors = _Sink(order.hear, what), _Sink(order.hear, what)
    deadline = _Deadline(order.seconds, what)
    with client.websocket(
        where.url,
        subprotocols=PROTOCOLS,
        params=params,
        extensions=dict(where.extensions),
        max_message_size_bytes=MAX_MESSAGE,
    ) as socket:
        if order.stdin is not None:
            if socket.subprotocol != PROTOCOLS[0]:
                # Version 4 cannot close a stream, so that a
                # program that reads its input would never end.
                raise WithoutInputError
            _send(socket, order.stdin)
        sinks = {_STDOUT: output, _STDERR: errors}
        while True:
            message = deadline.receive(socket)
            channel, content = message[0], message[1:]
            if channel in sinks:
                sinks[channel].write(content)
            elif channel == _ERROR:
                break
    what = f"{command[0]} in the pod {where.pod}"
    return _ended(json.loads(content), output.text, errors.text, what)


def _send(socket: Any, data: bytes) -> None:
    for start in range(0, len(data), _PIECE):
        socket.send_bytes(bytes((_STDIN,)) + data[start : start + _PIECE])
    socket.send_bytes(bytes((_CLOSE, _STDIN)))


def _ended(status: Mapping[str, Any], output: str, errors: str, what: str) -> Executed:
    """What the Status in the end says: the exit code, or why the command never ran."""
    if status.get("status") != "Failure":
        return Executed(output, errors, 0)
    message = str(status.get("message") or "")
    if status.get("reason") == "NonZeroExitCode":
        causes = (status.get("details") or {}).get("causes") or []
        codes = [str(c.get("message")) for c in causes if c.get("reason") == "ExitCode"]
        code = int(codes[0]) if codes and codes[0].isdecimal() else 1
        return Executed(output, errors, code)
    if any(words in message for words in _MISSING):
        return Executed("", message, _NO_SUCH_PROGRAM)
    raise CloudError(f"{what} could not be run: {message}")


class _Deadline:
    """The real seconds that a command may take, over all that it says."""

    def __init__(self, seconds: float, what: str) -> None:
        self._seconds = seconds
        self._what = what
        # Real seconds: a compiler in a container runs no faster on an emulated clock.
        self._clock = SystemClock()
        self._end = self._clock.now() + seconds

    def receive(self, socket: Any) -> bytes:
        """The next message; raises TimedOut where there is none in time."""
        late = TimedOut(f"{self._what} did not end within {self._seconds:.0f} s.")
        left = self._end - self._clock.now()
        if left <= 0:
            raise late
        try:
            message: bytes = socket.receive_bytes(timeout=left)
        except TimeoutError:
            raise late from None
        return message


class _Sink:
    """Collects what arrives as text, and passes it on."""

    def __init__(self, hear: Callable[[str], None] | None, what: str) -> None:
        self._hear = hear
        self._what = what
        self._left = MAX_OUTPUT
        # A character may come in two messages.
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self.text = ""

    def write(self, data: bytes) -> None:
        """Take a piece of output; raises CloudError if there is no end of it."""
        self._left -= len(data)
        if self._left < 0:
            raise CloudError(f"{self._what} printed more than {MAX_OUTPUT // MIB} MiB.")
        piece = self._decoder.decode(data)
        self.text += piece
        if self._hear is not None and piece:
            self._hear(piece)


def _quoted(word: str) -> str:
    return "'" + word.replace("'", "'\\''") + "'"
