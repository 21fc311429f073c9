"""What a sleeping cluster had: the sizes and bounds of its pools, in tags of the cluster itself.

They are written before anything is scaled, and taken away once everything is back: whoever stops
in between, on whichever machine, finds there what to go on with.

A record reads ``2:gpu=3/small=2@1-5.gpu``: the number of tags that it takes, then each pool with
its nodes and, if it scales itself, its bounds and their kind. Up to four tags, in the order of
their keys; a value has at most 128 characters (CS API reference, TagResources).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ackgpu import flag
from ackgpu.cloud.api import AutoScaling, Cloud, Cluster, NodePool
from ackgpu.engine.step import Absent, Broken, Context, Finding, Ready, Step
from ackgpu.errors import ConflictError, NoSuchCluster
from ackgpu.naming import ASLEEP_TAG, TAG_VALUE_LIMIT, is_asleep

MAX_TAGS = 4
KEYS = tuple(f"{ASLEEP_TAG}{number}" for number in range(1, MAX_TAGS + 1))
_POOL = re.compile(r"([^=/@]+)=(\d+)(?:@(\d+)-(\d+)(?:\.(\w+))?)?")


@dataclass(frozen=True)
class PoolSize:
    """What a pool goes back to.

    ``nodes``: its desired size; of a pool that scales itself, the nodes that it had. ``bounds``:
    between which it scales itself, if it does.
    """

    pool: str
    nodes: int
    bounds: AutoScaling = field(default_factory=AutoScaling)

    @classmethod
    def of(cls, pool: NodePool) -> PoolSize:
        """As the pool is now."""
        if pool.auto_scaling.enabled:
            return cls(pool.name, pool.total, pool.auto_scaling)
        return cls(pool.name, pool.desired)

    def on(self, pool: NodePool) -> NodePool:
        """``pool`` as it is when it is awake."""
        desired = 0 if self.bounds.enabled else self.nodes
        return replace(pool, desired=desired, auto_scaling=self.bounds)


def to_tags(sizes: Sequence[PoolSize]) -> dict[str, str]:
    """The tags that record the sizes. Raises ConflictError beyond what four of them hold."""
    text = "/".join(_written(size) for size in sizes)
    room = TAG_VALUE_LIMIT - len("9:")
    chunks = [text[:room], *_chunks(text[room:], TAG_VALUE_LIMIT)]
    if len(chunks) > MAX_TAGS:
        held = room + (MAX_TAGS - 1) * TAG_VALUE_LIMIT
        raise ConflictError(
            f"The cluster cannot sleep: the sizes of its {len(sizes)} node pools take"
            f" {len(text)} characters, and the tags that keep them hold {held}.",
            resolution="Scale its pools to 0 yourself, one after the other:"
            f" `ackgpu nodepool scale NAME {sizes[0].pool} {flag.NODES} 0` is the first.",
        )
    chunks[0] = f"{len(chunks)}:{chunks[0]}"
    return dict(zip(KEYS, chunks, strict=False))


def from_tags(tags: Mapping[str, str]) -> tuple[PoolSize, ...]:
    """What the tags record; nothing if the cluster is awake.

    Raises ConflictError if somebody changed them, so that nobody can tell the sizes.
    """
    if not is_asleep(tags):
        return ()
    count, _, first = tags[KEYS[0]].partition(":")
    keys = KEYS[1 : int(count)] if count in {"1", "2", "3", "4"} else ()
    parts = [first, *(tags.get(key) for key in keys)]
    found = [_POOL.fullmatch(word) for word in "".join(part or "" for part in parts).split("/")]
    if (not keys and count != "1") or None in parts or None in found:
        raise ConflictError(
            f"The tags {KEYS[0]} and following do not say what the cluster had before it slept:"
            f" {tags[KEYS[0]]!r}.",
            resolution="Take them off (UntagResources of ACK's API), and scale its pools yourself:"
            " `ackgpu nodepool list NAME` names them.",
        )
    return tuple(_read(match) for match in found if match is not None)


def awake(pools: Iterable[NodePool], tags: Mapping[str, str]) -> list[NodePool]:
    """The pools of a cluster as they are when it is awake; of one that is, as they are."""
    sizes = {size.pool: size for size in from_tags(tags)}
    return [sizes[pool.name].on(pool) if pool.name in sizes else pool for pool in pools]


def _chunks(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


def _written(size: PoolSize) -> str:
    bounds = size.bounds
    kind = f".{bounds.kind}" if bounds.kind else ""
    scaled = f"@{bounds.least}-{bounds.most}{kind}" if bounds.enabled else ""
    return f"{size.pool}={size.nodes}{scaled}"


def _read(match: re.Match[str]) -> PoolSize:
    pool, nodes, least, most, kind = match.groups()
    bounds = AutoScaling(True, int(least), int(most), kind or "") if least else AutoScaling()  # noqa: FBT003
    return PoolSize(pool, int(nodes), bounds)


class SleepRecordStep(Step[Cluster]):
    """The tags with the sizes, visible to whoever looks, before anything is scaled."""

    typical = 2
    changes = True
    reads = ("containers.clusters",)
    writes = ("containers.set_tags",)
    title = "in tags of the cluster"

    def __init__(
        self, cloud: Cloud, cluster: Cluster, tags: Mapping[str, str], *, running: Step[Cluster]
    ) -> None:
        super().__init__("sizes kept", "tags", (running,))
        self._cloud = cloud
        self._found = cluster
        self._tags = dict(tags)

    def find(self, ctx: Context) -> Finding[Cluster]:
        """Look at the list of clusters, which is what any other run reads, and the last to tell."""
        del ctx
        found = self._listed()
        if found is None:
            return Broken(NoSuchCluster(f"The cluster {self._found.id} is gone."))
        has = {key: found.tags[key] for key in KEYS if key in found.tags}
        if has == self._tags:
            return Ready(found, found.id, self.title)
        return Broken(self._another(), id=found.id) if is_asleep(has) else Absent()

    def create(self, ctx: Context, token: str) -> None:
        del ctx, token
        found = self._listed()
        if found is not None and is_asleep(found.tags):
            raise self._another()
        self._cloud.containers.set_tags(self._found.id, self._tags)

    def _listed(self) -> Cluster | None:
        name, region = self._found.name, self._cloud.region
        rows = self._cloud.containers.clusters(name=name, region=region)
        return next((row for row in rows if row.id == self._found.id), None)

    def _another(self) -> ConflictError:
        return ConflictError(
            f"Somebody else puts {self._found.name} to sleep at the same time.",
            resolution="`ackgpu sleep NAME` goes on with it.",
        )


class SleepEndStep(Step[Cluster]):
    """The tags taken off, once every pool is back."""

    typical = 2
    changes = True
    reads = ("containers.clusters",)
    writes = ("containers.remove_tags",)
    title = "the kept sizes taken off"

    def __init__(self, cloud: Cloud, cluster: Cluster, *, after: Sequence[Step[object]]) -> None:
        super().__init__("awake", "tags", tuple(after))
        self._cloud = cloud
        self._found = cluster

    def find(self, ctx: Context) -> Finding[Cluster]:
        del ctx
        name, region = self._found.name, self._cloud.region
        rows = self._cloud.containers.clusters(name=name, region=region)
        found = next((row for row in rows if row.id == self._found.id), None)
        if found is None:
            return Broken(NoSuchCluster(f"The cluster {self._found.id} is gone."))
        return Absent() if is_asleep(found.tags) else Ready(found, found.id, "awake")

    def create(self, ctx: Context, token: str) -> None:
        del ctx, token
        self._cloud.containers.remove_tags(self._found.id, KEYS)
