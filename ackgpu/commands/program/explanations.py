"""What error codes and exit codes mean: the catalogue behind ``explain``.

It is data (``data/*.toml``): the codes of the cloud one by one, families of codes that are known by
their form, and ackgpu's own words. What becomes of a code (its exit code, whether the call is
repeated) follows from the class that it is translated to.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any

from ackgpu import errors, flag
from ackgpu.tables import table

OURS = "ackgpu"
_NEAR = 3
_RETRIED: tuple[tuple[type[Exception], str], ...] = (
    (
        errors.NoAnswer,
        "as Unreachable, reads and calls with a client token; else ackgpu looks before it asks",
    ),
    (errors.Unreachable, f"yes: for {flag.INSIST} (120 s), and before the run's first answer 5 s"),
    (
        errors.LostReply,
        "reads, and calls that carry a client token; for others ackgpu looks before it asks again",
    ),
    (
        errors.Throttled,
        f"yes: for {flag.INSIST} (120 s), with jitter and as x-acs-retry-after says",
    ),
    (errors.Transient, "yes: up to 5 times in 30 s, with jitter and as x-acs-retry-after says"),
    (errors.NotYet, "yes: asked again until the step times out, which is exit 7"),
    (errors.OutOfStock, "not as it is: the next (type, zone) that the spec allows is tried"),
    (errors.TimedOut, "no: running the same command again goes on"),
)


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """What a code means.

    ``family`` is the pattern that it was known by, empty where the code itself is known.
    ``becomes`` is the word of the class in :mod:`ackgpu.errors`; ``retried`` is a phrase.
    """

    code: str
    becomes: str
    cause: str
    fix: str
    retried: str
    exits_with: int
    source: str
    family: str = ""


class Catalogue:
    """Every explanation there is."""

    @property
    def names(self) -> tuple[str, ...]:
        """Every code that is explained by itself."""
        return tuple(self._by_name)

    @property
    def of_cloud(self) -> Mapping[str, Explanation]:
        """The cloud's own codes that are explained by themselves."""
        return {name: row for name, row in self._by_name.items() if row.source != OURS}

    @property
    def families(self) -> tuple[tuple[str, str], ...]:
        """The patterns of codes, each with the word of the class that such a code becomes."""
        return tuple((p, getattr(errors, row["becomes"]).code) for p, row in self._families)

    def own(self, word: str) -> Explanation:
        """The explanation of one of ackgpu's own words; KeyError for any other."""
        return self._by_name[word]

    def explain(self, code: str) -> Explanation | None:
        """The explanation of ``code``, in any case of letters, or of its family; None for none."""
        wanted = code.strip().casefold()
        if wanted.isdecimal() and wanted in self._own["exits"]:
            return _exit_code(int(wanted), self._own["exits"][wanted])
        known = next((name for name in self._by_name if name.casefold() == wanted), None)
        if known is not None:
            return self._by_name[known]
        for pattern, row in self._families:
            if fnmatchcase(wanted, pattern.casefold()):
                return _of_cloud(code.strip(), row, family=pattern)
        return None

    def similar(self, code: str) -> tuple[str, ...]:
        """The known codes that are spelt most like ``code``."""
        by_lower = {name.casefold(): name for name in self._by_name}
        found = difflib.get_close_matches(code.strip().casefold(), by_lower, n=_NEAR)
        return tuple(by_lower[name] for name in found)

    @cached_property
    def _own(self) -> dict[str, Any]:
        return table("commands", "own_codes")

    @cached_property
    def _by_name(self) -> dict[str, Explanation]:
        rows = table("commands", "cloud_codes")["codes"]
        cloud = {name: _of_cloud(name, row) for row in rows for name in row["names"]}
        return cloud | {word: _own_word(word, row) for word, row in self._own["codes"].items()
                        if word not in cloud}  # fmt: skip

    @cached_property
    def _families(self) -> list[tuple[str, Mapping[str, Any]]]:
        rows = table("commands", "families")["families"]
        return [(pattern, row) for row in rows for pattern in row["patterns"]]


def _of_cloud(code: str, row: Mapping[str, Any], *, family: str = "") -> Explanation:
    kind: type[errors.AckGpuError] = getattr(errors, row["becomes"])
    return Explanation(
        code=code,
        becomes=kind.code,
        cause=row["cause"],
        fix=row["fix"],
        retried=_retried(kind),
        exits_with=kind.exit_code,
        source=row["source"],
        family=family,
    )


def _own_word(word: str, row: Mapping[str, Any]) -> Explanation:
    kind = next((kind for kind in _classes() if kind.code == word), None)
    return Explanation(
        code=word,
        becomes=word,
        cause=row["cause"],
        fix=row["fix"],
        retried=_retried(kind) if kind else "no",
        exits_with=130 if word == errors.Interrupted.code else kind.exit_code if kind else 1,
        source=OURS,
    )


def _exit_code(number: int, row: Mapping[str, Any]) -> Explanation:
    return Explanation(
        code=str(number),
        becomes="exit code",
        cause=row["cause"],
        fix=row["fix"],
        retried="no",
        exits_with=number,
        source=OURS,
    )


def _retried(kind: type[Exception]) -> str:
    return next((words for base, words in _RETRIED if issubclass(kind, base)), "no")


def _classes() -> Iterator[type[errors.AckGpuError]]:
    for found in vars(errors).values():
        if isinstance(found, type) and issubclass(found, errors.AckGpuError):
            yield found
