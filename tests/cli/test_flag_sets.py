"""Every flag of a set reaches its command line, on every Python."""

from __future__ import annotations

import dataclasses
import inspect

import pytest
from typer.main import get_command

from ackgpu.cli.flag_set import FlagSet
from ackgpu.cli.pool_flags import PoolSet
from ackgpu.cli.root import build
from ackgpu.cli.spec_flags import CreateFlags
from ackgpu.commands.nodepool.spec import PoolFlags
from ackgpu.spec.fields import FLAGS
from ackgpu.spec.flags import SHAPED

STAGES = {"surroundings", "quota", "checked", "create"}


def names(flags: type[FlagSet]) -> set[str]:
    return {parameter.name for parameter in flags.parameters()}


def test_create_has_a_flag_for_each_setting_that_flags_can_make() -> None:
    settings = {row.parameter for row in FLAGS if not STAGES.isdisjoint(row.on.split())}
    assert names(CreateFlags) == {*settings, *SHAPED, "file", "region"}


def test_a_pool_has_a_flag_for_each_setting_that_flags_can_make() -> None:
    settings = {field.name for field in dataclasses.fields(PoolFlags)} - {"settings"}
    assert settings <= names(PoolSet)


def test_the_command_line_of_create_takes_each_of_its_flags() -> None:
    parsed = get_command(build({"create"}))
    (create,) = parsed.commands.values()  # type: ignore[attr-defined]
    assert names(CreateFlags) <= {parameter.name for parameter in create.params}


def test_a_default_without_an_annotation_is_refused() -> None:
    body = {"__annotations__": {"kept": str}, "kept": "", "lost": ""}
    with pytest.raises(TypeError, match=r"Broken\.lost has no annotation"):
        type("Broken", (FlagSet,), body)


def test_a_set_without_flags_is_refused() -> None:
    class Empty(FlagSet):
        """Nothing."""

    with pytest.raises(TypeError, match="Empty is a set without a flag"):
        Empty.parameters()


def test_flags_are_inherited_base_first() -> None:
    class Base(FlagSet):
        first: str = "a"

    class Derived(Base):
        second: int

    assert [flag.name for flag in Derived.parameters()] == ["first", "second"]
    assert Derived.parameters()[1].default is inspect.Parameter.empty
