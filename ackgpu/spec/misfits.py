"""Values that do not fit the model, as the model reports them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Misfit:
    """A value that does not fit the model: its path, pydantic's word for why, and the value."""

    path: tuple[str | int, ...]
    kind: str
    message: str
    given: object


class MisfitError(ValueError):
    """A document does not fit the model; ``misfits`` holds each value that does not."""

    def __init__(self, misfits: tuple[Misfit, ...]) -> None:
        super().__init__(f"{len(misfits)} values do not fit")
        self.misfits = misfits
