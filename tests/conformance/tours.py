"""An answer of every operation: the tours that the tests of each product take."""

from __future__ import annotations

from typing import Any

import alibabacloud_ecs20140526.models as ecs_models
import alibabacloud_slb20140515.models as slb_models
import alibabacloud_vpc20160428.models as vpc_models
from alibabacloud_ecs20140526.client import Client as EcsClient
from alibabacloud_slb20140515.client import Client as SlbClient
from alibabacloud_vpc20160428.client import Client as VpcClient

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from tests.emulator.cs import test_documented as cs
from tests.emulator.cs.ack import Ack
from tests.emulator.ecs import test_documented as ecs
from tests.emulator.net import test_net_documented as net
from tests.emulator.net.apis import Api, Network


def answers() -> dict[str, Any]:
    """By ``product/Action``: the last answer that the tour got."""
    clock = ManualClock()
    found: dict[str, Any] = {}
    with Emulator(clock=clock, seed=7) as emulator:
        vpc = Api(VpcClient, vpc_models, emulator)
        ask = net.Recorder(vpc, clock)
        net.tour_vpc(ask)
        found |= {f"vpc/{action}": body for action, body in ask.answers.items()}
        ask = net.Recorder(Api(SlbClient, slb_models, emulator), clock)
        machines = Api(EcsClient, ecs_models, emulator)
        net.tour_slb(ask, net.running_instance(Network(vpc, clock), machines, clock))
        found |= {f"slb/{action}": body for action, body in ask.answers.items()}
    with Emulator(clock=clock, seed=7) as emulator:
        tour = ecs.Tour(emulator, clock)
        for visit in (
            tour.catalogue, tour.groups_and_keys, tour.instances, tour.quota_center, tour.access
        ):  # fmt: skip
            visit()
        found |= tour.answers
    with Emulator(clock=clock, seed=7) as emulator:
        ack = Ack(emulator, clock)
        ack.make_network()
        own = cs.Tour(ack)
        cs.visit_the_account(own)
        ids = cs.visit_a_cluster(own)
        for visit in (cs.visit_reads, cs.visit_changes, cs.visit_the_end):
            visit(own, *ids)
        found |= {f"cs/{action}": body for action, body in own.answers.items()}
    return found
