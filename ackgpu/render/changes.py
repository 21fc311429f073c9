"""What ``apply`` and ``nodepool update`` show: each setting's old value and its new one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ackgpu.cloud.api import Price

ChangeAction = Literal["change", "add", "remove", "wait", "leave", "refuse"]


@dataclass(frozen=True, kw_only=True)
class ChangeRow:
    """A setting, or a thing as a whole, that is not what the file says.

    ``leave``: it stays as it is, for what ``note`` says; ``refuse``: it cannot be changed, and so
    nothing is; ``wait``: it is on its way already.
    """

    action: ChangeAction
    setting: str
    before: str = ""
    after: str = ""
    note: str = ""

    @property
    def pending(self) -> bool:
        """Whether something is to be done about it."""
        return self.action not in {"leave", "refuse"}


@dataclass(frozen=True, kw_only=True)
class Changes:
    """The changes of a cluster. ``source``: the file, or the command line's own flags.

    ``applied``: they were made, and read back; not in a dry run, nor if one is refused.
    ``price_more``: what an hour costs more (less, if negative) with them; None if that is the same.
    """

    cluster_name: str
    region: str
    source: str
    changes: tuple[ChangeRow, ...]
    applied: bool = False
    price_more: Price | None = None
    seconds: float = 0

    @property
    def names(self) -> tuple[str, ...]:
        """The settings that are changed."""
        return tuple(row.setting for row in self.changes if row.pending)
