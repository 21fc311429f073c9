"""The records of ``delete`` and ``gc``: before, and after."""

from __future__ import annotations

from dataclasses import dataclass

from ackgpu.engine.aftermath import KnownSum
from ackgpu.engine.step import Resource
from ackgpu.render.results import OfCluster


@dataclass(frozen=True, kw_only=True)
class DeletePreview(OfCluster):
    """What ``delete`` is about to remove: shown before the question, and by a dry run.

    ``removes`` and ``keeps`` are phrases ("node pool gpu (2 instances)"); ``notes`` what is deleted
    along unasked, such as a load balancer of a Service. ``counted``: what is deleted, to be counted
    by kind. ``dry_run``: nothing is deleted after it.
    """

    id: str
    region: str
    removes: tuple[str, ...]
    keeps: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    counted: tuple[Resource, ...] = ()
    dry_run: bool = False


@dataclass(frozen=True, kw_only=True)
class Retained:
    """A resource that a deletion left alone, and why."""

    resource: Resource
    why: str


@dataclass(frozen=True, kw_only=True)
class DeleteResult(OfCluster):
    """``delete``, done. ``existed`` False: there was nothing to delete.

    ``waited`` False: it was requested without waiting, and is going on; ``next_commands`` then
    delete what is ``left``. The receipt: ``gone`` was
    read back as absent, ``retained`` was left alone on purpose, ``left`` are leftovers, and
    ``unread`` went along with the cluster and cannot be read back by ackgpu (log project, ROS
    stack, RAM role). ``complete`` False: something is left, or could not be read back. ``lived``:
    cloud seconds from its creation; ``cost``: what that came to, had it always been as in the end.
    """

    region: str
    existed: bool = True
    complete: bool = True
    waited: bool = True
    seconds: float = 0
    lived: float | None = None
    cost: KnownSum | None = None
    left: tuple[Resource, ...] = ()
    gone: tuple[Resource, ...] = ()
    retained: tuple[Retained, ...] = ()
    unread: tuple[Resource, ...] = ()
    next_commands: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class GcRow:
    """Something that ``gc`` removes, or would. ``age`` in cloud seconds; ``reason``: why.

    ``removed`` is False of what is still there. ``cluster``: whose it is.
    """

    cluster: str
    kind: str
    name: str
    id: str
    region: str
    reason: str
    age: float | None = None
    removed: bool = False


@dataclass(frozen=True, kw_only=True)
class GcReceipt:
    """A cluster that ``gc`` deleted; ``lived`` and ``cost`` as those of :class:`DeleteResult`."""

    cluster: str
    region: str
    lived: float | None = None
    cost: KnownSum | None = None


@dataclass(frozen=True, kw_only=True)
class GcResult:
    """``gc``. ``executed`` False: nothing was removed yet. ``deleted``: what is gone completely.

    ``unread_regions`` refused or failed, so that nobody knows what is in them.
    """

    found: tuple[GcRow, ...]
    executed: bool
    deleted: tuple[GcReceipt, ...] = ()
    unread_regions: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of what was found or, once executed, removed; ids where there is no name."""
        rows = (row for row in self.found if row.removed or not self.executed)
        return tuple(row.name or row.id for row in rows)
