"""Looking in several regions, of which some may be closed to the caller or fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from ackgpu.errors import CloudError

R = TypeVar("R")


@dataclass(frozen=True)
class Looked(Generic[R]):
    """What is in the regions that were looked at, and why the others were not."""

    found: Mapping[str, Sequence[R]]
    failures: Mapping[str, CloudError]

    @property
    def rows(self) -> list[R]:
        """What was found, region by region."""
        return [row for rows in self.found.values() for row in rows]

    @property
    def warnings(self) -> tuple[str, ...]:
        """A line on each region that was not looked at."""
        return tuple(
            f"{region} was not looked at: {error.message}"
            for region, error in self.failures.items()
        )

    @property
    def error(self) -> CloudError | None:
        """The first failure: there is something to show, and it is not all."""
        return next(iter(self.failures.values()), None)


def sort_out(results: Mapping[str, Sequence[R] | Exception]) -> Looked[R]:
    """What each region came to, from its rows or what was raised there.

    Raises what does not come from the cloud, and the first failure where no region could be looked
    at.
    """
    found: dict[str, Sequence[R]] = {}
    failures: dict[str, CloudError] = {}
    for region, result in results.items():
        if isinstance(result, CloudError):
            failures[region] = result
        elif isinstance(result, Exception):
            raise result
        else:
            found[region] = result
    if failures and not found:
        raise next(iter(failures.values()))
    return Looked(found, failures)
