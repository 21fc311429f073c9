from __future__ import annotations

import itertools

import pytest

from ackgpu.spec import catalog

DISKS = [
    (["ecs.vgn5i-m2.xlarge"], "cloud_ssd"),
    (["ecs.vgn6i-m4.xlarge"], "cloud_ssd"),
    (["ecs.vgn7i-vws-m4.xlarge"], "cloud_essd"),
    (["ecs.sgn7i-vws-m2.xlarge", "ecs.sgn8ia-m2.xlarge"], "cloud_essd"),
    (["ecs.vgn6i-m4-vws.xlarge", "ecs.vgn5i-m2.xlarge"], "cloud_ssd"),
    (["ecs.vgn5i-m2.xlarge", "ecs.vgn7i-vws-m4.xlarge"], ""),
    (["ecs.no-such.xlarge"], ""),
    ([], ""),
]


@pytest.mark.parametrize(("types", "category"), DISKS)
def test_the_system_disk_is_the_best_that_every_type_takes(types, category):
    assert catalog.disk_category(types) == category


def test_the_documented_labels_are_those_of_the_documents_example():
    labels = catalog.expected_labels("ecs.vgn5i-m2.xlarge")
    assert labels is not None
    assert labels.nvidia_name == "GRID-P4-2Q"
    assert labels.nvidia_mem == "2048MiB"
    assert labels.nvidia_count == "1"
    assert labels.confidence == "documented"


@pytest.mark.parametrize(
    ("label", "accepted"),
    [
        ("2048MiB", True),
        ("1889MiB", True),
        ("1024MiB", False),
        ("4096MiB", False),
        ("2048", False),
        ("", False),
        ("GiB", False),
    ],
)
def test_a_memory_label_may_lack_what_the_driver_keeps(label, accepted):
    labels = catalog.expected_labels("ecs.sgn7i-vws-m2.xlarge")
    assert labels is not None
    assert labels.accepts_mem(label) is accepted


def test_no_two_slices_accept_the_same_memory_label():
    sizes = {found.gpu_memory_gib: found.id for found in catalog.gpu_types()}
    bounds = sorted(
        (labels.least_mem_mib, labels.most_mem_mib)
        for type_id in sizes.values()
        if (labels := catalog.expected_labels(type_id))
    )
    assert all(one[1] < other[0] for one, other in itertools.pairwise(bounds))


def test_a_name_that_no_source_tells_is_not_expected():
    labels = catalog.expected_labels("ecs.sgn8ia-m2.xlarge")
    assert labels is not None
    assert labels.nvidia_name == ""
    assert labels.confidence == "unknown"


def test_types_that_are_not_known_have_nothing():
    assert catalog.gpu_type("ecs.g7.xlarge") is None
    assert catalog.expected_labels("ecs.g7.xlarge") is None


@pytest.mark.parametrize(
    ("written", "first"),
    [
        ("ecs.vgn5i-m2.xlrge", "ecs.vgn5i-m2.xlarge"),
        ("vgn7i-vws-m4.xlarge", "ecs.vgn7i-vws-m4.xlarge"),
        ("ecs.vgn6i-vws-m4.xlarge", "ecs.vgn6i-m4-vws.xlarge"),
    ],
)
def test_a_typo_finds_the_type_that_was_meant(written, first):
    assert first in catalog.suggest(written)


def test_terway_counts_the_addresses_of_all_but_the_primary_eni():
    counts = {found.id: found.terway_pods for found in catalog.gpu_types()}
    assert counts["ecs.vgn5i-m2.xlarge"] == 20
    assert counts["ecs.sgn7i-vws-m2.xlarge"] == 2


def test_every_vgpu_type_has_its_facts():
    for found in catalog.gpu_types():
        assert found.disk_categories, found.id
        assert found.vcpus > 0, found.id
        assert found.vgpu == catalog.looks_vgpu(found.id), found.id
        assert found.vgpu != catalog.looks_whole_gpu(found.id), found.id
