"""What must be so after each change, at each command's end, and when all is over."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from simulation.machine import Process
from simulation.neighbours import TAG, is_paid
from simulation.nemesis import Nemesis
from simulation.schedule import MAX_LAG, Schedule
from simulation.world import World

from ackgpu.emulator.operation import ApiOperation
from ackgpu.emulator.store import Doc
from ackgpu.emulator.wire import HttpAnswer, WireRequest

CODES = {0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 129, 130, 143}
"""Every exit code that docs/exit-codes.md has, but for 1: a bug."""
TAGGED = ("vpc", "vswitch", "natgateway", "eip", "securitygroup", "cluster")
JOURNALLED = {
    "CreateVpc": "vpc", "CreateVSwitch": "vswitch", "CreateNatGateway": "nat gateway",
    "AllocateEipAddress": "eip", "CreateSecurityGroup": "security group",
    "CreateSnatEntry": "snat", "CreateCluster": "cluster", "CreateClusterNodePool": "node pool",
}  # fmt: skip
"""What makes something, and how the name of its step begins in the journal."""
UNTAGGED = {"CreateSnatEntry"}
"""What makes something that carries no tags."""
POOL = "ack.alibabacloud.com/nodepool-id"
DEFAULT_NODES = 2
OK = 200


class Invariants:
    """``say`` is told of each that does not hold."""

    def __init__(
        self,
        schedule: Schedule,
        world: World,
        nemesis: Nemesis,
        processes: Sequence[Process],
        say: Callable[[str], None],
    ) -> None:
        self._world, self._nemesis, self._say = world, nemesis, say
        self._processes = processes
        self._doubled = {t.kind for t in schedule.troubles} & {"twice", "again", "late"}
        self._asked = Counter[str]()
        for words in (play.words for play in schedule.plays):
            name = words[2] if words[0] == "nodepool" else words[min(1, len(words) - 1)]
            given = int(words[words.index("--nodes") + 1]) if "--nodes" in words else DEFAULT_NODES
            self._asked[name] = max(self._asked[name], given)
        self._made: dict[Process, str] = {}
        self._orders = defaultdict[str, set[float]](set)

    def after_write(
        self, operation: ApiOperation, request: WireRequest, answer: HttpAnswer
    ) -> None:
        """After each change that anybody asked for."""
        process = self._world.kernel.current
        if operation.name == "ModifyInstanceChargeType":
            self._nothing_is_paid_twice()
        if operation.name not in JOURNALLED:
            self.nothing_foreign_is_touched(operation.name)
        if not isinstance(process, Process):
            return
        if operation.name in JOURNALLED:
            self._is_journalled(process, operation.name, request)
            if operation.name not in UNTAGGED:
                self._is_tagged(process, operation.name, request)
        if operation.name == "CreateCluster":
            self._one_cluster_a_name(process, request, answer)
        if operation.name == "CreateClusterNodePool":
            self._one_pool_a_name()

    def ended(self, process: Process) -> None:
        """When a command has ended: what it says is the truth.

        What somebody else did to what is ours, or another command meanwhile, is no lie of it.
        """
        self.nothing_foreign_is_touched(str(process))
        self._no_more_is_subscribed_than_was_asked_for()
        neighbours = self._nemesis.neighbours
        if process.code != 0 or neighbours.untagged or neighbours.removed:
            return
        verb, name = process.words[0], process.words[min(1, len(process.words) - 1)]
        others = [p for p in self._processes if p is not process and p.began is not None]
        beside = [p for p in others if p.ended is None or p.ended >= (process.began or 0.0)]
        if any(name in p.words or p.words[0] in {"gc", "apply"} for p in beside if not p.dead):
            return
        if verb == "delete":
            left = [
                f"{doc.kind} {doc.id}" for doc in self._world.alive(*TAGGED) if is_of(doc, name)
            ]
            if left:
                self._say(f"{process} ended in 0 and left {', '.join(left)}")
        if verb == "create" and not any(is_of(doc, name) for doc in self._world.alive("cluster")):
            self._say(f"{process} ended in 0, and there is no cluster")

    def judge(self, process: Process) -> None:
        """Of every command, however it ended."""
        text = process.out.getvalue() + process.err.getvalue()
        if process.crash is not None:
            self._say(f"{process} crashed: {process.crash!r}")
        if process.code is None and not process.dead:
            self._say(f"{process} neither ended nor was killed")
        if process.code is not None and process.code not in CODES:
            self._say(f"{process} ended in {process.code}: {last_of(process)}")
        if "Traceback" in text:
            self._say(f"{process} printed a traceback: {text[-400:]}")
        for secret in self._nemesis.secrets:
            if secret in text:
                self._say(f"{process} printed the access key's secret")
            for path in _files(process.machine.home):
                if path != process.machine.profile and secret.encode() in path.read_bytes():
                    self._say(f"{process} wrote the access key's secret to {path.name}")

    def nothing_is_there_twice(self, name: str) -> None:
        """Once all is well, a cluster has one of each thing that it needs one of."""
        ours = Counter(doc.kind for doc in self._world.alive(*TAGGED) if is_of(doc, name))
        for kind in ("vpc", "natgateway", "eip", "securitygroup", "cluster"):
            if ours[kind] > 1:
                self._say(f"{name} has {ours[kind]} of {kind}")
        self._one_pool_a_name()

    def nothing_is_left(self) -> None:
        """After the last deletion the account holds what is the neighbours', and nothing else."""
        theirs = self._nemesis.neighbours.is_theirs
        rest = [f"{d.kind} {d.id}" for d in self._world.rest() if not theirs((d.kind, d.id))]
        if rest:
            self._say(f"left after delete: {', '.join(sorted(rest))}")

    def nothing_foreign_is_touched(self, by: str) -> None:
        """What is the neighbours' is as they left it."""
        for complaint in self._nemesis.neighbours.complaints():
            self._say(f"{complaint}, after {by}")

    def _is_tagged(self, process: Process, action: str, request: WireRequest) -> None:
        if TAG not in request.parameters().values() and TAG.encode() not in request.body:
            self._say(f"{process} sent {action} without the cluster's tag")

    def _is_journalled(self, process: Process, action: str, request: WireRequest) -> None:
        """A request that makes something stands in the journal, with the token that it carries."""
        journals = (process.machine.home / "state" / "clusters").rglob("*.jsonl")
        lines = [line for path in journals for line in path.read_text("utf-8").splitlines()]
        step, token = f'"step": "{JOURNALLED[action]}', request.parameters().get("ClientToken", "")
        intents = (line for line in lines if '"intent"' in line and step in line)
        if not any(token in line for line in intents):
            self._say(f"{process} asked for {action} without a line in its journal")

    def _one_cluster_a_name(
        self, process: Process, request: WireRequest, answer: HttpAnswer
    ) -> None:
        """Nobody asks for a second one knowingly, nor makes one; the network's copies may.

        Where names may be shared and tokens are ignored nothing but our care is between the two.
        """
        now, asked = self._world.kernel.now, json.loads(request.body)
        for name, docs in _by_name(self._world.alive("cluster")).items():
            seen = [doc for doc in docs if now - doc.created_at > 2 * MAX_LAG]
            if len(docs) > 1 and (seen or not self._doubled):
                self._say(f"{len(docs)} clusters are named {name}, after {process}")
            older = any(doc.created_at < now for doc in docs)  # not what this very request made
            other = self._made.get(process, asked["client_token"]) != asked["client_token"]
            if name == asked["name"] and (seen or (older and other)):
                self._say(f"{process} asked for {name}, which is there")
        if answer.status == OK and not answer.hang_up:
            self._made[process] = asked["client_token"]

    def _one_pool_a_name(self) -> None:
        for key, docs in _by_name(self._world.alive("nodepool")).items():
            if len(docs) > 1:
                self._say(f"{len(docs)} node pools are named {key}")

    def _nothing_is_paid_twice(self) -> None:
        for doc in self._world.alive("instance"):
            if is_paid(doc) and "OrderUntil" in doc.body:
                self._orders[doc.id].add(doc.body["OrderUntil"])
                if len(self._orders[doc.id]) > 1:
                    self._say(f"{doc.id} was ordered {len(self._orders[doc.id])} times")

    def _no_more_is_subscribed_than_was_asked_for(self) -> None:
        paid = [doc for doc in self._world.alive("instance") if is_paid(doc)]
        pools = Counter((str(d.body["Tags"].get(TAG)), d.body["Tags"].get(POOL)) for d in paid)
        for (name, pool), count in pools.items():
            if pool and count > self._asked[name]:
                self._say(f"{count} subscriptions in {pool} of {name}, {self._asked[name]} asked")


def is_of(doc: Doc, name: str) -> bool:
    """Whether a document carries the tag of the cluster ``name``."""
    return bool(doc.body.get("Tags", {}).get(TAG) == name)


def is_asleep(doc: Doc) -> bool:
    """Whether a cluster's tags say that it sleeps."""
    return any(key.startswith("ackgpu:asleep") for key in doc.body.get("Tags", {}))


def last_of(process: Process) -> str:
    """The end of what a command said of its end."""
    return " / ".join(process.err.getvalue().strip().splitlines()[-6:])


def _by_name(docs: Sequence[Doc]) -> dict[str, list[Doc]]:
    """Clusters by their names, node pools by their cluster's id and their names."""
    groups: dict[str, list[Doc]] = defaultdict(list)
    for doc in docs:
        groups[doc.name if doc.kind == "cluster" else f"{doc.scope}/{doc.name}"].append(doc)
    return groups


def _files(home: Path) -> Iterator[Path]:
    return (path for path in home.rglob("*") if path.is_file())
