"""The shapes of words that several rules ask for."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence

_LABEL_WORD = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
_DNS_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_DNS_LIMIT = 253
_HOST_AND_PORT = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?:(\d{1,5})")
_LAST_PORT = 65_535
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_HOST = r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d{1,5})?"
_IMAGE = re.compile(
    rf"(?:{_HOST}/)?{_PART}(?:/{_PART})*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}})?"
    r"(?:@sha256:[0-9a-f]{64})?"
)
"""The grammar of references of the OCI distribution project."""


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """``; did you mean "x"?`` where one of ``choices`` looks like ``word``, else nothing."""
    close = difflib.get_close_matches(word, list(choices), n=1, cutoff=0.55)
    return f"; did you mean {close[0]!r}?" if close else ""


def one_of(choices: Sequence[str]) -> str:
    """``a, b or c``."""
    *rest, last = choices
    return f"{', '.join(rest)} or {last}" if rest else last


def problem_with_label(key: str, value: str) -> str:
    """Why Kubernetes refuses a label or taint; empty where it does not.

    Kubernetes documentation, labels: an optional DNS subdomain and a slash, then 1 to 63 characters
    that begin and end with a letter or digit.
    """
    prefix, slash, name = key.rpartition("/")
    if slash and (len(prefix) > _DNS_LIMIT or not _DNS_NAME.fullmatch(prefix)):
        return f"{prefix!r} before the slash is not a DNS name"
    if not _LABEL_WORD.fullmatch(name):
        return (
            f"{name!r} must be 1 to 63 letters, digits, '-', '_' or '.', "
            "and begin and end with a letter or digit"
        )
    if value and not _LABEL_WORD.fullmatch(value):
        return (
            f"the value {value!r} must be empty or at most 63 letters, digits, '-', '_' or '.', "
            "and begin and end with a letter or digit"
        )
    return ""


def problem_with_id(value: str, prefix: str, noun: str) -> str:
    """Why ``value`` cannot be the id of a ``noun``; empty where it can."""
    if re.fullmatch(rf"{prefix}-[a-z0-9]+", value):
        return ""
    return f"{value!r} is not the id of {noun}: those look like {prefix}-bp1k8example"


def problem_with_server(value: str) -> str:
    """Why ``value`` is no ``host:port``; empty where it is."""
    match = _HOST_AND_PORT.fullmatch(value)
    if match and 0 < int(match[2]) <= _LAST_PORT:
        return ""
    return f"{value!r} is not host:port, such as license.example.com:7070"


def problem_with_image_name(name: str) -> str:
    """Why no kubelet pulls an image of this name; empty if it may."""
    if _IMAGE.fullmatch(name):
        return ""
    return f"{name!r} is no name of an image, such as registry.example.com/nvidia/cuda:12.2"
