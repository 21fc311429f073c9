"""Address ranges: reading them, and cutting the ones that a spec leaves open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network

from ackgpu.spec.model import NetworkSpec, VSwitchSpec

# VPC documentation: the first and the last three addresses of a vSwitch are the cloud's.
RESERVED_IN_VSWITCH = 4
VSWITCH_MASK = 24
POD_VSWITCH_MASK = 20
SMALLEST_VSWITCH_MASK = 29


def parse(text: str) -> IPv4Network:
    """The IPv4 network that ``text`` names.

    Raises :class:`ValueError`, with what is wrong and what was probably meant, for anything else.
    """
    address, slash, mask = text.partition("/")
    if not (slash and mask.isascii() and mask.isdecimal()):
        raise ValueError(f"{text!r} is not a CIDR block such as 192.168.0.0/16")
    try:
        loose = IPv4Network((address, int(mask)), strict=False)
    except ValueError as problem:
        raise ValueError(f"{text!r} is not a CIDR block such as 192.168.0.0/16") from problem
    if str(loose.network_address) != address:
        raise ValueError(f"{text} begins inside a block; did you mean {loose}?")
    return loose


def parse_or_none(text: str) -> IPv4Network | None:
    """The network, or None where ``text`` is none."""
    try:
        return parse(text)
    except ValueError:
        return None


def addresses_in_vswitch(network: IPv4Network) -> int:
    """How many addresses of a vSwitch nodes, pods and load balancers can take."""
    return max(0, network.num_addresses - RESERVED_IN_VSWITCH)


def vswitch_cidrs(network: NetworkSpec) -> tuple[str, ...]:
    """The block of each of ``network.vswitches``; empty for a given one.

    Blocks that the spec leaves open are the first free /24 of the VPC's range, in order:
    192.168.0.0/24, 192.168.1.0/24 and so on. A VPC too small for them is shared out evenly. A block
    is empty where no room is left, which the rules report.
    """
    return _cut(network, network.vswitches, _explicit(network), VSWITCH_MASK)


def pod_vswitch_cidrs(network: NetworkSpec) -> tuple[str, ...]:
    """The same for ``network.pod_vswitches``, behind the nodes' blocks: the first free /20."""
    nodes = [found for text in vswitch_cidrs(network) if (found := parse_or_none(text))]
    return _cut(network, network.pod_vswitches, [*_explicit(network), *nodes], POD_VSWITCH_MASK)


def further_vswitch_cidr(network: NetworkSpec, existing: Sequence[str]) -> str:
    """The block of one more vSwitch beside the spec's own and ``existing``; empty without room."""
    taken = [found for text in existing if (found := parse_or_none(text))]
    (block,) = _cut(network, [VSwitchSpec()], [*_explicit(network), *taken], VSWITCH_MASK)
    return block


def _explicit(network: NetworkSpec) -> list[IPv4Network]:
    vswitches = (*network.vswitches, *network.pod_vswitches)
    return [found for vswitch in vswitches if (found := parse_or_none(vswitch.cidr))]


def _cut(
    network: NetworkSpec,
    vswitches: Sequence[VSwitchSpec],
    taken: Sequence[IPv4Network],
    mask: int,
) -> tuple[str, ...]:
    vpc = None if network.vpc.id else parse_or_none(network.vpc.cidr)
    if vpc is None:
        return tuple(vswitch.cidr for vswitch in vswitches)
    free = _free_blocks(vpc, _fitting_mask(vpc, len(vswitches), mask), taken)
    return tuple(
        vswitch.cidr if vswitch.cidr or vswitch.id else str(next(free, "")) for vswitch in vswitches
    )


def _fitting_mask(vpc: IPv4Network, count: int, mask: int) -> int:
    """``mask``, or a longer one where the VPC does not hold ``count`` blocks of that size."""
    even_share = vpc.prefixlen + max(0, count - 1).bit_length()
    return min(SMALLEST_VSWITCH_MASK, max(mask, even_share))


def _free_blocks(
    vpc: IPv4Network, mask: int, taken: Sequence[IPv4Network]
) -> Iterator[IPv4Network]:
    blocks = vpc.subnets(new_prefix=mask) if mask >= vpc.prefixlen else iter(())
    return (block for block in blocks if not any(block.overlaps(other) for other in taken))
