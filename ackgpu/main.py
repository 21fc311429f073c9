"""From the process to its exit code: where every error ends that no command made a result of."""

from __future__ import annotations

import gc
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing costs as much as Python's own start, and completion does without
    from collections.abc import Mapping, Sequence
    from typing import NoReturn

    from ackgpu.app import Parts
    from ackgpu.cli.invocation import Invocation

BUG, THIS_MACHINE, INTERRUPTED = 1, 2, 130
COLLECT_EVERY = 20_000
"""New objects after which the garbage collector looks for cycles. What a command imports makes it
look 280 times at Python's own 700, a twelfth of a create's processor time, and find nothing."""
COMPLETE = "__complete"
"""What a shell types at each TAB (ackgpu.cli.complete)."""
CREDENTIAL = ("kubeconfig", "credential")
"""What kubectl runs for each of its commands (ackgpu.credential_cache)."""
INCOMPLETE = "ackgpu's installation is incomplete"


def entry() -> NoReturn:
    """Run the command line and leave.

    ``os._exit`` after a flush: taking the SDKs' thousands of classes apart costs a fifth of a
    second, and a worker thread that hangs in a call must not keep the process.
    """
    gc.set_threshold(COLLECT_EVERY)
    os._exit(main(sys.argv[1:], os.environ))


def main(arguments: Sequence[str], env: Mapping[str, str], parts: Parts | None = None) -> int:
    """Carry out one command line, flush what it wrote, and return its exit code.

    ``parts`` are used in place of the program's own clock, workers and the like. Raises nothing:
    whatever goes wrong, an import or the error screen itself included, is told in words and has a
    code.
    """
    try:
        code = _carried_out(arguments, env, parts)
    except BaseException as error:  # noqa: BLE001 -- the error screen itself has failed
        code = _failed_without_screen(error)
    return _flushed(code)


def _carried_out(arguments: Sequence[str], env: Mapping[str, str], parts: Parts | None) -> int:
    if arguments and arguments[0] == COMPLETE:  # a shell waits for each of these
        from ackgpu.cli.complete import answer

        return answer(arguments[1:], env)
    if tuple(arguments[:2]) == CREDENTIAL and _is_kept(arguments[2:], env):
        return 0
    try:
        _refuse_windows()
        if _is_answered_at_once(arguments):
            return 0
    except Exception as error:  # noqa: BLE001 -- as below, before there is an invocation
        return _failed(_invocation(arguments, env, parts), error)
    invocation = _invocation(arguments, env, parts)
    try:
        return _run(arguments, invocation)
    except BaseException as error:  # noqa: BLE001 -- the one place where every error ends
        return _failed(invocation, error)
    finally:
        invocation.close()


def _is_kept(words: Sequence[str], env: Mapping[str, str]) -> bool:
    """Answer a client of Kubernetes from the cache, if a certificate is kept for it."""
    from ackgpu.credential_cache import answer

    return answer(words, env)


def _is_answered_at_once(arguments: Sequence[str]) -> bool:
    """Answer what needs neither typer nor a command: the version, and pages of help."""
    from ackgpu.cli.help_request import page_of

    path = page_of(arguments)
    if path is not None:
        _show_help(path)
    elif list(arguments) == ["--version"]:
        from ackgpu import __version__
        from ackgpu.streams import Streams

        streams = Streams.system()
        streams.write(streams.out, f"ackgpu {__version__}\n")
    else:
        return False
    return True


def _show_help(path: str) -> None:
    from ackgpu.command_table import load
    from ackgpu.render.help_page import show
    from ackgpu.streams import Streams

    show(Streams.system(), load(), path)


def _invocation(
    arguments: Sequence[str], env: Mapping[str, str], parts: Parts | None
) -> Invocation:
    from ackgpu.cli.invocation import Invocation

    return Invocation(env=env, typed=arguments, parts=parts)


def _run(arguments: Sequence[str], invocation: Invocation) -> int:
    from ackgpu.cli.help_request import HelpRequestedError
    from ackgpu.cli.root import run

    try:
        return run(arguments, invocation)
    except HelpRequestedError as asked:
        _show_help(asked.path)
        return 0


def _refuse_windows() -> None:
    """Signals, file modes and select() on pipes are POSIX's: half of the program would fail."""
    if sys.platform == "win32":
        from ackgpu.errors import LocalError

        raise LocalError(
            "ackgpu runs on Linux, on macOS and in WSL, not on Windows itself.",
            resolution="Install WSL with `wsl --install`, then ackgpu inside it.",
        )


def _failed(invocation: Invocation, error: BaseException) -> int:
    from ackgpu.errors import AckGpuError, LocalError
    from ackgpu.render.output import fail

    if isinstance(error, ImportError):
        # Half of an update, or a package that was removed: no bug to be reported.
        error = LocalError(f"{INCOMPLETE}: {error}.", resolution="Install it again.")
    if invocation.session is not None:
        invocation.session.complete(error)
    log_path = ""
    if not isinstance(error, AckGpuError | KeyboardInterrupt):
        log_path = invocation.write_crash_log(error)
    return fail(invocation.streams, invocation.output, invocation.command, error, log_path=log_path)


def _failed_without_screen(error: BaseException) -> int:
    """Say what happened with nothing but a file descriptor, and return the exit code."""
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    if isinstance(error, ImportError):
        _say(f"{INCOMPLETE}: {error}. Install it again.")
        return THIS_MACHINE
    _say(f"ackgpu has a bug: {type(error).__name__}: {error}")
    return BUG


def _flushed(code: int) -> int:
    """``code``; 2 instead of success if stdout cannot take the result."""
    for stream in (sys.stdout, sys.stderr):
        if stream is None or stream.closed:
            continue
        try:
            stream.flush()
        except BrokenPipeError:  # the reader went away: nothing more is wanted
            continue
        except OSError as error:
            # A failure's own code says more than that its text did not arrive.
            if stream is sys.stdout and code == 0:
                _say(f"The result could not be written: {error.strerror}.")
                code = THIS_MACHINE
    return code


def _say(text: str) -> None:
    from ackgpu.printable import printable
    from ackgpu.redaction import redacted

    try:
        os.write(2, f"ackgpu: {printable(redacted(text))}\n".encode(errors="replace"))
    except OSError:  # nobody listens: the exit code has to do
        return
