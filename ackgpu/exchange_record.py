"""The record: what was said between ackgpu and the cloud, to be read or passed on.

One JSON object a line: the first says what the file holds, each further one is a call. Keys,
signatures and secrets are left out; ids are replaced, the same one always by the same. Written as
the calls end, so that a run that is killed leaves what it had said.
"""

from __future__ import annotations

import ipaddress
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from ackgpu import flag
from ackgpu.clock import SystemClock
from ackgpu.errors import LocalError
from ackgpu.printable import visible_escapes
from ackgpu.private_file import write_private
from ackgpu.redaction import MASK, redacted

HOLDS = (
    "Each further line is one call: of Alibaba Cloud's APIs, or of a cluster's Kubernetes API (not"
    " what is run in pods). Left out: access keys, signatures, tokens, passwords, kubeconfigs,"
    " scripts and user data. Replaced, the same always by the same: ids of resources, accounts,"
    " requests and tasks, and public addresses. As they were: names, tags, regions, types, private"
    " addresses, prices, times. Read it before you pass it on."
)
_SIGNING = frozenset(
    {
        "accesskeyid", "signature", "signaturenonce", "signaturemethod", "signatureversion",
        "timestamp", "securitytoken",
    }
)  # fmt: skip
_SECRET = frozenset(
    {
        "accesskeysecret", "oidctoken", "loginpassword", "password", "userdata", "preuserdata",
        "token", "privatekeybody", "clientkeydata", "clientcertificatedata", "kubeconfig",
    }
)  # fmt: skip
_HOLDS_KEYS = re.compile(r"PRIVATE KEY|client-key-data|kind: Config")
_IDS = re.compile(
    r"""
    \b(?P<uuid>[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})\b
    | \b(?P<key>LTAI\w+|STS\.\w+)
    | \b(?P<account>\d{16})\b
    | \b(?P<long>c|np)(?=[0-9a-f]{30,})[0-9a-f]{30,}\b
    | \b(?P<plain>[a-z]{1,8}|T)-(?=[a-z]*\d)[a-z0-9]{8,}\b
    | \b(?P<address>(?:\d{1,3}\.){3}\d{1,3})\b
    """,
    re.VERBOSE,
)

_active: ExchangeRecord | None = None


class ExchangeRecord:
    """A record that is being written. Safe to use from several threads.

    ``lacking``: why lines are not in it; empty where all are.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._stand_ins: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self.lacking = ""

    def write(self, row: Mapping[str, Any]) -> None:
        """Write a line; a disk that is full does not stop the work."""
        text = redacted(json.dumps(row, ensure_ascii=False, default=str))
        with self._lock, self._noticing():
            self._file.write(visible_escapes(_IDS.sub(self._stand_in, text)) + "\n")
            # A run that is killed leaves what it had said.
            self._file.flush()

    def close(self) -> None:
        """Close the file; what a full disk did not take is tried once more."""
        with self._lock, self._noticing():
            self._file.close()

    @contextmanager
    def _noticing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.lacking = error.strerror or str(error)
        except ValueError:  # a call that was given up ends after the file was closed
            return

    def _stand_in(self, found: re.Match[str]) -> str:
        kind = found.lastgroup or ""
        value = found[0]
        if kind == "address" and not _is_public(value):
            return value
        if value not in self._stand_ins:
            word = found[kind] if kind in {"long", "plain"} else kind
            self._counts[word] = number = self._counts.get(word, 0) + 1
            self._stand_ins[value] = _named(kind, word, number)
        return self._stand_ins[value]


@contextmanager
def recording(path: Path, command: str, tell: Callable[[str], object]) -> Iterator[None]:
    """Record into ``path`` while the block lasts; raises LocalError where it cannot be written.

    ``tell`` is told in the end if lines are not in it.
    """
    global _active  # noqa: PLW0603 -- one command a process, and its calls come from all layers
    try:
        file = write_private(path)
    except OSError as error:
        raise LocalError(
            f"{flag.RECORD} {path}: it cannot be written: {error.strerror}.",
            resolution="Give a file in a directory that can be written.",
        ) from error
    _active = record = ExchangeRecord(file)
    record.write({"record": 1, "command": command, "at": _now(), "holds": HOLDS})
    try:
        yield
    finally:
        _active = None
        record.close()
        if record.lacking:
            tell(
                f"{flag.RECORD} {path} is not complete: it could not be written: {record.lacking}."
            )


def note(service: str, call: str, *, sent: Any, status: int | None, answer: Any) -> None:
    """Record a call, if anything is recorded; without ``status`` ``answer`` is why none came.

    ``sent`` and ``answer`` are what JSON has, or the text that could not be read as such.
    """
    if _active is None:
        return
    row = {"at": _now(), "service": service, "call": call, "sent": _without_secrets(sent)}
    _active.write({**row, "status": status, "answer": _without_secrets(answer)})


def parsed(text: str | bytes | None) -> Any:
    """A body as JSON has it; of any other its length."""
    if not text:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return f"[{len(text)} characters that are not JSON]"


def is_recording() -> bool:
    """Whether to go to the trouble of a note."""
    return _active is not None


def _is_public(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_global
    except ValueError:  # a version of four parts
        return False


def _named(kind: str, word: str, number: int) -> str:
    if kind == "address":
        # Of the addresses that are set aside for documents (RFC 5737).
        return f"203.0.113.{number}"
    if kind == "account":
        return f"{10**15 + number}"  # a number, where JSON has one
    if kind == "uuid":
        return f"00000000-0000-0000-0000-{number:012}"
    return f"{word}-{number:04}"


def _without_secrets(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            str(key): MASK if _plain(key) in _SECRET and item else _without_secrets(item)
            for key, item in value.items()
            if _plain(key) not in _SIGNING
        }
    if isinstance(value, list | tuple):
        return [_without_secrets(item) for item in value]
    return MASK if isinstance(value, str) and _HOLDS_KEYS.search(value) else value


def _plain(key: object) -> str:
    return re.sub("[^a-z]", "", str(key).lower())


def _now() -> str:
    return SystemClock().wall().isoformat(timespec="milliseconds")
