"""Exec: a command in a running container, its streams, its exit code; and terminals.

The command is worked out by the emulated shell. What it changes in the container's files is kept
with the pod, for the next command.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import copy
from dataclasses import dataclass

from aiohttp import web

from ackgpu.emulator.container.channels import Channel, open_spdy, open_websocket
from ackgpu.emulator.container.machine import (
    UNREAD,
    CommandOutcome,
    File,
    Machine,
    NeedsInput,
    machine_of,
)
from ackgpu.emulator.container.network import network_of, service_address
from ackgpu.emulator.container.shell import SHELLS, NoSuchProgram, run
from ackgpu.emulator.container.terminal import converse
from ackgpu.emulator.kube.access import credentials, identify
from ackgpu.emulator.kube.contents import open_cluster
from ackgpu.emulator.kube.objects import Obj, containers_of, uid_of
from ackgpu.emulator.kube.pod_timeline import PodTimeline, courses, finished, pod_docs
from ackgpu.emulator.kube.request import KubeRequest
from ackgpu.emulator.kube.state import KIND, ClusterState, KubeBackend
from ackgpu.emulator.kube.status import KubeError, bad_request, not_found
from ackgpu.emulator.store import Doc

LOOK_EVERY = 0.1  # real seconds between looks at whether a pod still runs
MAX_INPUT = 64 * 1024 * 1024


@dataclass(frozen=True)
class ExecSession:
    """What is to be run, and where its container lies.

    ``version`` is the cluster's. ``directories`` are those that the container has before.
    ``attached``: to the container's own process, which ``command`` is then. ``ends``: when the
    pod's containers have all ended, in emulated seconds; None where that never comes.
    """

    cluster_id: str
    pod_uid: str
    container: str
    command: list[str]
    attached: bool
    ends: float | None
    machine: Machine
    stdin: bool
    tty: bool
    version: str
    directories: frozenset[str]


async def execute(
    http: web.Request, request: KubeRequest, backend: KubeBackend
) -> web.StreamResponse:
    """Run the command that the query asks for; refuses where the container does not run."""
    with backend.transaction() as session:
        now = backend.timeline_now(session)
        cluster, _ = identify(session, now, *credentials(http))
        state = open_cluster(session, cluster, backend)
        wanted = _session(state, request, http.query.getall("command", []))
    upgrade = http.headers.get("Upgrade", "").lower()
    channel: Channel
    response: web.StreamResponse
    if upgrade == "websocket":
        channel, response = await open_websocket(http, wanted.version)
    elif upgrade.startswith("spdy/3.1"):
        flags = (wanted.stdin, request.flag("stdout"), request.flag("stderr") and not wanted.tty)
        channel, response = await open_spdy(http, 1 + sum(flags))
    else:
        raise bad_request("Upgrade request required")
    with contextlib.suppress(ConnectionResetError):
        await channel.finish(await _run(channel, wanted, backend))
    if http.transport is not None:
        _hang_up(http.transport, farewell=upgrade != "websocket")
    return response


def _hang_up(transport: asyncio.Transport, *, farewell: bool) -> None:
    """End the connection. Over WebSocket both sides have said goodbye by now."""
    if farewell:
        transport.close()
    else:
        transport.abort()


def _session(state: ClusterState, request: KubeRequest, command: list[str]) -> ExecSession:
    attached = request.target.subresource == "attach"
    if not command and not attached:
        raise bad_request("you must specify at least one command for the container")
    namespace, name = request.target.key
    doc, course = running_pod(state, (namespace, name))
    obj = doc.body["object"]
    container = choose_container(obj, request.query.get("container", ""))
    end = finished(obj["spec"], course)
    if course.started is None or course.started > state.now or (end and end <= state.now):
        text = f'unable to upgrade connection: container not found ("{container["name"]}")'
        raise KubeError(404, "NotFound", text)
    machine = machine_of(state, course.node, obj, container)
    machine.network = network_of(state, course.node, namespace)
    machine.env["KUBERNETES_SERVICE_HOST"] = service_address(state)
    uid = obj["metadata"]["uid"]
    _load(state, machine, uid, container["name"])
    return ExecSession(
        cluster_id=state.id,
        pod_uid=uid,
        container=container["name"],
        command=[*(container.get("command") or []), *(container.get("args") or [])]
        if attached
        else command,
        attached=attached,
        ends=end,
        machine=machine,
        stdin=request.flag("stdin"),
        tty=request.flag("tty"),
        version=state.kubernetes_version,
        directories=frozenset(machine.directories),
    )


def running_pod(state: ClusterState, key: tuple[str, str]) -> tuple[Doc, PodTimeline]:
    """The pod addressed and its course; refuses where there is none, or it has no node."""
    for doc in pod_docs(state):
        metadata = doc.body["object"]["metadata"]
        if (metadata["namespace"], metadata["name"]) != key:
            continue
        course = courses(state)[metadata["uid"]]
        if course.bound is None:
            raise bad_request(f"pod {key[1]} does not have a host assigned")
        return doc, course
    if state.entry("pods", key) is not None:
        raise KubeError(403, "Forbidden", f"pod {key[1]} is managed by ACK: it cannot be entered")
    raise not_found("pods", "", key[1])


def choose_container(pod: Obj, name: str) -> Obj:
    """The container of that name, or the only one."""
    rows: list[Obj] = pod["spec"]["containers"]
    names = [row["name"] for row in rows]
    if not name and len(rows) > 1:
        text = f"a container name must be specified for pod {pod['metadata']['name']}"
        raise bad_request(f"{text}, choose one of: [{' '.join(names)}]")
    for row in containers_of(pod["spec"]) if name else rows:
        if name in {"", row["name"]}:
            return row
    raise bad_request(f"container {name} is not valid for pod {pod['metadata']['name']}")


async def _run(channel: Channel, session: ExecSession, backend: KubeBackend) -> Obj:
    shell = session.command[:1] and session.command[0].rsplit("/", 1)[-1] in SHELLS
    plain = all(word.startswith("-") and "c" not in word for word in session.command[1:])
    if session.tty and session.stdin and shell and plain:
        return _status(await converse(channel, session.machine, lambda: _save(backend, session)))
    if session.attached:  # what the process printed before goes to its log and to nobody else
        await _linger(channel, session, backend)
        return _status(0)
    try:
        outcome = await _outcome(channel, session)
    except NoSuchProgram as error:
        return _not_started(str(error))
    _save(backend, session)
    await _print(channel, outcome, tty=session.tty)
    if outcome.seconds is None:
        await _linger(channel, session, backend)
    return _status(outcome.code)


async def _outcome(channel: Channel, session: ExecSession) -> CommandOutcome:
    """Run without input; where the command reads it, wait for all of it and run then."""
    if not session.stdin:
        return run(session.machine, session.command, b"")
    before = copy.deepcopy(session.machine)
    try:
        return run(session.machine, session.command, UNREAD)
    except NeedsInput:
        vars(session.machine).update(vars(before))
    data = bytearray()
    while (piece := await channel.read()) is not None and len(data) < MAX_INPUT:
        data += piece
        if session.tty and b"\x04" in piece:
            break
    return run(session.machine, session.command, bytes(data))


async def _print(channel: Channel, outcome: CommandOutcome, *, tty: bool) -> None:
    if tty:
        await channel.write((outcome.out + outcome.err).replace(b"\n", b"\r\n"))
        return
    await channel.write(outcome.out)
    await channel.write(outcome.err, error=True)


async def _linger(channel: Channel, session: ExecSession, backend: KubeBackend) -> None:
    """Wait as a command that runs on does: until the client leaves or the pod ends."""
    reader = asyncio.create_task(_drain(channel))  # which answers pings too
    while not channel.closed and _alive(backend, session):  # noqa: ASYNC110 -- nobody tells
        await asyncio.sleep(LOOK_EVERY)
    reader.cancel()


async def _drain(channel: Channel) -> None:
    while await channel.read() is not None:
        continue


def _alive(backend: KubeBackend, session: ExecSession) -> bool:
    with backend.transaction() as docs:
        cluster = docs.get("cluster", session.cluster_id)
        now = backend.timeline_now(docs)
        ended = session.ends is not None and session.ends <= now
        if cluster is None or not cluster.alive(now) or ended:
            return False
        return session.pod_uid in courses(open_cluster(docs, cluster, backend))


def _status(code: int) -> Obj:
    if code == 0:
        return {"metadata": {}, "status": "Success"}
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"command terminated with non-zero exit code: exit status {code}",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
    }


def _not_started(program: str) -> Obj:
    text = (
        "Internal error occurred: error executing command in container: failed to exec in"
        f' container: failed to start exec "{uid_of(program).replace("-", "") * 2}": OCI runtime'
        f' exec failed: exec failed: unable to start container process: exec: "{program}":'
        " executable file not found in $PATH: unknown"
    )
    return KubeError(500, "InternalError", text).status()


def _load(state: ClusterState, machine: Machine, uid: str, container: str) -> None:
    doc = state.session.get(KIND, f"{state.id}/files/{uid}/{container}")
    if doc is None:
        return
    for path, (content, program) in doc.body["files"].items():
        machine.files[path] = File(base64.b64decode(content), program)
    machine.directories.update(doc.body["directories"])


def _save(backend: KubeBackend, session: ExecSession) -> None:
    """Keep the container's files, where the command changed any."""
    files = {
        path: [base64.b64encode(file.content).decode(), file.program]
        for path, file in session.machine.files.items()
        if not path.startswith(("/etc/", "/proc/"))
    }
    key = f"{session.cluster_id}/files/{session.pod_uid}/{session.container}"
    body = {"files": files, "directories": sorted(session.machine.directories)}
    with backend.transaction() as docs:
        known = docs.get(KIND, key)
    untouched = not files and session.machine.directories == session.directories
    if (known is None and untouched) or (known is not None and known.body == body):
        return
    with backend.transaction(write=True) as docs:
        docs.put(Doc(KIND, key, "", session.cluster_id, "files", 0.0, None, body))
