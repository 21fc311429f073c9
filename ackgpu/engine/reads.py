"""What was read at once: each read's result, or the reason why it failed, by typed keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ackgpu.errors import AccessDenied, AckGpuError

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Read(str, Generic[T_co]):
    """The key of a read whose result is of the type T_co: the words that a list of reads shows."""

    __slots__ = ()


@dataclass(frozen=True)
class ReadOf(Generic[T_co]):
    """Keys of reads that depend on a region, a type or a product: a word, and what it is of."""

    word: str

    def __call__(self, *of: str) -> Read[T_co]:
        """The key of that read of one of them."""
        return Read(" ".join((self.word, *of)))


@dataclass(frozen=True)
class ReadResults:
    """The results of reads by their keys. A read that failed holds its error."""

    results: Mapping[Read[Any], Any]

    def __getitem__(self, read: Read[T]) -> T:
        """The result of a read; raises its error where it failed."""
        found: T = self.results[read]
        if isinstance(found, Exception):
            raise found
        return found

    def __contains__(self, read: Read[Any]) -> bool:
        return read in self.results

    def get(self, read: Read[T]) -> T | None:
        """The result, or None where there is none or the read failed."""
        found: T | None = self.results.get(read)
        return None if isinstance(found, Exception) else found

    def error(self, read: Read[Any]) -> AckGpuError | None:
        """Why the read failed, or None."""
        found = self.results.get(read)
        return found if isinstance(found, AckGpuError) else None

    def joined(self, more: Mapping[Read[Any], Any]) -> ReadResults:
        """These results, and others beside them."""
        return ReadResults({**self.results, **more})

    def denied(self) -> list[AccessDenied]:
        """Every refusal by RAM, one for each action."""
        found = [error for error in self.results.values() if isinstance(error, AccessDenied)]
        return list({error.action: error for error in found}.values())
