"""From the process to its exit code: where every error ends that no command made a result of."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ackgpu.cli.invocation import Invocation


def entry() -> None:
    """Run the command line and leave.

    ``os._exit`` after a flush: taking the SDKs' thousands of classes apart costs a fifth of a
    second, and a worker thread that hangs in a call must not keep the process.
    """
    code = main(sys.argv[1:], os.environ)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:  # the reader went away: nothing more is wanted
            continue
    os._exit(code)


def main(arguments: Sequence[str], env: Mapping[str, str]) -> int:
    """Carry out one command line and return its exit code."""
    from ackgpu.cli.invocation import Invocation
    from ackgpu.cli.root import run

    home = Path(env.get("HOME") or Path.home())
    invocation = Invocation(env=env, home=home, typed=arguments)
    try:
        return run(arguments, invocation)
    except BaseException as error:  # noqa: BLE001 -- the one place where every error ends
        return _failed(invocation, error)
    finally:
        invocation.close()


def _failed(invocation: Invocation, error: BaseException) -> int:
    from ackgpu.errors import AckGpuError, UnparsedLineError
    from ackgpu.render.output import fail, write_failure

    if isinstance(error, UnparsedLineError):
        write_failure(invocation.streams, invocation.output, invocation.command, error)
        return error.exits_with
    if invocation.app is not None:
        invocation.app.complete(error)
    log_path = ""
    if not isinstance(error, AckGpuError | KeyboardInterrupt):
        log_path = invocation.write_crash_log(error)
    return fail(invocation.streams, invocation.output, invocation.command, error, log_path=log_path)
