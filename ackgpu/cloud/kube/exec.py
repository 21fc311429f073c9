"""Commands in a container, over the API server's WebSocket."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ackgpu.cloud.api import Executed, KubePod
from ackgpu.errors import CloudError, TimedOut

_NO_SUCH_PROGRAM = 127
_MISSING = ("executable file not found", "no such file or directory")
_FROM_ARGUMENT = 'printf %s "$1" | sh -c "$0"'


def execute(
    client: Any, pod: KubePod, command: Sequence[str], stdin: bytes | None, seconds: float
) -> Executed:
    """Run ``command`` in the pod's container.

    Input needs version 5 of the protocol, which API servers speak from Kubernetes 1.30 on; to an
    older one ``stdin``, which must be text then, travels as an argument of a shell.
    """
    from lightkube.core.exceptions import ApiError

    try:
        return _once(client, pod, command, stdin, seconds)
    except ApiError as error:
        message = str(error.status.message or error)
        if stdin is not None and "subprotocol" in message:
            script = " ".join(_quoted(word) for word in command)
            words = ["sh", "-c", _FROM_ARGUMENT, script, stdin.decode()]
            return _once(client, pod, words, None, seconds)
        if any(words in message for words in _MISSING):
            return Executed("", message, _NO_SUCH_PROGRAM)
        if getattr(error, "response", None) is not None:
            raise
        raise CloudError(
            f"{command[0]} could not be run in the pod {pod.name}: {message}"
        ) from None


def _once(
    client: Any, pod: KubePod, command: Sequence[str], stdin: bytes | None, seconds: float
) -> Executed:
    from httpx2 import ReadTimeout

    try:
        done = client.exec(
            pod.name,
            namespace=pod.namespace,
            command=list(command),
            stdin=stdin,
            stdout=True,
            stderr=True,
            decode=None,
            timeout=seconds,
        )
    except ReadTimeout:
        text = f"{' '.join(command)[:80]} in the pod {pod.name} did not end within {seconds:.0f} s."
        raise TimedOut(text) from None
    return Executed(_text(done.stdout), _text(done.stderr), int(done.exit_code))


def _text(data: bytes | None) -> str:
    return (data or b"").decode("utf-8", errors="replace")


def _quoted(word: str) -> str:
    return "'" + word.replace("'", "'\\''") + "'"
