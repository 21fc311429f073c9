from __future__ import annotations

import subprocess
import sys

import pytest

from ackgpu.spec.load import load_text

HEAD = "apiVersion: ackgpu.dev/v1alpha1\nkind: GpuCluster\nmetadata: {name: demo}\n"


def spec_of(body: str):
    return load_text(HEAD + body, name="cluster.yaml").spec


def test_nodes_are_counted_with_those_attached_and_those_that_may_come():
    spec = spec_of(
        "nodePools:\n"
        "- {name: a, instanceTypes: [ecs.vgn7i-vws-m4.xlarge], desiredSize: 3,"
        " attach: {instanceIds: [i-bp1a]}}\n"
        "- {name: b, instanceTypes: [ecs.vgn7i-vws-m8.2xlarge, ecs.vgn7i-vws-m4.xlarge],"
        " desiredSize: 1, autoScaling: {enable: true, max: 5}}\n"
    )
    assert (spec.node_count, spec.most_nodes) == (5, 9)
    assert spec.instance_types == ("ecs.vgn7i-vws-m4.xlarge", "ecs.vgn7i-vws-m8.2xlarge")


def test_a_pools_own_licence_server_comes_first():
    spec = spec_of(
        "gpu: {licenseServer: 'all:7070'}\n"
        "nodePools:\n"
        "- {name: a, instanceTypes: [ecs.vgn5i-m2.xlarge], licenseServer: 'own:7070'}\n"
        "- {name: b, instanceTypes: [ecs.vgn5i-m2.xlarge]}\n"
    )
    found = [spec.license_server_of(pool) for pool in spec.node_pools]
    assert found == ["own:7070", "all:7070"]


def test_null_where_an_id_could_stand_means_that_it_is_made():
    spec = spec_of("network: {vpc: {id: null}, securityGroupId: null}")
    assert (spec.network.vpc.id, spec.network.security_group_id) == ("", "")


def test_a_spec_does_not_change():
    spec = spec_of("")
    with pytest.raises(ValueError, match="frozen"):
        spec.metadata.name = "other"


def test_names_and_types_need_no_pydantic():
    script = (
        "import sys, ackgpu.naming, ackgpu.spec.catalog as c; c.gpu_types(); "
        "sys.exit('pydantic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
