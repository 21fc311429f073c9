"""``emulator up``, ``down`` and ``env``: an emulator in a process of its own."""

from __future__ import annotations

import json
import os
import select
import shlex
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from ackgpu import flag
from ackgpu.commands.emulated_account.server import ServeOptions, directory
from ackgpu.emulator.attached import environment, live_processes
from ackgpu.emulator.front import FILE
from ackgpu.errors import LocalError
from ackgpu.output_forms import DOCUMENTS
from ackgpu.render.results import Facts, PlainText, Result
from ackgpu.session import Session

LOG = "emulator.log"
PATIENCE = 60
"""Real seconds within which an emulator has begun to serve, or has ended."""
POLL_INTERVAL = 0.05


def up(options: ServeOptions, session: Session) -> Result:
    """Have an emulator served by a process of its own, and say where.

    Raises LocalError if it ends before it serves.
    """
    state = options.state or directory(session)
    running = live_processes(state / FILE)
    if running:
        process, live = next(iter(running.items()))
        facts = {"endpoint": live.endpoint, "kubeEndpoint": live.kube_endpoint, "speed": live.speed}
        said = "is running already"
    else:
        process, facts = _start(options, state)
        said = "is running"
    part = Facts(
        headline=f"the emulator {said}: ackgpu emulator down ends it",
        facts={**facts, "process": process, "log": str(state / LOG)},
        done=True,
    )
    return Result(command="emulator up", part=part)


def down(state: Path | None, session: Session) -> Result:
    """End each emulator that serves the account, and wait until it has.

    Raises LocalError if one goes on.
    """
    where = state or directory(session)
    ended = list(live_processes(where / FILE))
    for process in ended:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGTERM)
    waited = 0.0
    while live_processes(where / FILE):
        if waited > PATIENCE:
            raise LocalError(f"The emulator, process {ended[0]}, does not end.")
        session.wakeup.wait(POLL_INTERVAL)
        waited += POLL_INTERVAL
    said = "is down, its account is kept" if ended else "is not running"
    return Result(command="emulator down", part=Facts(headline=f"the emulator {said}", done=True))


def env(state: Path | None, session: Session) -> Result:
    """Print the emulator's variables as commands of a shell; raises LocalError if none is served.

    ``export NAME=value`` is understood by fish as well as by bash and zsh.
    """
    found = list(live_processes((state or directory(session)) / FILE).values())
    if not found:
        raise LocalError(
            "No emulator is served.", resolution=f"`ackgpu emulator up {flag.DETACH}` starts one."
        )
    variables = environment(found[0].endpoint, found[0].speed)
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in variables.items()]
    text = PlainText(text="".join(lines), with_secrets=True)
    printed = session.settings.output not in DOCUMENTS
    part = text if printed else Facts(facts={"env": variables})
    return Result(command="emulator env", part=part)


def _start(options: ServeOptions, state: Path) -> tuple[int, dict[str, Any]]:
    """Begin to serve; the process's id, and what it announced."""
    try:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        log = os.open(state / LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        before = os.fstat(log).st_size  # what those said that were started earlier
    except OSError as error:
        raise LocalError(f"{state / LOG} cannot be written: {error.strerror}.") from error
    announced, theirs = os.pipe()
    try:
        process = os.posix_spawn(
            sys.executable,
            [sys.executable, "-m", "ackgpu", "emulator", "serve", *_flags(options, state)],
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, theirs, 1),
                (os.POSIX_SPAWN_DUP2, log, 2),
                (os.POSIX_SPAWN_CLOSE, announced),
            ],
            setsid=True,
        )
    finally:
        os.close(theirs)
        os.close(log)
    with open(announced, encoding="utf-8") as pipe:  # noqa: PTH123 -- a descriptor
        ready, _, _ = select.select([pipe], [], [], PATIENCE)
        line = pipe.readline() if ready else ""
    if not line:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGTERM)
        said = (state / LOG).read_bytes()[before:].decode("utf-8", "replace")
        last = said.strip().splitlines()[-4:]
        raise LocalError(
            "The emulator could not be started.", details=last, resolution=f"See {state / LOG}."
        )
    told = json.loads(line)
    return process, {key: told[key] for key in ("endpoint", "kubeEndpoint", "speed")}


def _flags(options: ServeOptions, state: Path) -> list[str]:
    """The options as ``emulator serve`` takes them."""
    paths = {
        flag.STATE: state,
        flag.FAULTS: options.faults,
        flag.SCENARIO: options.scenario,
        flag.REQUEST_LOG: options.log_file,
    }
    numbers = {
        flag.PORT: options.port,
        flag.KUBE_PORT: options.kube_port,
        flag.SPEED: options.speed,
        flag.SPREAD: options.spread,
        flag.LATENCY: options.latency_ms,
        flag.SEED: options.seed,
    }
    given = [(flag, str(path.absolute())) for flag, path in paths.items() if path is not None]
    given += [(flag, str(number)) for flag, number in numbers.items() if number is not None]
    words = [word for pair in given for word in pair]
    return [*words, flag.ENFORCE_RAM] if options.enforce_ram else words
