"""Every check that is written is carried out, and is on its page."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import Any, cast

import pytest

import ackgpu.preflight
from ackgpu.engine.reads import ReadResults
from ackgpu.preflight.check import Check
from ackgpu.preflight.checks import all_checks
from ackgpu.preflight.facts import Target
from ackgpu.preflight.limit_values import LimitRules
from ackgpu.spec.model import ClusterSpec

PAGE = Path(__file__).parents[2] / "docs" / "preflight.md"


def carried_out() -> tuple[Check, ...]:
    return all_checks(LimitRules())


@pytest.mark.parametrize(
    "name", [module.name for module in pkgutil.iter_modules(ackgpu.preflight.__path__)]
)
def test_a_check_of_a_module_is_among_all_checks(name: str) -> None:
    module = importlib.import_module(f"ackgpu.preflight.{name}")
    written = [value for value in vars(module).values() if isinstance(value, Check)]
    assert [check.id for check in written if check not in carried_out()] == []


@pytest.mark.parametrize("check", carried_out(), ids=lambda check: check.id)
def test_a_check_is_on_the_page(check: Check) -> None:
    assert f"`{check.id}`" in PAGE.read_text()


@pytest.mark.parametrize("pool", [{}, {"instanceTypes": []}])
def test_a_pool_that_names_no_type_is_not_said_to_get_its_driver(pool: dict[str, Any]) -> None:
    document = {"metadata": {"name": "demo"}, "nodePools": [{"name": "gpu", **pool}]}
    spec = ClusterSpec.model_validate(document)
    target = Target(spec, cast("Any", None), {}, {})
    (check,) = [each for each in carried_out() if each.id == "vgpu"]
    assert {found.severity for found in check.run(target, ReadResults({}))} == {"warning"}
