"""Somebody else in the same account: what is theirs, and what they do to what is ours."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from simulation.world import World

from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.store import Doc

REGION = "cn-hangzhou"
ZONE = "cn-hangzhou-j"
TAG = "ackgpu:cluster"
TAGGED_BY = {
    "vpc": ("vpc", "VPC"), "vswitch": ("vpc", "VSWITCH"), "natgateway": ("vpc", "NATGATEWAY"),
    "eip": ("vpc", "EIP"), "securitygroup": ("ecs", "securitygroup"), "cluster": ("cs", "CLUSTER"),
}  # fmt: skip
"""The product whose tags a kind has, and the kind's name there."""
DELETED_BY = {
    "vswitch": ("vpc", "DeleteVSwitch", "VSwitchId"),
    "securitygroup": ("ecs", "DeleteSecurityGroup", "SecurityGroupId"),
    "loadbalancer": ("slb", "DeleteLoadBalancer", "LoadBalancerId"),
    "eip": ("vpc", "ReleaseEipAddress", "AllocationId"),
    "natgateway": ("vpc", "DeleteNatGateway", "NatGatewayId"),
}
Key = tuple[str, str]


class Neighbours:
    """They have a network and a cluster of their own from the start."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.untagged: list[tuple[Doc, dict[str, str]]] = []
        self.settled: list[tuple[str, str]] = []
        self.removed = 0
        before = world.everything()
        self._move_in()
        self._theirs = world.everything() - before
        self._settled = {doc.id: doc.body.get("Tags") for doc in self._alive_of_theirs()}

    def is_theirs(self, key: Key) -> bool:
        """Whether a thing was there before the first command."""
        return key in self._theirs

    def complaints(self) -> list[str]:
        """What of theirs is gone, or is tagged otherwise than it was."""
        alive = {doc.id: doc.body.get("Tags") for doc in self._alive_of_theirs()}
        here = {doc.id for kind, _ in self.settled for doc in self._world.alive(kind)}
        gone = [thing for thing in self._settled if thing not in alive]
        gone += [thing for _, thing in self.settled if thing not in here]
        changed = [thing for thing in alive if alive[thing] != self._settled[thing]]
        return [f"the neighbours' {thing} is gone" for thing in gone] + [
            f"the neighbours' {thing} has other tags" for thing in changed
        ]

    def settle(self, kind: str) -> None:
        """They make something in our VPC."""
        for vpc in self._world.alive("vpc"):
            cidr = str(vpc.body.get("CidrBlock", ""))
            if TAG not in vpc.body.get("Tags", {}) or not cidr.endswith("/16"):
                continue
            match kind:
                case "vswitch":
                    block = f"{cidr.rsplit('.', 2)[0]}.250.0/24"
                    made = self._act(
                        "vpc", "CreateVSwitch", VpcId=vpc.id, ZoneId=ZONE, CidrBlock=block
                    )
                case "securitygroup":
                    made = self._act("ecs", "CreateSecurityGroup", VpcId=vpc.id)
                case _:
                    made = self._balance(vpc)
            if made:
                self.settled.append((kind, made[DELETED_BY[kind][2]]))
            return

    def untag(self, kind: str) -> None:
        """They take our tags off the first thing of a kind that has them."""
        for doc in self._world.alive(kind):
            tags = dict(doc.body.get("Tags", {}))
            if TAG in tags:
                self.untagged.append((doc, tags))
                self._untag(doc, tags)
                return

    def remove(self, kind: str) -> None:
        """They delete one of our things over the console."""
        docs = [d for d in self._world.alive(kind) if not self.is_theirs((d.kind, d.id))]
        if not docs:
            return
        self.removed += 1
        doc = docs[0]
        if kind == "snat":
            self._act("vpc", "DeleteSnatEntry", SnatTableId=doc.scope, SnatEntryId=doc.id)
        elif kind == "cluster":
            self._act("cs", "DeleteCluster", path={"cluster_id": doc.id})
        elif kind == "nodepool":
            path = {"cluster_id": doc.scope, "nodepool_id": doc.id}
            self._act("cs", "DeleteClusterNodepool", path=path)
        else:
            product, action, key = DELETED_BY[kind]
            self._act(product, action, **{key: doc.id, "Force": "true"})

    def put_tags_back(self) -> None:
        """The operator mends what was untagged."""
        for doc, tags in self.untagged:
            product, kind = TAGGED_BY[doc.kind]
            if product == "cs":
                rows = [{"key": key, "value": value} for key, value in tags.items()]
                body = {"resource_ids": [doc.id], "resource_type": kind, "region_id": REGION}
                self._act(product, "TagResources", body={**body, "tags": rows})
                continue
            numbered = {
                f"Tag.{n}.{part}": text
                for n, pair in enumerate(tags.items(), 1)
                for part, text in zip(("Key", "Value"), pair, strict=True)
            }
            named = {"ResourceType": kind, "ResourceId.1": doc.id}
            self._act(product, "TagResources", **named, **numbered)

    def take_away(self) -> None:
        """They take away what they made in our network."""
        for kind, thing in reversed(self.settled):  # the latest may live in an earlier one
            product, action, key = DELETED_BY[kind]
            self._act(product, action, **{key: thing})
        self.settled.clear()

    def remove_spare_clusters(self) -> bool:
        """Of two clusters of a name, which the network's copies make, they delete the younger."""
        kept = set[str]()
        before = self.removed
        for doc in self._world.alive("cluster"):
            if doc.name in kept:
                self.removed += 1
                self._act("cs", "DeleteCluster", path={"cluster_id": doc.id})
            kept.add(doc.name)
        return self.removed > before

    def refund(self) -> bool:
        """Every subscription ends; whether there was one."""
        paid = [d for d in self._world.alive("instance") if is_paid(d)]
        for doc in paid:
            ids = json.dumps([doc.id])
            self._act(
                "ecs", "ModifyInstanceChargeType", InstanceIds=ids, InstanceChargeType="PostPaid"
            )
        return bool(paid)

    def _move_in(self) -> None:
        do = self._world.do
        vpc = do("vpc", "CreateVpc", CidrBlock="10.0.0.0/8", VpcName="theirs")["VpcId"]
        self._world.kernel.wait(20)
        vswitch = do(
            "vpc", "CreateVSwitch", VpcId=vpc, ZoneId=ZONE, CidrBlock="10.7.0.0/24"
        )["VSwitchId"]  # fmt: skip
        self._world.kernel.wait(20)
        group = do("ecs", "CreateSecurityGroup", VpcId=vpc)["SecurityGroupId"]
        do("vpc", "AllocateEipAddress")
        body = {
            "name": "theirs", "region_id": REGION, "cluster_type": "ManagedKubernetes",
            "cluster_spec": "ack.pro.small", "vpcid": vpc, "vswitch_ids": [vswitch],
            "security_group_id": group, "service_cidr": "172.21.0.0/20",
            "container_cidr": "172.22.0.0/16", "tags": [{"key": "team", "value": "theirs"}],
        }  # fmt: skip
        do("cs", "CreateCluster", body=body)

    def _alive_of_theirs(self) -> list[Doc]:
        kinds = ("vpc", "vswitch", "securitygroup", "eip", "cluster")
        return [doc for doc in self._world.alive(*kinds) if self.is_theirs((doc.kind, doc.id))]

    def _balance(self, vpc: Doc) -> Any:
        vswitches = [d for d in self._world.alive("vswitch") if d.scope == vpc.id]
        if not vswitches:
            return None
        where = {"AddressType": "intranet", "VSwitchId": vswitches[0].id}
        return self._act("slb", "CreateLoadBalancer", **where)

    def _untag(self, doc: Doc, tags: dict[str, str]) -> None:
        product, kind = TAGGED_BY[doc.kind]
        if product == "cs":
            lists = {"resource_ids": json.dumps([doc.id]), "tag_keys": json.dumps(list(tags))}
            self._act(product, "UntagResources", resource_type=kind, region_id=REGION, **lists)
            return
        names = {f"TagKey.{n}": key for n, key in enumerate(tags, 1)}
        action = "UntagResources" if product == "ecs" else "UnTagResources"
        self._act(product, action, ResourceType=kind, **{"ResourceId.1": doc.id}, **names)

    def _act(self, product: str, action: str, **given: Any) -> Any:
        with suppress(ApiError):
            return self._world.do(product, action, **given)
        return None


def is_paid(doc: Doc) -> bool:
    """Whether it is a subscription, or is about to become one."""
    after = doc.body.get("Conversion") or doc.body
    return bool(after["InstanceChargeType"] == "PrePaid")
