"""What commands hand to :func:`ackgpu.render.present`: plain frozen records, nothing drawn.

The table, the JSON document and the names of ``-o name`` all come from the same record. A command
wraps its own record (a *part*) in a :class:`Result`. In the document a part's fields stand at the
top level in camelCase beside the fields of the envelope, so no part may have a field of theirs.

What looks at things and judges them (quota, preflight, verify, run-sample) has its records in
:mod:`ackgpu.render.verdicts`, what deletes them in :mod:`ackgpu.render.deletions`.

Times are instants in UTC, durations cloud seconds. A figure that nobody could read is None and is
shown as unknown, never as 0. A ``Price`` is an hour's, unless the field says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Literal, Protocol, TypeVar

from ackgpu.cloud.api import ClusterEvent, Price
from ackgpu.engine.aftermath import KnownSum
from ackgpu.engine.step import Drift, Resource
from ackgpu.errors import AckGpuError

T = TypeVar("T")
PlanAction = Literal["CREATE", "CHANGE", "ADOPT", "REUSE", "WAIT", "CHECK", "DELETE", "BROKEN"]


class Part(Protocol):
    """A command's own part of a result."""

    @property
    def names(self) -> tuple[str, ...]:
        """What ``-o name`` prints, one a line."""


def shown_as(kind: type[T], seen: object, **more: Any) -> T:
    """A record of this ``kind``: of ``seen`` what has the same name in both, and ``more``.

    Raises TypeError for a field without a default that neither has.
    """
    names = (row.name for row in fields(kind) if row.init)  # type: ignore[arg-type]
    return kind(**{name: getattr(seen, name) for name in names if hasattr(seen, name)} | more)


@dataclass(frozen=True, kw_only=True)
class OfCluster:
    """A part that is about one cluster."""

    cluster_name: str

    @property
    def names(self) -> tuple[str, ...]:
        """The cluster's name."""
        return (self.cluster_name,)


@dataclass(frozen=True, kw_only=True)
class Result:
    """A command's result in the common envelope.

    ``error`` is set where there is something to show although the command failed (verification,
    quota): the part goes to stdout, the error to stderr, and the exit code is the error's.
    ``exit_code`` is for results that are no error and exit with another code than 0 (changes
    are pending). ``durations`` maps what took time (a step's name, ``total``) to cloud seconds.
    ``resources`` is shown in documents only; a part that draws them holds them itself.
    """

    command: str
    part: Part
    resources: tuple[Resource, ...] = ()
    warnings: tuple[str, ...] = ()
    durations: Mapping[str, float] = field(default_factory=dict)
    error: AckGpuError | None = None
    exit_code: int = 0

    @property
    def exits_with(self) -> int:
        """The exit code of the process."""
        return self.error.exits_with if self.error else self.exit_code


@dataclass(frozen=True, kw_only=True)
class PricePart:
    """One part of an hourly price: ``what`` is "nodes", "NAT", "EIP" and so on."""

    what: str
    price: Price


@dataclass(frozen=True, kw_only=True)
class NodePoolRow:
    """A node pool. ``slice`` is what one node's GPU is ("GRID-P4-2Q 2048MiB"), where known.

    ``auto_scaling``: the bounds of a pool that scales itself ("1 to 5"), which desires no number.
    """

    name: str
    id: str
    state: str
    instance_types: tuple[str, ...]
    desired: int
    total: int
    healthy: int
    failed: int = 0
    slice: str = ""
    charge_type: str = "PostPaid"
    spot: bool = False
    auto_scaling: str = ""


@dataclass(frozen=True, kw_only=True)
class ClusterRow:
    """A cluster of ackgpu's. ``state`` is the cloud's word; ``nodes`` None where it was not read.

    ``asleep``: `ackgpu sleep` released its nodes, or is about to; `ackgpu wake` makes them anew.
    ``expires`` is the end of its lifetime, ``held`` that gc leaves it alone all the same,
    ``unreadable_expiry`` what somebody put in place of a time. ``hourly``: what it costs now;
    ``cost_so_far``: what it has cost in that currency, had it always been as it is.
    """

    name: str
    id: str
    region: str
    state: str
    version: str
    nodes: int | None = None
    created: datetime | None = None
    expires: datetime | None = None
    expired: bool = False
    held: bool = False
    asleep: bool = False
    unreadable_expiry: str = ""
    hourly: KnownSum | None = None
    cost_so_far: float | None = None


@dataclass(frozen=True, kw_only=True)
class ClusterList:
    """``list``. ``regions`` were looked at; ``next_commands`` make a first cluster.

    ``unread_regions`` refused or failed, so that nobody knows what is in them. ``selection`` is
    what a cluster had to be in order to be listed, as flags: ``-l team=ml``.
    """

    clusters: tuple[ClusterRow, ...]
    regions: tuple[str, ...] = ()
    unread_regions: tuple[str, ...] = ()
    next_commands: tuple[str, ...] = ()
    selection: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The clusters' names."""
        return tuple(row.name for row in self.clusters)


@dataclass(frozen=True, kw_only=True)
class CreateSummary:
    """``create``, done.

    ``changed``: something was made; False when all of it stood already. ``waited``: False if
    nobody waited, and the cluster is still being made. ``endpoint`` is the one that the kubeconfig
    names. ``network`` and ``by_ack`` are the resources of ours and those that ACK made.
    ``gpu_nodes_verified`` is None where verification was off. ``prices_of`` is the day that the
    prices are of. ``next_commands`` are whole command lines; ``note`` is a sentence on them.
    ``type_choice``: the instance type of pools that name none, and why.
    """

    cluster: ClusterRow
    endpoint: str
    node_pools: tuple[NodePoolRow, ...]
    gpu_nodes: int
    gpu_nodes_verified: int | None
    network: tuple[Resource, ...] = ()
    by_ack: tuple[Resource, ...] = ()
    price: Price | None = None
    price_parts: tuple[PricePart, ...] = ()
    prices_of: str = ""
    kubeconfig: str = ""
    seconds: float = 0
    changed: bool = True
    waited: bool = True
    next_commands: tuple[str, ...] = ()
    note: str = ""
    type_choice: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The cluster's name."""
        return (self.cluster.name,)


@dataclass(frozen=True)
class Fact:
    """Something of a cluster, such as "VPC": "vpc-… 192.168.0.0/16". A name may come twice."""

    name: str
    value: str


@dataclass(frozen=True, kw_only=True)
class ClusterDescription:
    """``describe``; ``listed`` and ``events`` are empty unless they were requested."""

    cluster: ClusterRow
    facts: tuple[Fact, ...] = ()
    node_pools: tuple[NodePoolRow, ...] = ()
    listed: tuple[Resource, ...] = ()
    events: tuple[ClusterEvent, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The cluster's name."""
        return (self.cluster.name,)


@dataclass(frozen=True, kw_only=True)
class NodeRow:
    """A node. ``state`` is ACK's word for it, ``status`` the kubelet's (Ready, NotReady).

    ``error`` is why it did not join, empty if it did.
    """

    name: str
    instance_id: str
    instance_type: str
    node_pool: str
    state: str
    status: str
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class NodeList:
    """``node list``, and the pool's nodes after a change of one."""

    cluster_name: str
    nodes: tuple[NodeRow, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The nodes' names."""
        return tuple(row.name for row in self.nodes)


@dataclass(frozen=True, kw_only=True)
class PlanRow:
    """What one step would do. ``detail`` is what it will be or is, ``note`` why it is no CREATE."""

    action: PlanAction
    step: str
    id: str = ""
    detail: str = ""
    note: str = ""
    drift: tuple[Drift, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PlanResult:
    """``plan``, and the dry run of ``create``. ``seconds`` is how long it usually takes, if known.

    ``prices_of`` is the day that the prices are of; ``order`` is what subscriptions cost at once.
    ``type_choice``: the instance type of pools that name none, and why.
    """

    cluster_name: str
    region: str
    steps: tuple[PlanRow, ...]
    order: Price | None = None
    seconds: float | None = None
    price: Price | None = None
    price_parts: tuple[PricePart, ...] = ()
    prices_of: str = ""
    type_choice: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The steps that change something."""
        changing = {"CREATE", "CHANGE", "DELETE"}
        return tuple(row.step for row in self.steps if row.action in changing)


@dataclass(frozen=True, kw_only=True)
class OfferRow:
    """An instance type in a zone. ``stock``: ok, low or none. Memory in GiB.

    ``card`` is the slice in words ("P4 1/4"). ``spot`` None: there is no spot price or it is not
    known. ``taken``: what ``create`` takes if no type is named; ``refused``: too small for ACK;
    ``retired``: sold only while stock is left. ``license``: of the GRID driver.
    """

    instance_type: str
    card: str
    gpu_memory_gib: float
    vcpu: int
    memory_gib: float
    region: str
    zone: str
    stock: Literal["ok", "low", "none"]
    price: Price | None = None
    spot: Price | None = None
    taken: bool = False
    retired: bool = False
    refused: bool = False
    license: Literal["own", "included", "none"] = "none"


@dataclass(frozen=True, kw_only=True)
class OfferList:
    """``offers``."""

    offers: tuple[OfferRow, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Each instance type once."""
        return tuple(dict.fromkeys(row.instance_type for row in self.offers))


@dataclass(frozen=True, kw_only=True)
class NodePoolList:
    """``nodepool list``, and the pool after a change of it.

    ``type_choice``: the instance type of a new pool that names none, and why.
    """

    cluster_name: str
    node_pools: tuple[NodePoolRow, ...]
    type_choice: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The pools' names."""
        return tuple(row.name for row in self.node_pools)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Labels and values: ``version``, ``extend``, ``wait``, ``explain``, ``emulator status``.

    ``headline`` is drawn above them with a ✓ where ``done``. ``facts`` keys become camelCase; the
    first of them, where it is text, names what they are about.
    """

    headline: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    done: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The name of what they are about, where it has one."""
        first = next(iter(self.facts.values()), None)
        return (first,) if isinstance(first, str) else ()


@dataclass(frozen=True, kw_only=True)
class PlainText:
    """A file for other tools: a manifest, a kubeconfig, an export. A table is the text itself.

    ``with_secrets``: it holds a key, and that is what was asked for; no document carries it.
    """

    text: str
    with_secrets: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """No names: the text is what was requested."""
        return (self.text.rstrip("\n"),)
