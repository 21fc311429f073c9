"""One cluster as it is at one moment: its documents, and the objects that follow from them.

What clients wrote lies in documents of kind ``kube``, named by resource. What the cluster itself
brings (nodes, system pods, leases) is a function of the documents of other kinds and of the time.
A client's change to such an object is kept as a *delta* and laid over it.

A resourceVersion is a moment: microseconds of the emulated timeline, pushed ahead by one for each
write that would otherwise share it. So what time alone brings about (a node that becomes Ready)
has its place in the same order as what clients write, and reading changes nothing.
"""

from __future__ import annotations

import fnmatch
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Protocol

from ackgpu.emulator.kube.objects import Obj, uid_of
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared.lifecycle import state_at
from ackgpu.emulator.shared.merge_patches import merge_patch
from ackgpu.emulator.shared.tables import table
from ackgpu.emulator.store import Doc, Transaction
from ackgpu.emulator.timeline import Timeline

KIND = "kube"
TICKS = 1_000_000  # resource versions in a second of the emulated timeline

Key = tuple[str, str]
"""Namespace (empty for cluster-scoped objects) and name."""


class KubeBackend(Protocol):
    """What the Kubernetes API asks of the emulator."""

    settings: dict[str, Any]
    rng: random.Random

    @contextmanager
    def transaction(self, write: bool = False) -> Iterator[Transaction]:  # noqa: FBT001, FBT002
        """One transaction."""

    def timeline(self, session: Transaction) -> Timeline:
        """The account's timeline."""

    def timeline_now(self, session: Transaction | None = None) -> float:
        """The emulated second it is."""

    def internal_call(self, session: Transaction, name: str, *, region: str = "") -> Call:
        """A call on ACK's own behalf."""


@dataclass(slots=True, kw_only=True)
class StoredObject:
    """One object: its identity and versions at once, its full form when it is needed.

    ``build`` makes the part that clients may change; ``finish`` adds what follows from it.
    """

    key: Key
    uid: str
    created: int
    version: int
    build: Callable[[], Obj]
    finish: Callable[[Obj], Obj] | None = None
    _object: Obj | None = None

    @property
    def object(self) -> Obj:
        """The object, its resourceVersion filled in. Do not change it."""
        if self._object is None:
            built = self.build()
            built = self.finish(built) if self.finish else built
            version = {"resourceVersion": str(self.version)}
            self._object = {**built, "metadata": {**built["metadata"], **version}}
        return self._object

    def forget(self) -> None:
        """Give the full form's memory back; it is built again when needed."""
        self._object = None


Source = Callable[["ClusterState"], list[StoredObject]]
"""What there is of a resource beside what clients made."""
Told = tuple[float | None, Obj | None]
"""When the status of an object changed last, and the status; None where it has none."""
Status = Callable[["ClusterState", Doc], Told | None]
"""The status of what a client made; None: it does not show, or not as it was written."""


def version_at(seconds: float) -> int:
    """The resource version that belongs to a moment."""
    return int(seconds * TICKS) + 1


class ClusterState:
    """A cluster within one transaction, at the moment ``now``."""

    def __init__(
        self,
        session: Transaction,
        cluster: Doc,
        backend: KubeBackend,
        sources: Mapping[str, Source],
        statuses: Mapping[str, Status],
    ) -> None:
        self.session = session
        self.cluster = cluster
        self.backend = backend
        self.timeline = backend.timeline(session)
        self.now = backend.timeline_now(session)
        self._sources = sources
        self._statuses = statuses
        self._entries: dict[str, list[StoredObject]] = {}
        self._bases: dict[str, dict[Key, StoredObject]] = {}
        self._docs: dict[str, dict[Key, Doc]] = {}
        self.computed: dict[str, Any] = {}

    @property
    def id(self) -> str:
        """The cluster's id."""
        return self.cluster.id

    @property
    def settings(self) -> Mapping[str, Any]:
        """The scenario and its faults."""
        return self.backend.settings

    @property
    def rng(self) -> random.Random:
        """The account's source of chance."""
        return self.backend.rng

    @cached_property
    def node_docs(self) -> list[Doc]:
        """Every node that the cluster had or has, in the order of birth."""
        return self.session.find("node", scope=self.id)

    @cached_property
    def kubernetes_version(self) -> str:
        """``1.34.1-aliyun.1``, as the cluster's document says it."""
        return state_at(self.cluster.body["versions"], self.now)

    @property
    def version(self) -> int:
        """The collection's resource version now."""
        counter = int(self.session.meta(f"kube.version.{self.id}") or 0)
        # Time itself moves it on: what becomes Ready by
        # time only has to be newer than what was read.
        return max(counter, version_at(self.now))

    def next_version(self) -> int:
        """The resource version of the next write."""
        # Kept in the account: a second process that serves it goes on from here.
        version = self.version + 1
        self.session.set_meta(f"kube.version.{self.id}", str(version))
        return version

    def stamp(self, seconds: float) -> str:
        """A moment as objects show it: RFC 3339, in whole seconds."""
        return rfc3339(self.timeline.instant(seconds))

    def stamp_micro(self, seconds: float) -> str:
        """A moment as leases show it: RFC 3339 with microseconds."""
        return self.timeline.instant(seconds).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def documents(self, plural: str) -> dict[Key, Doc]:
        """What clients wrote of a resource, deleted objects among it."""
        if plural not in self._docs:
            rows = self.session.find(KIND, scope=self.id, name=plural)
            self._docs[plural] = {key_of(doc): doc for doc in rows}
        return self._docs[plural]

    def written(self, plural: str) -> list[Doc]:
        """The objects that clients made and that exist now."""
        rows = self.documents(plural).values()
        return [doc for doc in rows if "object" in doc.body and doc.alive(self.now)]

    def entries(self, plural: str) -> list[StoredObject]:
        """Every object of a resource, by namespace and name."""
        if plural not in self._entries:
            source = self._sources.get(plural)
            rows = [*self._standing(plural), *(source(self) if source else ())]
            bases = {entry.key: entry for entry in rows}
            self._bases[plural] = bases
            laid = (self._overlaid(plural, entry) for entry in bases.values())
            found = [entry for entry in laid if entry is not None]
            self._entries[plural] = sorted(found, key=lambda entry: entry.key)
        return self._entries[plural]

    def _standing(self, plural: str) -> Iterator[StoredObject]:
        """What every cluster has of a resource from its birth, then what clients made."""
        yield from (brought_entry(self, obj) for obj in table("kube/brought").get(plural, ()))
        status = self._statuses.get(plural)
        for doc in self.written(plural):
            if told := status(self, doc) if status else (None, None):
                yield written_entry(doc, *told)

    def within(self, namespace: str, plural: str) -> list[StoredObject]:
        """Every object of a resource in a namespace."""
        return [entry for entry in self.entries(plural) if entry.key[0] == namespace]

    def entry(self, plural: str, key: Key) -> StoredObject | None:
        """The object of that namespace and name."""
        return next((entry for entry in self.entries(plural) if entry.key == key), None)

    def plain(self, plural: str, key: Key) -> StoredObject:
        """The object without what clients laid over it."""
        self.entries(plural)
        return self._bases[plural][key]

    def _overlaid(self, plural: str, entry: StoredObject) -> StoredObject | None:
        doc = self.documents(plural).get(entry.key)
        # A delta of an earlier object of the name (a node
        # that was replaced) is not laid over this one.
        if doc is None or doc.body.get("uid") != entry.uid or "delta" not in doc.body:
            return entry
        if not doc.alive(self.now):
            return None
        delta = doc.body["delta"]
        version = max(entry.version, int(doc.body["version"]))
        return StoredObject(
            key=entry.key,
            uid=entry.uid,
            created=entry.created,
            version=version,
            build=lambda: merge_patch(entry.build(), delta),
            finish=entry.finish,
        )

    def forget_entries(self) -> None:
        """Compute objects anew when next asked: something was written."""
        self._entries.clear()
        self._bases.clear()
        self._docs.clear()
        self.computed.clear()
        # A cached property's value.
        self.__dict__.pop("node_docs", None)

    def fault(
        self, kind: str, *, node: str = "", index: int = 0, image: str = ""
    ) -> Mapping[str, Any] | None:
        """The scenario's fault of that kind, where it is meant for this node and image.

        ``cluster`` of a fault is a cluster's name, ``node`` a node's index or a pattern of names,
        ``count`` reaches the first so many nodes, ``image`` is a pattern; left out, each means all.
        """
        for row in self.settings.get("faults", ()):
            if row.get("kind") != kind:
                continue
            if row.get("cluster", self.cluster.name) not in {self.cluster.name, self.id}:
                continue
            if _reaches(row, node, index) and fnmatch.fnmatch(image, row.get("image", "*")):
                fault: Mapping[str, Any] = row
                return fault
        return None


def _reaches(row: Mapping[str, Any], node: str, index: int) -> bool:
    wanted = row.get("node", "*")
    named = index == wanted if isinstance(wanted, int) else fnmatch.fnmatch(node, str(wanted))
    return named and index < int(row.get("count", index + 1))


def key_of(doc: Doc) -> Key:
    """The namespace and name that a document of kind ``kube`` stands for."""
    _, _, namespace, name = doc.id.split("/", 3)
    return namespace, name


def doc_id(cluster_id: str, plural: str, key: Key) -> str:
    """The id of the document that stands for an object."""
    return f"{cluster_id}/{plural}/{key[0]}/{key[1]}"


def written_entry(
    doc: Doc, changed: float | None = None, status: Obj | None = None
) -> StoredObject:
    """An object that a client made, with a status computed where given.

    ``changed``: when its computed part changed last.
    """
    body = doc.body

    def build() -> Obj:
        obj = {**body["object"], "metadata": dict(body["object"]["metadata"])}
        return obj if status is None else {**obj, "status": status}

    version = int(body["version"])
    if changed is not None:
        version = max(version, version_at(changed))
    uid = body["object"]["metadata"]["uid"]
    created = int(body["created"])
    return StoredObject(key=key_of(doc), uid=uid, created=created, version=version, build=build)


def brought_entry(
    state: ClusterState, obj: Obj, version: int = 0, created: int = 0
) -> StoredObject:
    """An object that the cluster itself brings: all but its uid and its time of birth is given.

    ``created``: the resource version of its birth, the cluster's own where left out; ``version``:
    that of its last change, that of its birth where left out.
    """
    metadata, created = obj["metadata"], created or version_at(state.cluster.created_at)
    key = (metadata.get("namespace", ""), metadata["name"])
    uid = metadata.get("uid") or uid_of(state.id, obj["kind"], *key)
    told = {**metadata, "uid": uid, "creationTimestamp": state.stamp(created / TICKS)}
    return StoredObject(
        key=key,
        uid=uid,
        created=created,
        version=max(version, created),
        build=lambda: {**obj, "metadata": dict(told)},
    )


def rfc3339(instant: datetime) -> str:
    """An instant in whole seconds."""
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")
