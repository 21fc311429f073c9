"""The schedule of a seed: which commands, which troubles, and how the cloud reads its doubts."""

from __future__ import annotations

import random
from collections.abc import Iterator

from simulation.files import VARIANTS
from simulation.schedule import (
    BLOWS,
    HORIZON,
    LIES_IN_A_ROW,
    STATELESS,
    WINDOWS,
    Play,
    Schedule,
    Trouble,
)

from ackgpu.emulator.doubts import DOUBTS

NAMES = ("demo", "night")
MACHINES = ("a", "b", "a", "b", STATELESS)
PRODUCTS = ("*", "*", "cs", "vpc", "ecs", "slb", "sts", "quotas", "kube")
LISTS = (
    "DescribeVpcs", "DescribeVSwitches", "DescribeNatGateways", "DescribeEipAddresses",
    "DescribeSecurityGroups", "DescribeSnatTableEntries", "DescribeInstances",
    "DescribeLoadBalancers", "DescribeClustersV1", "DescribeClustersForRegion",
    "DescribeClusterNodePools", "ListTagResources",
)  # fmt: skip
MAX_OUTAGE = 240.0
ZONES = ("", "", "cn-hangzhou-j", "cn-hangzhou-k")
KINDS = {
    "untag": ("vpc", "vswitch", "natgateway", "eip", "securitygroup", "cluster"),
    "remove": ("snat", "eip", "natgateway", "nodepool", "cluster"),
    "settle": ("vswitch", "securitygroup", "loadbalancer"),
}
"""What somebody else untags, deletes, adds."""
EXTRAS = (
    (), (), ("--no-verify",), ("--nodes", "3"), ("--ttl", "3h"), ("--no-public-endpoint",),
    ("--kubernetes-version", "1.35"),
)  # fmt: skip
PAID = ("--instance-type", "ecs.sgn7i-vws-m2s.xlarge", "--nodes", "1")
"""What can be subscribed: the default type is of a retired family."""
SUBSCRIBED = (*PAID, "--charge-type", "PrePaid", "--period", "1", "-y")
THREADED = 100
"""One seed of so many runs with real threads."""


def of_seed(seed: int) -> Schedule:
    """The schedule of a seed."""
    rng = random.Random(seed)
    plays = tuple(_plays(rng))
    troubles = tuple(_troubles(rng, plays))
    return Schedule(seed, plays, troubles, _doubts(rng), threads=seed % THREADED == 0)


def _plays(rng: random.Random) -> Iterator[Play]:
    """A create, what is done with it, and up to two lives beside it."""
    for name in rng.sample(NAMES, rng.choice((1, 1, 1, 2))):
        at, paid = rng.uniform(0, 200), rng.random() < 0.1
        yield Play(at, rng.choice(MACHINES), _create(rng, name, paid=paid))
        for _ in range(rng.choice((0, 1, 1, 2, 3))):
            at += rng.choice((rng.uniform(1, 60), rng.uniform(60, 900)))
            yield Play(min(at, HORIZON), rng.choice(MACHINES), _later(rng, name, paid=paid))
        if rng.random() < 0.5:
            at += rng.uniform(1, 900)
            yield Play(min(at, HORIZON), rng.choice(MACHINES), ("delete", name, "-y"))


def _create(rng: random.Random, name: str, *, paid: bool = False) -> tuple[str, ...]:
    extra = rng.choice((PAID, SUBSCRIBED)) if paid else rng.choice(EXTRAS)
    failure = rng.choice(((), (), ("--on-failure", "rollback")))
    return ("create", name, *extra, *failure)


def _later(rng: random.Random, name: str, *, paid: bool) -> tuple[str, ...]:
    subscribe = ("nodepool", "convert-billing", name, "gpu", "--period", "1", "-y")
    return rng.choice((
        _create(rng, name, paid=paid),
        ("delete", name, "-y"),
        ("delete", name, "-y"),
        ("nodepool", "scale", name, "gpu", "--nodes", str(rng.choice((1, 3, 4))), "-y"),
        ("nodepool", "add", name, "more", "--nodes", "1"),
        ("nodepool", "delete", name, "more", "-y"),
        _apply(rng, name),
        _apply(rng, name),
        ("sleep", name, "-y"),
        ("sleep", name, "-y"),
        ("wake", name),
        ("upgrade", name, "-y"),
        ("extend", name, "--ttl", "+2h"),
        ("gc", "--expired", "--execute", "-y"),
        ("gc", "--expired", "--orphans", "--execute", "-y"),
        ("verify", name, "--level", "allocatable"),
        ("list",),
        ("describe", name),
        ("kubeconfig", "write", name),
        *([subscribe] * 8 if paid else []),
    ))  # fmt: skip


def _apply(rng: random.Random, name: str) -> tuple[str, ...]:
    file = f"~/{name}-{rng.choice(tuple(VARIANTS))}.yaml"
    return ("apply", "-f", file, "-y", *rng.choice(((), ("--prune",))))


def _doubts(rng: random.Random) -> dict[str, str]:
    """Some doubts with one of their readings; none for half of the seeds."""
    chosen = rng.sample(sorted(DOUBTS), rng.choice((0, 0, 0, 1, 3, 6)))
    return {name: rng.choice(list(DOUBTS[name].readings)) for name in chosen}


def _troubles(rng: random.Random, plays: tuple[Play, ...]) -> Iterator[Trouble]:
    for _ in range(rng.choice((1, 2, 4, 8, 16))):
        yield rng.choice((_window, _window, _window, _blow, _flicker, _rare))(rng, plays)


def _window(rng: random.Random, plays: tuple[Play, ...]) -> Trouble:
    kind = rng.choice(WINDOWS)
    at = max(
        0.0, rng.choice(plays).at + rng.choice((-1.0, rng.uniform(0, 20), rng.uniform(0, 700)))
    )
    seconds = rng.choice((rng.uniform(1, 20), rng.uniform(20, MAX_OUTAGE)))
    chance = rng.choice((0.05, 0.3, 0.7, 1.0))
    return Trouble(kind, at, seconds, rng.choice(PRODUCTS), chance)


def _blow(rng: random.Random, plays: tuple[Play, ...]) -> Trouble:
    index = rng.randrange(len(plays))
    kind = rng.choice((*BLOWS, "kill"))
    calls = rng.choice((rng.randrange(1, 60), rng.randrange(1, 400)))
    seconds = 0.0
    if kind == "stall":
        seconds = rng.uniform(20, 1200)
    elif kind == "interrupt":
        seconds = rng.choice((0.0, 0.0, rng.uniform(0.01, 30)))
    return Trouble(kind, plays[index].at, seconds, str(index), calls=calls)


def _flicker(rng: random.Random, plays: tuple[Play, ...]) -> Trouble:
    at = max(0.0, rng.choice(plays).at + rng.choice((-1.0, rng.uniform(0, 300))))
    calls = rng.randint(1, 2 * LIES_IN_A_ROW)
    return Trouble("flicker", at, seconds=600.0, what=rng.choice(LISTS), calls=calls)


def _rare(rng: random.Random, plays: tuple[Play, ...]) -> Trouble:
    at = rng.choice(plays).at + rng.uniform(0, 700)
    seconds = rng.uniform(10, 600)
    match rng.choice(("stock", "skew", "full", "keys", "settle", "untag", "remove")):
        case "stock":
            return Trouble("stock", at, seconds, rng.choice(ZONES))
        case "skew":
            ahead = rng.choice((-5400.0, -300.0, 300.0, 5400.0))
            return Trouble("skew", at, seconds, rng.choice("ab"), ahead)
        case "full":
            return Trouble("full", at, seconds, rng.choice("ab"))
        case "keys":
            return Trouble(rng.choice(("revoked", "rotated")), at, seconds)
        case kind:
            return Trouble(kind, at, what=rng.choice(KINDS[kind]))
