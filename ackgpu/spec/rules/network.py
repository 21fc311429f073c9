"""Rules over the network: which blocks, which vSwitches, which way out."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network
from itertools import combinations

from ackgpu.spec import catalog, cidrs
from ackgpu.spec.findings import Finding, error, warning
from ackgpu.spec.model import ClusterSpec, NetworkSpec, VSwitchSpec
from ackgpu.spec.rules.syntax import problem_with_id

# RFC 1918. The VPC documentation allows other ranges too; 100.64.0.0/10 is the cloud's own.
_PRIVATE = tuple(IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
# VPC API reference, CreateVpc and CreateVSwitch.
_VPC_MASKS = (8, 28)
_VSWITCH_MASKS = (16, 29)
# CS API reference, CreateCluster, node_cidr_mask.
_NODE_MASKS = (24, 28)
# The smallest that holds the addresses of the services that ACK itself puts there, with room left.
_SERVICE_MASKS = (12, 24)
_MAX_VSWITCHES = 8
_DOCUMENTED_ROUTES = 48
# VPC API reference, AllocateEipAddress, billed by traffic.
_EIP_BANDWIDTHS = (1, 200)

POD_CIDR = "network.podCidr"
SERVICE_CIDR = "cluster.serviceCidr"
VPC_CIDR = "network.vpc.cidr"


def check_blocks(spec: ClusterSpec) -> Iterator[Finding]:
    """Each CIDR block is one, private, and of a size that the cloud takes."""
    for key, text, masks in _written_blocks(spec):
        try:
            block = cidrs.parse(text)
        except ValueError as problem:
            yield error(key, str(problem))
            continue
        if not any(block.subnet_of(private) for private in _PRIVATE):
            yield error(
                key, f"{text} is not inside a private range: {', '.join(map(str, _PRIVATE))}"
            )
        if not masks[0] <= block.prefixlen <= masks[1]:
            yield error(key, f"{text}: the mask must be /{masks[0]} to /{masks[1]}")


def check_overlaps(spec: ClusterSpec) -> Iterator[Finding]:
    """Pods, services, the VPC and each vSwitch have addresses of their own.

    The range of a given VPC is not known here: preflight compares it.
    """
    for (first, one), (second, other) in combinations(_big_blocks(spec), 2):
        if one.overlaps(other):
            yield error(second, f"{other} overlaps {first} ({one})")
    for (first, one), (second, other) in combinations(_vswitch_blocks(spec.network), 2):
        if one.overlaps(other):
            yield error(second, f"{other} overlaps {first} ({one})")


def check_vswitches_inside(spec: ClusterSpec) -> Iterator[Finding]:
    """The vSwitches lie in the VPC, and the ones left open found room in it."""
    vpc = None if spec.network.vpc.id else cidrs.parse_or_none(spec.network.vpc.cidr)
    if vpc is None:
        return
    for key, block in _vswitch_blocks(spec.network):
        if not block.subnet_of(vpc):
            yield error(key, f"{block} is not inside the VPC's {vpc}")
    for key, vswitch, block_text in _made_vswitches(spec.network):
        if not vswitch.cidr and not block_text:
            yield error(key, f"no room is left for it in the VPC's {vpc}")


def check_vswitch_list(spec: ClusterSpec) -> Iterator[Finding]:
    """There are 1 to 8 vSwitches, each once, in zones of the region."""
    network = spec.network
    if not 1 <= len(network.vswitches) <= _MAX_VSWITCHES:
        yield error(
            "network.vswitches",
            f"{len(network.vswitches)} vSwitches: a node pool takes 1 to {_MAX_VSWITCHES}",
        )
    for name, vswitches in _vswitch_lists(network):
        seen: set[str] = set()
        for index, vswitch in enumerate(vswitches):
            key = f"network.{name}[{index}]"
            word = vswitch.id or vswitch.zone
            if word in seen and word != "auto":
                yield error(key, f"{word} is named twice")
            seen.add(word)
            yield from _check_zone(key, vswitch, spec.region)


def check_given(spec: ClusterSpec) -> Iterator[Finding]:
    """What is given by id looks like it, and comes with the VPC that it lies in."""
    network = spec.network
    for key, value, prefix, noun in _given_ids(network):
        problem = problem_with_id(value, prefix, noun)
        if problem:
            yield error(key, problem)
        if not network.vpc.id and prefix in {"vsw", "sg", "ngw"}:
            yield error(key, f"{noun} lies in a VPC: give its id as network.vpc.id too")


def check_given_vpc(spec: ClusterSpec) -> Iterator[Finding]:
    """With a given VPC nothing is said of its range, and new vSwitches say theirs."""
    network = spec.network
    if not network.vpc.id:
        return
    if "cidr" in network.vpc.model_fields_set:
        yield error(VPC_CIDR, "a given VPC has its own range: leave this out")
    for key, vswitch, _ in _made_vswitches(network):
        if not vswitch.cidr:
            yield error(key, "in a given VPC a vSwitch needs an id, or a zone and a cidr")


def check_flannel_pods(spec: ClusterSpec) -> Iterator[Finding]:
    """The pod CIDR, cut by the node mask, holds the nodes (Flannel)."""
    network = spec.network
    low, high = _NODE_MASKS
    mask = network.node_cidr_mask
    if not low <= mask <= high:
        yield error("network.nodeCidrMask", f"{mask} is not {low} to {high}")
        return
    pods = cidrs.parse_or_none(network.pod_cidr)
    if not network.is_flannel or pods is None:
        return
    shares = 2 ** (mask - pods.prefixlen) if mask >= pods.prefixlen else 0
    if shares < spec.most_nodes:
        yield error(
            POD_CIDR,
            f"{pods} cut into /{mask} holds {shares} nodes of {2 ** (32 - mask)} addresses, "
            f"and {spec.most_nodes} are requested",
        )


def check_flannel_routes(spec: ClusterSpec) -> Iterator[Finding]:
    """Each Flannel node takes a route entry; 48 are documented, check-quota asks for today's."""
    nodes = spec.most_nodes
    if spec.network.is_flannel and nodes > _DOCUMENTED_ROUTES:
        yield warning(
            "nodePools",
            f"{nodes} Flannel nodes take {nodes} route entries; the documented limit is "
            f"{_DOCUMENTED_ROUTES}. check-quota tells what this account has; Terway takes none",
        )


def check_plugin_fields(spec: ClusterSpec) -> Iterator[Finding]:
    """Fields of the other network plugin are not set."""
    network = spec.network
    if network.is_flannel:
        if network.pod_vswitches:
            yield error("network.podVswitches", "only Terway's pods have vSwitches of their own")
        return
    written = network.model_fields_set
    for field, key in (("pod_cidr", POD_CIDR), ("node_cidr_mask", "network.nodeCidrMask")):
        if field in written:
            yield error(key, "only Flannel has this: Terway's pods take addresses of vSwitches")


def check_room(spec: ClusterSpec) -> Iterator[Finding]:
    """The vSwitches to make hold the nodes, and with Terway their pods."""
    network = spec.network
    room = _room(cidrs.vswitch_cidrs(network))
    if room is None:
        return
    needed = spec.most_nodes
    if room < needed:
        yield error(
            "network.vswitches", f"they hold {room} addresses, and {needed} nodes are requested"
        )
    elif not network.is_flannel:
        yield from _check_pod_room(spec, room - needed)


def _check_pod_room(spec: ClusterSpec, left_by_nodes: int) -> Iterator[Finding]:
    network = spec.network
    pods = sum(pool.most_nodes * _most_pods(pool.instance_types) for pool in spec.node_pools)
    has_own = bool(network.pod_vswitches)
    room = _room(cidrs.pod_vswitch_cidrs(network)) if has_own else left_by_nodes
    if room is not None and room < pods:
        yield warning(
            "network.podVswitches" if has_own else "network.vswitches",
            f"{room} addresses are left for pods; {spec.most_nodes} full nodes have {pods}",
        )


def check_way_out(spec: ClusterSpec) -> Iterator[Finding]:
    """Nodes reach the internet, or the user knows that they bring another way."""
    nat = spec.network.nat
    low, high = _EIP_BANDWIDTHS
    if not low <= nat.eip.bandwidth <= high:
        yield error("network.nat.eip.bandwidth", f"must be {low} to {high} Mbit/s")
    if nat.create and not nat.id and not (nat.eip.create or nat.eip.id):
        yield error("network.nat.eip", "a NAT gateway needs an EIP: create one or give its id")
    if not (nat.create or nat.id):
        yield warning(
            "network.nat.create",
            "without a NAT gateway nodes need another way out to join and to pull images",
        )


def _written_blocks(spec: ClusterSpec) -> Iterator[tuple[str, str, tuple[int, int]]]:
    network = spec.network
    yield SERVICE_CIDR, spec.cluster.service_cidr, _SERVICE_MASKS
    if network.is_flannel:
        yield POD_CIDR, network.pod_cidr, _VPC_MASKS
    if not network.vpc.id:
        yield VPC_CIDR, network.vpc.cidr, _VPC_MASKS
    for name, vswitches in _vswitch_lists(network):
        for index, vswitch in enumerate(vswitches):
            if vswitch.cidr:
                yield f"network.{name}[{index}].cidr", vswitch.cidr, _VSWITCH_MASKS


def _big_blocks(spec: ClusterSpec) -> list[tuple[str, IPv4Network]]:
    """The ranges that must keep apart, the VPC as its vSwitches where its own is not known."""
    network = spec.network
    texts = [(VPC_CIDR, "" if network.vpc.id else network.vpc.cidr)]
    texts += [(SERVICE_CIDR, spec.cluster.service_cidr)]
    texts += [(POD_CIDR, network.pod_cidr)] if network.is_flannel else []
    blocks = [(key, block) for key, text in texts if (block := cidrs.parse_or_none(text))]
    return [*(_vswitch_blocks(network) if network.vpc.id else []), *blocks]


def _vswitch_blocks(network: NetworkSpec) -> list[tuple[str, IPv4Network]]:
    return [
        (f"network.{name}[{index}].cidr", block)
        for name, vswitches in _vswitch_lists(network)
        for index, vswitch in enumerate(vswitches)
        if (block := cidrs.parse_or_none(vswitch.cidr))
    ]


def _vswitch_lists(network: NetworkSpec) -> tuple[tuple[str, tuple[VSwitchSpec, ...]], ...]:
    return ("vswitches", network.vswitches), ("podVswitches", network.pod_vswitches)


def _made_vswitches(network: NetworkSpec) -> Iterator[tuple[str, VSwitchSpec, str]]:
    """The key, the vSwitch, and the block that it gets."""
    blocks = cidrs.vswitch_cidrs(network), cidrs.pod_vswitch_cidrs(network)
    for (name, vswitches), texts in zip(_vswitch_lists(network), blocks, strict=True):
        for index, (vswitch, text) in enumerate(zip(vswitches, texts, strict=True)):
            if not vswitch.id:
                yield f"network.{name}[{index}]", vswitch, text


def _check_zone(key: str, vswitch: VSwitchSpec, region: str) -> Iterator[Finding]:
    written = vswitch.model_fields_set
    if vswitch.id and (vswitch.cidr or "zone" in written):
        yield error(key, "a vSwitch is given by its id, or made in a zone: not both")
    elif vswitch.zone != "auto" and not vswitch.zone.startswith(region):
        yield error(f"{key}.zone", f"{vswitch.zone!r} is not a zone of {region}")


def _given_ids(network: NetworkSpec) -> list[tuple[str, str, str, str]]:
    ids = [
        ("network.vpc.id", network.vpc.id, "vpc", "a VPC"),
        ("network.securityGroupId", network.security_group_id, "sg", "a security group"),
        ("network.nat.id", network.nat.id, "ngw", "a NAT gateway"),
        ("network.nat.eip.id", network.nat.eip.id, "eip", "an EIP"),
    ]
    ids += [
        (f"network.{name}[{index}].id", vswitch.id, "vsw", "a vSwitch")
        for name, vswitches in _vswitch_lists(network)
        for index, vswitch in enumerate(vswitches)
    ]
    return [row for row in ids if row[1]]


def _room(blocks: tuple[str, ...]) -> int | None:
    """Addresses in all of them; None where one is given, or other rules speak of it already."""
    networks = [cidrs.parse_or_none(text) for text in blocks]
    low, high = _VSWITCH_MASKS
    if not all(network and low <= network.prefixlen <= high for network in networks):
        return None
    return sum(cidrs.addresses_in_vswitch(network) for network in networks if network) or None


def _most_pods(instance_types: tuple[str, ...]) -> int:
    known = (catalog.gpu_type(type_id) for type_id in instance_types)
    return max((found.terway_pods for found in known if found), default=0)


RULES = tuple(rule for name, rule in [*vars().items()] if name.startswith("check_"))
