"""What a container reaches: names, Services, other pods; by the rules of the security groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ackgpu.emulator import reachability
from ackgpu.emulator.kube import system
from ackgpu.emulator.kube.nodes import NodeFacts, facts
from ackgpu.emulator.kube.state import ClusterState
from ackgpu.emulator.reachability import DNS_PORT, Traffic

DOMAIN = "cluster.local"
SILENT, REFUSED, OPEN = "silent", "refused", "open"
ANY_TCP = Traffic("TCP", 8080)
"""Ports of pods are let in by rules of whole address blocks: one stands for all."""


@dataclass(frozen=True)
class PodNetwork:
    """The network as one container sees it.

    ``names`` are what DNS answers; ``resolves``: whether it answers at all. ``ways``: how each
    address that there is answers a connection; what is not listed answers nothing.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    resolves: bool = True
    ways: Mapping[str, str] = field(default_factory=dict)

    def connect(self, host: str) -> str:
        """How a connection to a name or address ends."""
        return self.ways.get(self.names.get(host, host), SILENT)


def network_of(state: ClusterState, node: NodeFacts | None, namespace: str) -> PodNetwork:
    """The network of the pods that a node runs in a namespace."""
    if node is None:
        return PodNetwork()
    names = _names(state, namespace)
    api = OPEN if not reachability.to_api_server(state.session, state.cluster, node.doc) else SILENT
    ways = dict.fromkeys([names["kubernetes.default.svc"], str(node.doc.body["ip_address"])], api)
    ends = {each.name: each for each in facts(state)}
    for entry in state.entries("pods"):
        address = entry.object["status"].get("podIP")
        there = ends.get(entry.object["spec"].get("nodeName", ""))
        if address and there is not None and address not in ways:
            ways[address] = REFUSED if _reaches(state, node, there, ANY_TCP) else SILENT
    return PodNetwork(names, _resolves(state, node), ways)


def _names(state: ClusterState, namespace: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for entry in state.entries("services"):
        address = str(entry.object["spec"].get("clusterIP") or "")
        space, name = entry.key
        full = f"{name}.{space}"
        known = [full, f"{full}.svc", f"{full}.svc.{DOMAIN}", f"{full}.svc.{DOMAIN}."]
        for each in [*known, *([name] if space == namespace else [])]:
            found[each] = address
    return found


def _resolves(state: ClusterState, node: NodeFacts) -> bool:
    """Whether one of the DNS pods runs and is reached."""
    pods = [
        pod
        for pod in system.system_pods(state)
        if pod.row["name"] == "coredns" and pod.running is not None and pod.running <= state.now
    ]
    traffic = Traffic("UDP", DNS_PORT)
    return any(pod.node is not None and _reaches(state, node, pod.node, traffic) for pod in pods)


def _reaches(state: ClusterState, node: NodeFacts, there: NodeFacts, traffic: Traffic) -> bool:
    ends = (node.doc, there.doc)
    return not reachability.between_pods(state.session, state.cluster, ends, traffic)


def getent(network: PodNetwork, args: list[str]) -> tuple[str, int, float]:
    """What ``getent hosts NAME`` prints, its exit code and the seconds it takes."""
    if args[:1] not in (["hosts"], ["ahosts"]) or len(args) < 2:  # noqa: PLR2004 -- and a name
        return "", 1, 0.0
    if not network.resolves:
        return "", 2, 20.0  # two tries of five seconds at two servers (resolv.conf)
    address = network.names.get(args[1])
    return (f"{address}      {args[1]}\n", 0, 0.0) if address else ("", 2, 0.0)


def service_address(state: ClusterState) -> str:
    """The address of the API server's Service, which every container has in its environment."""
    found = state.entry("services", ("default", "kubernetes"))
    return str(found.object["spec"]["clusterIP"]) if found else ""
