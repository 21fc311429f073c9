from __future__ import annotations

from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ackgpu.errors import SpecError
from ackgpu.spec import cidrs
from ackgpu.spec.load import SpecFlags, from_flags
from ackgpu.spec.model import ClusterSpec, NetworkSpec, VpcSpec, VSwitchSpec
from ackgpu.spec.validate import validate

AUTO = VSwitchSpec()


def network(vpc: str, *vswitches: VSwitchSpec, pods: tuple[VSwitchSpec, ...] = ()) -> NetworkSpec:
    return NetworkSpec(vpc=VpcSpec(cidr=vpc), vswitches=vswitches, pod_vswitches=pods)


def test_vswitches_are_cut_from_the_vpc_in_order():
    found = cidrs.vswitch_cidrs(network("192.168.0.0/16", AUTO, AUTO, AUTO))
    assert found == ("192.168.0.0/24", "192.168.1.0/24", "192.168.2.0/24")


def test_written_blocks_are_kept_and_cut_around():
    written = VSwitchSpec(cidr="192.168.0.0/23")
    given_one = VSwitchSpec(id="vsw-bp1a")
    found = cidrs.vswitch_cidrs(network("192.168.0.0/16", AUTO, written, given_one))
    assert found == ("192.168.2.0/24", "192.168.0.0/23", "")


def test_pods_get_larger_blocks_behind_the_nodes():
    found = network("192.168.0.0/16", AUTO, AUTO, pods=(AUTO, AUTO))
    assert cidrs.pod_vswitch_cidrs(found) == ("192.168.16.0/20", "192.168.32.0/20")


def test_a_small_vpc_is_shared_out_evenly():
    assert cidrs.vswitch_cidrs(network("10.0.0.0/26", AUTO, AUTO)) == (
        "10.0.0.0/27",
        "10.0.0.32/27",
    )


def test_nothing_is_cut_from_a_given_vpc():
    given_vpc = NetworkSpec(vpc=VpcSpec(id="vpc-bp1a"))
    assert cidrs.vswitch_cidrs(given_vpc) == ("",)


@given(
    st.integers(min_value=8, max_value=28),
    st.integers(min_value=0, max_value=255),
    st.lists(st.none() | st.integers(min_value=0, max_value=40), min_size=1, max_size=8),
)
def test_blocks_that_are_cut_lie_apart_and_inside(mask, third, written):
    vpc = IPv4Network((f"10.0.{third}.0", mask), strict=False)
    blocks = list(vpc.subnets(new_prefix=min(29, mask + 6)))
    vswitches = [
        AUTO if place is None else VSwitchSpec(cidr=str(blocks[place % len(blocks)]))
        for place in written
    ]
    found = cidrs.vswitch_cidrs(network(str(vpc), *vswitches))
    cut = [
        IPv4Network(text)
        for text, vswitch in zip(found, vswitches, strict=True)
        if text and not vswitch.cidr
    ]
    kept = [IPv4Network(vswitch.cidr) for vswitch in vswitches if vswitch.cidr]
    assert all(block.subnet_of(vpc) for block in cut)
    assert not any(
        one.overlaps(other) for one in cut for other in [*cut, *kept] if one is not other
    )


@given(st.text(alphabet="0123456789./a٣", max_size=24))
def test_a_block_reads_as_itself_or_not_at_all(text):
    found = cidrs.parse_or_none(text)
    assert found is None or str(found.network_address) == text.partition("/")[0]


@given(st.integers(min_value=0, max_value=2**32 - 1), st.integers(min_value=0, max_value=32))
def test_a_block_that_begins_inside_another_is_corrected(address, mask):
    loose = IPv4Network((address, mask), strict=False)
    written = f"{IPv4Network(address).network_address}/{mask}"
    if written == str(loose):
        assert cidrs.parse(written) == loose
        return
    with pytest.raises(ValueError, match=f"did you mean {loose}"):
        cidrs.parse(written)


BLOCKS = st.builds(
    lambda second, mask: str(IPv4Network((f"10.{second}.0.0", mask), strict=False)),
    st.integers(min_value=0, max_value=255),
    st.integers(min_value=12, max_value=20),
)


@given(BLOCKS, BLOCKS)
def test_pod_and_service_ranges_are_refused_exactly_when_they_overlap(pods, services):
    try:
        from_flags(SpecFlags(name="demo", pod_cidr=pods, service_cidr=services))
        refused = False
    except SpecError as error:
        refused = any("overlaps" in line for line in error.details)
    assert refused == IPv4Network(pods).overlaps(IPv4Network(services))


@given(
    st.integers(min_value=8, max_value=28),
    st.integers(min_value=24, max_value=28),
    st.integers(min_value=0, max_value=252),
)
def test_the_pod_range_is_refused_exactly_when_it_cannot_hold_the_nodes(pod_mask, mask, nodes):
    spec = ClusterSpec.model_validate(
        {
            "metadata": {"name": "demo"},
            "network": {"podCidr": f"10.0.0.0/{pod_mask}", "nodeCidrMask": mask},
            "nodePools": [
                {"name": "gpu", "instanceTypes": ["ecs.vgn7i-vws-m4.xlarge"], "desiredSize": nodes}
            ],
        }
    )
    pods = 2 ** (32 - pod_mask)
    errors = [each for each in validate(spec) if each.is_error and each.key == "network.podCidr"]
    assert bool(errors) == (pods // 2 ** (32 - mask) < nodes)
