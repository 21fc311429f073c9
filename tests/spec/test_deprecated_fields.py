"""Fields of CreateCluster that ACK does not take any more, in ``cluster.raw``."""

from __future__ import annotations

import pytest

from ackgpu.spec.findings import Finding
from ackgpu.spec.model import ClusterSpec
from ackgpu.spec.validate import validate


def findings(**raw: object) -> list[Finding]:
    spec = ClusterSpec.model_validate({"metadata": {"name": "demo"}, "cluster": {"raw": raw}})
    return [found for found in validate(spec) if found.key.startswith("cluster.raw")]


def warned(**raw: object) -> list[str]:
    return [found.message for found in findings(**raw) if not found.is_error]


@pytest.mark.parametrize(
    ("field", "instead"),
    [
        ("worker_instance_types", "use nodepools[].scaling_group"),
        ("master_vswitch_ids", "use vswitch_ids"),
        ("master_instance_charge_type", "use control_plane_config"),
        ("enable_rrsa", "use rrsa_config"),
        ("custom_san", "use extra_sans"),
        ("timeout_mins", "nothing takes its place"),
    ],
)
def test_a_deprecated_field_is_named_with_what_takes_its_place(field: str, instead: str) -> None:
    (message,) = warned(**{field: "x"})
    assert "since 2026" in message
    assert instead in message


ANNOUNCED = (
    "master_instance_types", "master_vswitch_ids", "worker_instance_types",
    "worker_system_disk_size", "worker_vswitch_ids", "worker_auto_renew", "worker_period",
    "worker_instance_charge_type", "runtime", "taints", "user_data", "cpu_policy",
    "node_name_mode", "key_pair", "image_id", "image_type", "platform", "os_type",
    "security_hardening_os", "soc_enabled", "cis_enabled", "cloud_monitor_flags",
    "period", "period_unit", "auto_renew", "auto_renew_period", "rds_instances", "format_disk",
    "keep_instance_name", "instances", "nat_gateway", "zone_id", "custom_san", "enable_rrsa",
    "load_balancer_spec", "logging_type", "access_control_list",
    "disable_rollback", "timeout_mins", "node_port_range", "service_discovery_types",
)  # fmt: skip
"""The fields that ACK's announcement names, with some of those that it names by their beginning."""
REFUSED = ("num_of_nodes", "login_password", "charge_type", "pod_vswitch_ids")
"""Those of them that a spec may not bring at all."""


@pytest.mark.parametrize("field", ANNOUNCED)
def test_every_field_of_the_announcement_is_named(field: str) -> None:
    (message,) = warned(**{field: "x"})
    assert "since 2026" in message


@pytest.mark.parametrize("field", REFUSED)
def test_some_of_them_are_refused(field: str) -> None:
    (found,) = findings(**{field: "x"})
    assert found.severity == "error"


def test_a_field_that_stays_is_no_warning() -> None:
    assert warned(timezone="Asia/Shanghai") == []
