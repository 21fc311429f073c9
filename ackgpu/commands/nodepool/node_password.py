"""The password of nodes: from a prompt, a file or the environment, never from the command line."""

from __future__ import annotations

import getpass
import re
from pathlib import Path

from ackgpu import flag
from ackgpu.errors import LocalError, UsageError
from ackgpu.redaction import learn
from ackgpu.session import Session
from ackgpu.small_file import KIB, read_small, why

VARIABLE = "ACKGPU_NODE_PASSWORD"
_SHORTEST, _LONGEST, _CLASSES = 8, 30, 3
_KINDS = (r"[a-z]", r"[A-Z]", r"[0-9]", r"[()`~!@#$%^&*_\-+=|{}\[\]:;'<>,.?/]")


def node_password(session: Session, *, file: Path | None = None, ask: bool = False) -> str:
    """The password, or nothing where none is given: by prompt, then file, then environment.

    Raises UsageError for one that ECS would refuse, for an empty one that was asked for or read
    from a file, and where nobody can be asked; LocalError for a file that cannot be read.
    """
    if ask:
        password = _prompt(session)
    elif file is not None:
        password = _read(file)
    else:
        password = session.env.get(VARIABLE, "")
    learn(password)
    if password:
        _check(password)
    return password


def _prompt(session: Session) -> str:
    streams = session.streams
    if streams.no_input or not streams.is_terminal(streams.stdin):
        raise UsageError(
            "The password cannot be prompted for: there is no terminal, or input is switched off.",
            resolution=f"Give {flag.PASSWORD_FILE} PATH, or set {VARIABLE}.",
        )
    password = getpass.getpass("Password of the nodes: ", stream=streams.err)
    if password != getpass.getpass("Once more: ", stream=streams.err):
        raise UsageError("The two passwords differ.")
    if not password:
        raise UsageError("No password was typed.")
    return password


def _read(file: Path) -> str:
    try:
        password = read_small(file, KIB, pipes=True).decode().rstrip("\r\n")
    except OSError as error:
        raise LocalError(f"{file} cannot be read: {why(error)}.") from error
    except UnicodeDecodeError:
        raise LocalError(f"{file} is not UTF-8 text.") from None
    if not password:
        raise UsageError(f"{file} is empty: there is no password in it.")
    return password


def _check(password: str) -> None:
    """ECS API reference, RunInstances, Password: 8 to 30 characters, three kinds of four."""
    kinds = sum(bool(re.search(kind, password)) for kind in _KINDS)
    if not _SHORTEST <= len(password) <= _LONGEST or kinds < _CLASSES:
        raise UsageError(
            "The password of the nodes would be refused.",
            resolution="8 to 30 characters, of three kinds among lower case, upper case, digits"
            " and the special characters that ECS takes.",
        )
