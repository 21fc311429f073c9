"""The table of kinds: no column is forgotten, and every call in it is known elsewhere."""

from __future__ import annotations

import pytest

from ackgpu.inventory import resources
from ackgpu.inventory.discover import MARKED_BY_ACK, TAGGED_AT_BIRTH
from ackgpu.inventory.pod_leftovers import OF_PODS
from ackgpu.inventory.resources import (
    CLUSTER,
    KINDS,
    NOT_LOOKED_FOR,
    ResourceKind,
    kind_of_step,
)
from ackgpu.preflight.limits import limit_kinds
from ackgpu.preflight.ram_actions import actions_of

BY_FIELD = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.field)


@BY_FIELD
def test_the_calls_of_a_kind_have_their_ram_actions(kind: ResourceKind) -> None:
    assert actions_of([kind.lists])
    if kind.deletes is not None:
        assert actions_of([kind.deletes])


@BY_FIELD
def test_a_kind_counts_against_a_limit_that_is_known(kind: ResourceKind) -> None:
    assert kind.limit in {"", *limit_kinds()}


def test_every_row_is_in_the_table_but_for_snat_entries() -> None:
    rows = [row for row in vars(resources).values() if isinstance(row, ResourceKind)]
    assert [row.field for row in rows if row not in KINDS] == [resources.SNAT_ENTRY.field]


@BY_FIELD
def test_the_call_that_tags_a_kind_has_its_ram_actions(kind: ResourceKind) -> None:
    assert kind.tag is None or actions_of([kind.tag.call])


@BY_FIELD
def test_every_kind_is_looked_for(kind: ResourceKind) -> None:
    """What ackgpu makes carries its tag; what others make is seen in the VPC where it lies."""
    if kind.made_by == "others":
        assert "vpc_id" in kind.by
    elif kind.made_by == "pods":
        assert kind in OF_PODS
        assert kind.by & {"tags", "vpc_id"}
    else:
        assert kind in (*TAGGED_AT_BIRTH, *MARKED_BY_ACK, CLUSTER)


@BY_FIELD
def test_what_can_outlive_its_cluster_is_found_by_its_id_and_can_be_deleted(
    kind: ResourceKind,
) -> None:
    if kind.made_by in {"ACK", "Services", "pods"}:
        assert kind.deletes is not None
        assert "ids" in kind.by


@BY_FIELD
def test_what_outlives_every_network_of_its_cluster_carries_a_tag_of_ours(
    kind: ResourceKind,
) -> None:
    """Else nothing leads to it when the cluster is gone."""
    if not kind.lives_in:
        assert kind.tag is not None


def test_fields_nouns_and_types_are_told_apart() -> None:
    for column in ("field", "noun", "plural", "ros", "terraform"):
        words = [getattr(kind, column) for kind in KINDS]
        assert len(set(words)) == len(words), column


def test_what_is_not_looked_for_has_no_row_and_has_a_reason() -> None:
    assert not {kind.ros for kind in KINDS} & set(NOT_LOOKED_FOR)
    assert all(NOT_LOOKED_FOR.values())


@pytest.mark.parametrize(
    ("step", "field"),
    [("vpc", "vpcs"), ("vswitch k", "vswitches"), ("eip", "eips"), ("nat gateway", "nat_gateways")],
)
def test_a_step_is_told_by_its_kind(step: str, field: str) -> None:
    kind = kind_of_step(step)
    assert kind is not None
    assert kind.field == field


def test_a_binding_is_no_kind_of_its_own() -> None:
    assert kind_of_step("kubeconfig") is None
