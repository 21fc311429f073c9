"""Whether traffic gets through: by the security groups of the interfaces at both ends.

Rules of all groups of an interface count together, by priority, refusals first. Where none matches,
a basic group lets in what comes from its own members and lets everything out; an enterprise group
does neither (ECS documentation, "Security group rules"). Replies pass, as groups are stateful.

With Flannel a pod keeps its own address on the way, which belongs to no interface: a rule that
names a group does not match it, the pod CIDR must be let in. With Terway a pod's address is one of
its node's interfaces, and so a member of the node's groups. The control plane's interfaces are in
the cluster's security group.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from ackgpu.emulator.store import Doc, Transaction

API_PORT, DNS_PORT = 6443, 53
ANY_PORT = "-1/-1"
Rule = Mapping[str, Any]


@dataclass(frozen=True)
class Place:
    """One end of a connection. ``groups``: those of the interface that it passes there.

    ``member``: whether the address is the interface's own, so that rules which name a group match.
    """

    address: str
    groups: tuple[Doc, ...]
    member: bool = True

    @property
    def group_ids(self) -> frozenset[str]:
        """The ids of the groups that the address counts as a member of."""
        return frozenset(group.id for group in self.groups) if self.member else frozenset()


@dataclass(frozen=True)
class Traffic:
    """What is to pass: ``protocol`` is TCP, UDP or ICMP, which has no port."""

    protocol: str
    port: int = 0

    def __str__(self) -> str:
        return f"{self.protocol} {self.port}" if self.port else self.protocol


def obstacle(source: Place, target: Place, traffic: Traffic) -> str:
    """What stops traffic between two places, in words; empty if it passes.

    A place without groups is one that nothing is known of: nothing stops there.
    """
    if source.groups and not _lets_out(source, target, traffic):
        return f"{_names(source)} lets no {traffic} out to {target.address}"
    if target.groups and not _lets_in(source, target, traffic):
        return f"{_names(target)} lets no {traffic} in from {source.address}"
    return ""


def between_pods(docs: Transaction, cluster: Doc, ends: tuple[Doc, Doc], traffic: Traffic) -> str:
    """What stops traffic from a pod on the first node to one on the second; empty if nothing.

    Pods of one node reach each other without passing an interface.
    """
    first, second = ends
    if first.id == second.id:
        return ""
    return obstacle(_pod(docs, cluster, first), _pod(docs, cluster, second), traffic)


def to_api_server(docs: Transaction, cluster: Doc, node: Doc) -> str:
    """What keeps a node, and its pods, from the API server; empty if nothing does."""
    return obstacle(node_place(docs, node), _control_plane(docs, cluster), Traffic("TCP", API_PORT))


def node_place(docs: Transaction, node: Doc) -> Place:
    """A node by its instance's address and groups."""
    instance = docs.get("instance", str(node.body.get("instance_id", node.id)))
    ids = instance.body["SecurityGroupIds"] if instance else ()
    return Place(str(node.body["ip_address"]), _groups(docs, ids))


def _pod(docs: Transaction, cluster: Doc, node: Doc) -> Place:
    place = node_place(docs, node)
    if cluster.body.get("network") != "Flannel" or not node.body.get("pod_cidr"):
        return place
    address = str(IPv4Network(node.body["pod_cidr"])[2])
    return Place(address, place.groups, member=False)


def _control_plane(docs: Transaction, cluster: Doc) -> Place:
    endpoint = cluster.body.get("endpoints", {}).get("intranet", {})
    address = str(endpoint.get("url", "")).removeprefix("https://").partition(":")[0]
    group_id = cluster.body.get("security_group_id", "")
    return Place(address or "0.0.0.0", _groups(docs, [group_id]))  # noqa: S104 -- no listener


def _groups(docs: Transaction, ids: Iterable[str]) -> tuple[Doc, ...]:
    found = (docs.get("securitygroup", each) for each in ids)
    return tuple(group for group in found if group is not None)


def _lets_out(source: Place, target: Place, traffic: Traffic) -> bool:
    verdict = _verdict(source.groups, "egress", target, traffic)
    if verdict is not None:
        return verdict
    return all(group.body["SecurityGroupType"] == "normal" for group in source.groups)


def _lets_in(source: Place, target: Place, traffic: Traffic) -> bool:
    verdict = _verdict(target.groups, "ingress", source, traffic)
    if verdict is not None:
        return verdict
    open_inside = {g.id for g in target.groups if g.body["InnerAccessPolicy"] == "Accept"}
    return bool(open_inside & source.group_ids)


def _verdict(groups: Iterable[Doc], direction: str, peer: Place, traffic: Traffic) -> bool | None:
    """What the rules say: None where none of them matches."""
    rules = [
        rule
        for group in groups
        for rule in group.body["Rules"]
        if rule["Direction"] == direction and _matches(rule, peer, traffic)
    ]
    rules.sort(key=lambda rule: (int(rule["Priority"]), rule["Policy"] != "Drop"))
    return rules[0]["Policy"] == "Accept" if rules else None


def _matches(rule: Rule, peer: Place, traffic: Traffic) -> bool:
    if rule["IpProtocol"] not in {"ALL", traffic.protocol}:
        return False
    if rule["PortRange"] != ANY_PORT and traffic.port:
        first, _, last = rule["PortRange"].partition("/")
        if not int(first) <= traffic.port <= int(last):
            return False
    side = "Source" if rule["Direction"] == "ingress" else "Dest"
    if rule[f"{side}GroupId"]:
        return rule[f"{side}GroupId"] in peer.group_ids
    block = rule[f"{side}CidrIp"]
    return bool(block) and IPv4Address(peer.address) in IPv4Network(block, strict=False)


def _names(place: Place) -> str:
    return f"security group {', '.join(group.id for group in place.groups)}"
