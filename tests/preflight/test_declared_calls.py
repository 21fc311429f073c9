"""Steps are held to the calls that they declare, by the cloud of every command of the tests."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from support.declared import held_to_declarations

from ackgpu.engine.step import CheckStep, Context, Finding, Ready, Values


class Looking(CheckStep[int]):
    def __init__(self, cloud: Any, *reads: str) -> None:
        super().__init__("looking", "check")
        self._cloud = cloud
        self.reads = reads

    def find(self, ctx: Context) -> Finding[int]:
        del ctx
        return Ready(len(self._cloud.in_region("cn-beijing").network.vpcs()))


def an_account() -> Any:
    account = SimpleNamespace(network=SimpleNamespace(vpcs=list), region="cn-hangzhou")
    account.in_region = lambda _: account
    return account


def test_a_call_that_a_step_does_not_declare_fails_and_is_named() -> None:
    step = Looking(held_to_declarations(an_account), "network.vswitches")
    with pytest.raises(AssertionError, match=r"Looking makes network\.vpcs"):
        step.find(Values())


def test_a_declared_call_is_made_and_so_is_what_no_step_makes() -> None:
    cloud = held_to_declarations(an_account)
    assert Looking(cloud, "network.vpcs").find(Values()) == Ready(0)
    assert cloud.network.vpcs() == []
    assert cloud.region == "cn-hangzhou"
