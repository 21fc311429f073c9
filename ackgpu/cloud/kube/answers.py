"""Reading an API server's answers, and no more of them than one can be."""

from __future__ import annotations

from typing import Any

from ackgpu.cloud.kube.insistence import TooLarge

MIB = 1024 * 1024
MAX_ANSWER = 64 * MIB
"""Bytes of one answer: a page of 250 nodes with 50 images each is 5 MiB."""
MAX_REFUSAL = MIB
"""Bytes that are read of an answer that refuses; a Status is a few hundred."""
MAX_OUTPUT = 4 * MIB
"""Bytes of a command's output; a build prints some tens of thousands."""
MAX_MESSAGE = 4 * MIB
"""Bytes of one message of a WebSocket; API servers send 32 KiB."""
_SWITCHED = 101


def read_bounded(response: Any) -> None:
    """Read the body as a hook of the client; raises TooLarge.

    httpx reads a body in the client without a bound, and a small one may unfold to a thousand
    times as much. Of a refusal the beginning is kept: its status says what to do.
    """
    if response.status_code == _SWITCHED:
        return
    limit = MAX_ANSWER if response.is_success else MAX_REFUSAL
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) <= limit:
            continue
        response.close()
        if response.is_success:
            raise TooLarge(
                f"{response.url.host} answered with more than {limit // MIB} MiB, which no page of"
                " the Kubernetes API is.",
                resolution="Check that the kubeconfig's server, or the proxy before it, is the"
                " cluster's.",
            )
        break
    response._content = bytes(body[:limit])  # noqa: SLF001 -- where httpx keeps what it has read
