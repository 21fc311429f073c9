"""Whatever one parameter says, an operation answers or refuses; it never breaks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator, slb, vpc
from ackgpu.emulator.backend import Backend
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import ApiOperation
from ackgpu.emulator.parameters import table
from tests.emulator.net.apis import REGION

PRODUCTS = {"vpc": vpc.PRODUCT, "slb": slb.PRODUCT}
VALUES = [
    "x", "²", "-1", "0", "1", "99999999999", "1.5", "true", "10.0.0.0/8", "10.9.0.0/24",
    "0.0.0.0/0", "::/0", "1.2.3.4", "a,b", ",", "Enhanced", "Nat", "EIP", "VPC", "EcsInstance",
    "NatGateway", "Instance", "instance", "listener", "intranet", "internet", "PayByTraffic",
    "[]", "{}", "[1]", '[{"TagKey": 1}]', '[{"ServerId": "i-1", "Type": []}]',
    '[{"ServerId": "i-1", "Port": "x"}]', '[{"ServerId": "i-1", "Weight": [], "Port": null}]',
]  # fmt: skip


class UndoneError(Exception):
    """Ends a transaction, so that each attempt meets the same account."""


@pytest.fixture(scope="module")
def account() -> Iterator[tuple[Backend, dict[str, str]]]:
    """An account with a little network, and a value that works for many a parameter."""
    clock = ManualClock()
    with Emulator(clock=clock, seed=7) as emulator:
        yield emulator.backend, furnish(emulator.backend, clock)


def furnish(backend: Backend, clock: ManualClock) -> dict[str, str]:
    valid = {
        "RegionId": REGION,
        "ZoneId": f"{REGION}-k",
        "CidrBlock": "10.2.0.0/24",
        "DestinationCidrBlock": "192.168.1.0/24",
        "NatType": "Enhanced",
        "InstanceType": "Nat",
        "NextHopType": "NatGateway",
        "ListenerPort": "80",
        "BackendServerPort": "80",
        "Bandwidth": "5",
        "BackendServers": '[{"ServerId": "i-1"}]',
        "DeleteProtection": "off",
        "Tag.1.Key": "k",
    }

    def ask(product: str, action: str, **more: str) -> None:
        operation = PRODUCTS[product].operations[action]
        with backend.transaction(write=True) as session:
            call = backend.call(session, operation, params=valid | more, region=REGION)
            answer = operation.handler(call) or {}
        valid.update({key: value for key, value in answer.items() if isinstance(value, str)})
        for tables in ("SnatTableIds", "ForwardTableIds"):
            for key, ids in answer.get(tables, {}).items():
                valid[key] = ids[0]
        clock.advance(100)

    ask("vpc", "CreateVpc", CidrBlock="10.0.0.0/8")
    ask("vpc", "CreateVSwitch", CidrBlock="10.1.0.0/24")
    ask("vpc", "CreateNatGateway")
    ask("vpc", "AllocateEipAddress")
    valid |= {"InstanceId": valid["NatGatewayId"], "NextHopId": valid["NatGatewayId"]}
    ask("vpc", "AssociateEipAddress")
    valid |= {"SourceVSwitchId": valid["VSwitchId"], "SnatIp": valid["EipAddress"]}
    ask("vpc", "CreateSnatEntry")
    ask("vpc", "CreateRouteEntry")
    ask("slb", "CreateLoadBalancer", AddressType="intranet")
    ask("slb", "CreateLoadBalancerTCPListener")
    return valid | {"ResourceId.1": valid["VpcId"], "ResourceType": "VPC"}


def attempt(backend: Backend, operation: ApiOperation, parameters: dict[str, str]) -> None:
    with backend.transaction(write=True) as session:
        call = backend.call(session, operation, params=parameters, region=REGION)
        json.dumps(operation.handler(call))
        raise UndoneError


def outcome(backend: Backend, operation: ApiOperation, parameters: dict[str, str]) -> str:
    """How an attempt ended: ``answered``, ``refused``, or what broke."""
    try:
        attempt(backend, operation, parameters)
    except UndoneError:
        return "answered"
    except ApiError:
        return "refused"
    except Exception as error:  # noqa: BLE001 -- that nothing else is raised is what is tested
        return repr(error)


def attempts(known: dict[str, str], valid: dict[str, str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Requests that are right but for one parameter: its name, and the whole.

    NextToken is not a product's to read: every product shares one reader.
    """
    names = {name: name.replace(".#", ".1") for name in known if name != "NextToken"}
    base = {name: valid.get(name, "x") for each, name in names.items() if known[each].endswith("!")}
    yield "", base
    for each, name in names.items():
        for spelling in {name, each.partition(".#")[0]}:
            for value in VALUES:
                yield spelling, base | {spelling: value}


@pytest.mark.long
@pytest.mark.parametrize("product", sorted(PRODUCTS))
def test_an_operation_answers_or_refuses(account: tuple[Backend, dict[str, Any]], product: str):
    backend, valid = account
    broken, answered = [], set()
    for action, operation in PRODUCTS[product].operations.items():
        for name, parameters in attempts(dict(table(product).get(action, {})), valid):
            end = outcome(backend, operation, parameters)
            if end == "answered":
                answered.add(action)
            elif end != "refused":
                broken.append(f"{action} {name}={parameters.get(name)}: {end}")
    assert broken == []
    assert len(answered) > len(PRODUCTS[product].operations) // 2
