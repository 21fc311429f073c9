"""Load balancers that lie in several zones: what NLB and ALB have in common.

Both list with NextToken, write tags as ``{Key, Value}``, take some time to be deleted, and refuse
to be while their deletion protection is on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ackgpu.emulator.account import RESOURCE_GROUP
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call, Product, token_page
from ackgpu.emulator.shared.fields import seen_tags, tagged
from ackgpu.emulator.shared.lifecycle import Lifecycle
from ackgpu.emulator.store import Doc
from ackgpu.emulator.vpc.addresses import take_address

LIFECYCLE = Lifecycle("load balancer", {"Provisioning": "Active"})
PROVISIONING, DELETING = 20.0, 15.0
"""Seconds that making and deleting one takes (UNCONFIRMED)."""
MAX_IDS, MAX_RESULTS = 20, 100


@dataclass(frozen=True)
class ZonalBalancers:
    """The operations of one product over its load balancers, documents of ``kind``.

    ``made_as``: how CreateLoadBalancer spells the new id.
    """

    kind: str
    made_as: str = "LoadBalancerId"

    def serve(self, product: Product) -> None:
        """Register what both products call alike."""
        product.operation("CreateLoadBalancer", writes=True)(self.create)
        product.operation("ListLoadBalancers")(self.list)
        product.operation("DeleteLoadBalancer", writes=True)(self.delete)

    def create(self, call: Call) -> dict[str, Any]:
        """CreateLoadBalancer: an address in the vSwitch of each zone mapping."""
        zones = call.params.objects("ZoneMappings")
        vpc = call.alive("vpc", call.params.required("VpcId"))
        vswitches = [call.alive("vswitch", zone.get("VSwitchId", "")) for zone in zones]
        if vpc is None or not vswitches or None in vswitches:
            raise ApiError("ResourceNotFound.VSwitch", "The specified resource is not found.", 404)
        doc = Doc(self.kind, call.new_id(f"{self.kind}-", 16), call.region, vpc.id,
                  call.params.text("LoadBalancerName"), call.now)  # fmt: skip
        doc.body = {
            "AddressType": call.params.text("AddressType", "Intranet"),
            "ZoneMappings": zones,
            "Protected": False,
            "Tags": call.params.tags(),
            "phases": LIFECYCLE.course(call.now, (0, "Provisioning"), (PROVISIONING, "Active")),
        }
        for vswitch in vswitches:
            if vswitch is not None:
                take_address(call, vswitch, doc.id)
        call.docs.put(doc)
        return {self.made_as: doc.id}

    def list(self, call: Call) -> dict[str, Any]:
        """ListLoadBalancers, by ids, names, VPCs, zones, tags and what rows show."""
        params = call.params
        ids = params.listed("LoadBalancerIds")
        if len(ids) > MAX_IDS:
            raise ApiError("IllegalParam.LoadBalancerIds", "Too many load balancer ids.")
        docs = [doc for doc in call.all(self.kind, ids=ids) if self._wanted(call, doc)]
        page, token = token_page(call, docs, default=20, most=MAX_RESULTS)
        return {
            "LoadBalancers": [self.row(call, doc) for doc in page],
            "TotalCount": len(docs),
            "MaxResults": params.integer("MaxResults", 20),
            **({"NextToken": token} if token else {}),
        }

    def delete(self, call: Call) -> None:
        """DeleteLoadBalancer: it ends after a while."""
        doc = self.living(call, call.params.required("LoadBalancerId"))
        if doc.body["Protected"]:
            raise ApiError("OperationDenied.DeletionProtection", "Deletion protection is on.", 400)
        doc.deleted_at = call.now + DELETING
        call.docs.put(doc)

    def protect(self, call: Call, balancer_id: str, *, on: bool) -> None:
        """Set the deletion protection."""
        doc = self.living(call, balancer_id)
        doc.body["Protected"] = on
        call.docs.put(doc)

    def living(self, call: Call, balancer_id: str) -> Doc:
        """The load balancer; refuses with ResourceNotFound.loadBalancer."""
        doc = call.alive(self.kind, balancer_id)
        if doc is None:
            raise ApiError(
                "ResourceNotFound.loadBalancer", "The specified resource is not found.", 404
            )
        return doc

    def _wanted(self, call: Call, doc: Doc) -> bool:
        params = call.params
        names, vpcs = params.listed("LoadBalancerNames"), params.listed("VpcIds")
        zones = {mapping.get("ZoneId", "") for mapping in doc.body["ZoneMappings"]}
        return (
            (not names or doc.name in names)
            and (not vpcs or doc.scope in vpcs)
            and params.text("ZoneId") in {"", *zones}
            and params.text("AddressIpVersion", "IPv4").lower() == "ipv4"
            and params.fit(
                AddressType=doc.body["AddressType"],
                LoadBalancerStatus=_status(call, doc),
                LoadBalancerBusinessStatus="Normal",
                LoadBalancerBussinessStatus="Normal",
                DNSName=self._host(doc),
                ResourceGroupId=RESOURCE_GROUP,
                Ipv6AddressType="",
            )
            and tagged(call, doc, params.tags())
        )

    def _host(self, doc: Doc) -> str:
        return f"{doc.id}.{doc.region}.{self.kind}.aliyuncs.com"

    def _zones(self, doc: Doc) -> dict[str, Any]:
        """The list of NLBs tells of zones, that of ALBs does not."""
        return {"ZoneMappings": doc.body["ZoneMappings"]} if self.kind == "nlb" else {}

    def row(self, call: Call, doc: Doc) -> dict[str, Any]:
        """A load balancer as answers show it."""
        return {
            "LoadBalancerId": doc.id,
            "LoadBalancerName": doc.name,
            "LoadBalancerStatus": _status(call, doc),
            "AddressType": doc.body["AddressType"],
            "VpcId": doc.scope,
            **self._zones(doc),
            "DNSName": self._host(doc),
            "DeletionProtectionConfig": {"Enabled": doc.body["Protected"]},
            "Tags": [{"Key": key, "Value": value} for key, value in seen_tags(call, doc).items()],
        }


def _status(call: Call, doc: Doc) -> str:
    return call.state(doc) if doc.deleted_at is None else "Deleting"
