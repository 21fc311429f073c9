"""Dependencies, limits, tokens and pages never contradict each other, in any order of calls.

A model of a network is kept beside the emulated account: what exists, and what lies in what. Each
call is made on both; the account may refuse only what the model forbids, and has to.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

from ackgpu.clock import ManualClock
from ackgpu.emulator import tokens
from ackgpu.emulator.backend import Backend
from ackgpu.emulator.dispatch import load_products
from ackgpu.emulator.errors import ApiError

REGION = "cn-hangzhou"
SETTLED = 600.0
"""Seconds after which nothing is on its way any more (ackgpu/emulator/vpc/durations.py)."""
VPCS, EIPS, GROUPS = 3, 4, 3
OPERATIONS = {
    name: operation for product in load_products() for name, operation in product.operations.items()
}
LISTS = {
    "vpc": ("DescribeVpcs", "Vpcs", "Vpc", "VpcId"),
    "vswitch": ("DescribeVSwitches", "VSwitches", "VSwitch", "VSwitchId"),
    "natgateway": ("DescribeNatGateways", "NatGateways", "NatGateway", "NatGatewayId"),
    "eip": ("DescribeEipAddresses", "EipAddresses", "EipAddress", "AllocationId"),
    "group": ("DescribeSecurityGroups", "SecurityGroups", "SecurityGroup", "SecurityGroupId"),
}


@dataclass
class Model:
    """What exists by kind: its id, and what it lies in or leans on."""

    things: dict[str, dict[str, str]] = field(default_factory=lambda: {kind: {} for kind in LISTS})
    snat: dict[str, tuple[str, str, str, str]] = field(default_factory=dict)
    bound: dict[str, str] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    tables: dict[str, str] = field(default_factory=dict)

    def within(self, kind: str, holder: str) -> list[str]:
        """The things of a kind that lie in ``holder``."""
        return [thing for thing, where in self.things[kind].items() if where == holder]


class Network(RuleBasedStateMachine):
    """Calls in any order; each is settled before the next one is made."""

    vpcs = Bundle("vpcs")
    vswitches = Bundle("vswitches")
    gateways = Bundle("gateways")
    eips = Bundle("eips")
    groups = Bundle("groups")
    entries = Bundle("entries")

    def __init__(self) -> None:
        super().__init__()
        self.clock = ManualClock()
        limits = {"vpcs": VPCS, "eips": EIPS, "security_groups": GROUPS}
        own = {"limits": limits, "doubts": {"token_life": "forever"}}
        self.backend = Backend(None, self.clock, speed=1.0, seed=1, settings=own)
        self.model = Model()
        self.blocks = itertools.count()
        self.asked: dict[tuple[str, str], tuple[dict[str, str], Any]] = {}

    def teardown(self) -> None:
        self.backend.close()

    def ask(self, action: str, **params: str) -> Any:
        """The answer, or the code of the refusal as text; settled afterwards."""
        answer: Any
        try:
            with self.backend.transaction(write=OPERATIONS[action].writes) as session:
                call = self.backend.call(
                    session,
                    OPERATIONS[action],
                    params={"RegionId": REGION, **params},
                    region=REGION,
                )
                answer = tokens.carry_out(call) or {}
        except ApiError as error:
            answer = error.code
        self.clock.advance(SETTLED)
        return answer

    def made(
        self, kind: str, action: str, key: str, *, room: bool, where: str, **params: str
    ) -> Any:
        """Make a thing: an id if there is room, else a refusal. A repeated token repeats both."""
        params["ClientToken"] = token = params.pop("token", "") or f"only-{next(self.blocks)}"
        answer = self.ask(action, **params)
        if (action, token) in self.asked:
            before, first = self.asked[action, token]
            if before == params:
                assert answer == first, "the same request with the same token"
            else:
                assert answer == "IdempotentParameterMismatch"
            return multiple()
        if not room:
            assert isinstance(answer, str), f"{action} beyond its limit"
            assert "quota" in answer.lower(), answer
            return multiple()
        assert isinstance(answer, dict), f"{action} was refused: {answer}"
        self.asked[action, token] = (params, answer)
        self.model.things[kind][answer[key]] = where
        return answer[key]

    def gone(self, kind: str, thing: str, action: str, *, free: bool, **params: str) -> None:
        """Delete a thing: only what nothing leans on may go, and it does."""
        answer = self.ask(action, **params)
        if thing not in self.model.things[kind]:
            assert isinstance(answer, str), f"{action} of what is gone"
        elif free:
            assert isinstance(answer, dict), f"{action} was refused: {answer}"
            del self.model.things[kind][thing]
        else:
            assert isinstance(answer, str), f"{action} of what is in use"

    def there(self, kind: str, thing: str) -> bool:
        return thing in self.model.things[kind]

    @rule(target=vpcs, token=st.sampled_from(["", "", "t1", "t2"]), wide=st.booleans())
    def make_vpc(self, token: str, *, wide: bool) -> Any:
        room = len(self.model.things["vpc"]) < VPCS
        cidr = "10.0.0.0/8" if wide else "172.16.0.0/12"
        return self.made(
            "vpc", "CreateVpc", "VpcId", room=room, where="", CidrBlock=cidr, token=token
        )

    @rule(target=vswitches, vpc=vpcs, zone=st.sampled_from(["j", "k"]))
    def make_vswitch(self, vpc: str, zone: str) -> Any:
        cidr = self._cidr_in(vpc)
        if not self.there("vpc", vpc):
            return self._refused(
                "CreateVSwitch", VpcId=vpc, ZoneId=f"{REGION}-{zone}", CidrBlock=cidr
            )
        return self.made(
            "vswitch", "CreateVSwitch", "VSwitchId", room=True, where=vpc, VpcId=vpc,
            ZoneId=f"{REGION}-{zone}", CidrBlock=cidr,
        )  # fmt: skip

    @rule(target=gateways, vswitch=vswitches)
    def make_gateway(self, vswitch: str) -> Any:
        vpc = self.model.things["vswitch"].get(vswitch, "vpc-gone")
        params = {
            "VpcId": vpc,
            "VSwitchId": vswitch,
            "NatType": "Enhanced",
            "InternetChargeType": "PayByLcu",
        }
        if not self.there("vswitch", vswitch):
            return self._refused("CreateNatGateway", **params)
        if len(self._gateways_of(vpc)) >= 5:
            return self._refused("CreateNatGateway", **params)
        gateway = self.made(
            "natgateway", "CreateNatGateway", "NatGatewayId", room=True, where=vswitch, **params
        )
        answer = self.asked["CreateNatGateway", f"only-{self._last_number()}"][1]
        self.model.tables[gateway] = answer["SnatTableIds"]["SnatTableId"][0]
        return gateway

    @rule(target=eips, token=st.sampled_from(["", "", "t1"]))
    def make_eip(self, token: str) -> Any:
        room = len(self.model.things["eip"]) < EIPS
        eip = self.made(
            "eip", "AllocateEipAddress", "AllocationId", room=room, where="", token=token
        )
        if isinstance(eip, str):
            row = self.ask("DescribeEipAddresses", AllocationId=eip)["EipAddresses"]["EipAddress"][
                0
            ]
            self.model.addresses[eip] = row["IpAddress"]
        return eip

    @rule(target=groups, vpc=vpcs)
    def make_group(self, vpc: str) -> Any:
        if not self.there("vpc", vpc):
            return self._refused("CreateSecurityGroup", VpcId=vpc)
        room = len(self.model.things["group"]) < GROUPS
        return self.made(
            "group", "CreateSecurityGroup", "SecurityGroupId", room=room, where=vpc, VpcId=vpc
        )

    @rule(eip=eips, gateway=gateways)
    def bind(self, eip: str, gateway: str) -> None:
        free = self.there("eip", eip) and eip not in self.model.bound
        answer = self.ask(
            "AssociateEipAddress", AllocationId=eip, InstanceId=gateway, InstanceType="Nat"
        )
        if free and self.there("natgateway", gateway):
            assert isinstance(answer, dict), answer
            self.model.bound[eip] = gateway
        else:
            assert isinstance(answer, str), "bound twice, or to nothing"

    @rule(eip=eips)
    def unbind(self, eip: str) -> None:
        gateway = self.model.bound.get(eip, "ngw-none")
        used = any(parts[2] == eip for parts in self.model.snat.values())
        answer = self.ask(
            "UnassociateEipAddress", AllocationId=eip, InstanceId=gateway, InstanceType="Nat"
        )
        if eip in self.model.bound and not used:
            assert isinstance(answer, dict), answer
            del self.model.bound[eip]
        else:
            assert isinstance(answer, str), "unbound what is not bound, or what an entry uses"

    @rule(target=entries, gateway=gateways, vswitch=vswitches, eip=eips)
    def make_entry(self, gateway: str, vswitch: str, eip: str) -> Any:
        table = self.model.tables.get(gateway, "stb-none")
        answer = self.ask(
            "CreateSnatEntry", SnatTableId=table, SourceVSwitchId=vswitch,
            SnatIp=self.model.addresses.get(eip, "198.18.255.254"),
        )  # fmt: skip
        home = self.model.things["vswitch"].get(
            self.model.things["natgateway"].get(gateway, ""), ""
        )
        same = bool(home) and self.model.things["vswitch"].get(vswitch) == home
        known = self.model.bound.get(eip) == gateway
        fresh = not any(parts[:2] == (gateway, vswitch) for parts in self.model.snat.values())
        if same and known and fresh and self.there("natgateway", gateway):
            assert isinstance(answer, dict), answer
            self.model.snat[answer["SnatEntryId"]] = (gateway, vswitch, eip, table)
            return answer["SnatEntryId"]
        assert isinstance(answer, str), "an entry that leads nowhere"
        return multiple()

    @rule(entry=entries)
    def delete_entry(self, entry: str) -> None:
        table = self.model.snat.get(entry, ("", "", "", "stb-none"))[3]
        answer = self.ask("DeleteSnatEntry", SnatTableId=table, SnatEntryId=entry)
        assert isinstance(answer, dict) == (self.model.snat.pop(entry, None) is not None), answer

    @rule(vpc=vpcs)
    def delete_vpc(self, vpc: str) -> None:
        free = not self.model.within("vswitch", vpc) and not self.model.within("group", vpc)
        self.gone("vpc", vpc, "DeleteVpc", free=free, VpcId=vpc)

    @rule(vswitch=vswitches)
    def delete_vswitch(self, vswitch: str) -> None:
        entries = any(parts[1] == vswitch for parts in self.model.snat.values())
        free = not self.model.within("natgateway", vswitch) and not entries
        self.gone("vswitch", vswitch, "DeleteVSwitch", free=free, VSwitchId=vswitch)

    @rule(gateway=gateways)
    def delete_gateway(self, gateway: str) -> None:
        entries = any(parts[0] == gateway for parts in self.model.snat.values())
        free = gateway not in self.model.bound.values() and not entries
        self.gone("natgateway", gateway, "DeleteNatGateway", free=free, NatGatewayId=gateway)

    @rule(eip=eips)
    def release_eip(self, eip: str) -> None:
        free = eip not in self.model.bound
        self.gone("eip", eip, "ReleaseEipAddress", free=free, AllocationId=eip)

    @rule(group=groups)
    def delete_group(self, group: str) -> None:
        self.gone("group", group, "DeleteSecurityGroup", free=True, SecurityGroupId=group)

    @invariant()
    def pages_show_each_thing_once(self) -> None:
        for kind, (action, wrapper, name, key) in LISTS.items():
            seen, total = self._paged(action, lambda body, w=wrapper, n=name: body[w][n], key)
            assert sorted(seen) == sorted(self.model.things[kind]), kind
            assert total == len(seen), kind

    def _paged(
        self, action: str, rows: Callable[[Any], list[Any]], key: str
    ) -> tuple[list[str], int]:
        seen: list[str] = []
        for page in itertools.count(1):
            body = self.ask(action, PageNumber=str(page), PageSize="2")
            seen += [row[key] for row in rows(body)]
            if page * 2 >= body["TotalCount"]:
                return seen, body["TotalCount"]
        raise AssertionError

    def _refused(self, action: str, **params: str) -> Any:
        answer = self.ask(action, **params)
        assert isinstance(answer, str), f"{action} on what is not there"
        return multiple()

    def _cidr_in(self, vpc: str) -> str:
        """A block that no other vSwitch has, in either range of VPCs."""
        number = next(self.blocks) % 200
        wide = self._range_of(vpc) == "10.0.0.0/8"
        return f"10.{number}.0.0/24" if wide else f"172.16.{number}.0/24"

    def _range_of(self, vpc: str) -> str:
        answers = (
            (params, answer) for (action, _), (params, answer) in self.asked.items()
            if action == "CreateVpc"
        )  # fmt: skip
        return next((p["CidrBlock"] for p, answer in answers if answer["VpcId"] == vpc), "")

    def _gateways_of(self, vpc: str) -> list[str]:
        return [
            g for v in self.model.within("vswitch", vpc) for g in self.model.within("natgateway", v)
        ]

    def _last_number(self) -> int:
        numbers = (
            int(token.removeprefix("only-")) for action, token in self.asked
            if action == "CreateNatGateway"
        )  # fmt: skip
        return max(numbers)


Network.TestCase.settings = settings(
    max_examples=12, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
TestNetwork = Network.TestCase
