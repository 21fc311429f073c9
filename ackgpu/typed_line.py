"""A command line that was typed, and what it becomes with other flags."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterator, Sequence


def changed(typed: Sequence[str], *, drop: Collection[str], add: Sequence[str] = ()) -> str:
    """``ackgpu`` with the words of ``typed``, without the flags ``drop`` and with ``add`` behind.

    Each flag of ``drop`` takes a value, which goes with it.
    """
    return shlex.join(("ackgpu", *_without(typed, drop), *add))


def _without(typed: Sequence[str], drop: Collection[str]) -> Iterator[str]:
    words = iter(typed)
    for word in words:
        flag, has_value, _ = word.partition("=")
        if flag not in drop and word[:2] not in drop:
            yield word
        elif not has_value and word in drop:
            next(words, None)
