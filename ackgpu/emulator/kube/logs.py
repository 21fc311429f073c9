"""Logs: what a container's main process printed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from aiohttp import web

from ackgpu.emulator.container.exec_session import choose_container, running_pod
from ackgpu.emulator.kube.pod_timeline import finished
from ackgpu.emulator.kube.request import KubeRequest
from ackgpu.emulator.kube.state import ClusterState
from ackgpu.emulator.kube.status import KubeError, bad_request

LOOK_EVERY = 0.1  # real seconds between looks while a log is followed
Look = Callable[[Callable[[ClusterState], "tuple[bytes, bool]"]], "tuple[bytes, bool]"]


def log_of(state: ClusterState, request: KubeRequest) -> tuple[bytes, bool]:
    """The log so far, and whether it may grow; refuses where the container has not started."""
    doc, course = running_pod(state, request.target.key)
    obj = doc.body["object"]
    container = choose_container(obj, request.query.get("container", ""))
    where = f'container "{container["name"]}" in pod "{request.target.name}" is waiting to start'
    if course.pull_fails:
        raise bad_request(f"{where}: trying and failing to pull image")
    if course.started is None or course.started > state.now or course.process is None:
        raise bad_request(f"{where}: ContainerCreating")
    if request.flag("previous"):
        named = f'container "{container["name"]}" in pod "{request.target.name}"'
        raise bad_request(f"previous terminated {named} not found")
    text = course.process[container["name"]].out
    since = request.query.get("sinceSeconds", "")
    if since.isdecimal() and course.started < state.now - int(since):
        text = b""
    if request.flag("timestamps"):
        stamp = state.stamp_micro(course.started).encode()
        text = b"".join(stamp + b" " + line for line in text.splitlines(keepends=True))
    end = finished(obj["spec"], course)
    return _cut(text, request), end is None or end > state.now


def _cut(text: bytes, request: KubeRequest) -> bytes:
    tail, limit = request.query.get("tailLines", ""), request.query.get("limitBytes", "")
    for given in (tail, limit):
        if given and not given.isdecimal():
            raise bad_request(f'"{given}" is no number')
    if tail:
        lines = text.splitlines(keepends=True)
        text = b"".join(lines[max(0, len(lines) - int(tail)) :])
    return text[: int(limit)] if limit else text


async def follow_log(http: web.Request, request: KubeRequest, look: Look) -> web.StreamResponse:
    """Answer with the log; with ``follow``, until the container ends or the client leaves."""
    text, grows = look(lambda state: log_of(state, request))
    if not request.flag("follow"):
        return web.Response(body=text, content_type="text/plain")
    response = web.StreamResponse(headers={"Content-Type": "text/plain"})
    response.enable_chunked_encoding()
    await response.prepare(http)
    with contextlib.suppress(ConnectionResetError, KubeError):
        await response.write(text)
        while grows and http.transport is not None and not http.transport.is_closing():
            await asyncio.sleep(LOOK_EVERY)
            _, grows = look(lambda state: log_of(state, request))
    with contextlib.suppress(ConnectionResetError):
        await response.write_eof()
    return response
