"""DeleteCluster: what goes, what stays, and when.

By default everything that ACK made goes, the load balancers among it; ALB, the log project and
PrivateZone stay (DeleteCluster, ``delete_options``). What the user brought stays always.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ackgpu.emulator.cs import PRODUCT, durations
from ackgpu.emulator.cs.events import record
from ackgpu.emulator.cs.faults import fault
from ackgpu.emulator.cs.lookup import cluster_of, query_list
from ackgpu.emulator.cs.members import lasting_nodes, remove_node
from ackgpu.emulator.cs.nodepools import lasting_pools
from ackgpu.emulator.cs.states import CLUSTER, POOL
from ackgpu.emulator.cs.tasks import TaskCourse, make_task
from ackgpu.emulator.ecs.security_groups import remove_security_group
from ackgpu.emulator.errors import ApiError, invalid
from ackgpu.emulator.operation import Call
from ackgpu.emulator.slb.balancers import remove_load_balancer
from ackgpu.emulator.store import Doc
from ackgpu.emulator.vpc.eips import remove_eip
from ackgpu.emulator.vpc.nat_gateways import remove_nat_gateway
from ackgpu.emulator.vpc.snat_entries import remove_snat_entry

MODES = {"SLB": "delete", "ALB": "retain", "SLS_Data": "retain", "SLS_ControlPlane": "retain",
         "PrivateZone": "retain"}  # fmt: skip
"""Types that ``delete_options`` knows, and what happens to them by default."""


@dataclass(frozen=True)
class Keeping:
    """What of a cluster's resources is to stay."""

    everything: bool
    ids: frozenset[str]
    modes: dict[str, str]

    def keeps(self, resource_id: str, mode: str) -> bool:
        """Whether a resource stays; ``mode`` is its name in ``delete_options``, or empty."""
        return (
            self.everything
            or resource_id in self.ids
            or (bool(mode) and self.modes[mode] == "retain")
        )


@PRODUCT.operation("DeleteCluster", "DELETE /clusters/{cluster_id}")
def delete_cluster(call: Call) -> dict[str, Any]:
    """Remove a cluster in any state. Its task stays readable when it is gone.

    The refusal's code under deletion protection is unconfirmed.
    """
    cluster = cluster_of(call)
    if cluster.body["deletion_protection"]:
        raise ApiError(
            "ErrorDeletionProtectionEnabled",
            f"cluster {cluster.id} cannot be deleted because deletion protection is enabled",
        )
    keeping = _keeping(call)
    # Asked twice it is the same deletion: clients repeat a lost reply.
    if call.state(cluster) == "deleting":
        return {"cluster_id": cluster.id, "task_id": cluster.body["delete_task_id"]}
    # Once: the second attempt of a deletion that failed works.
    if fault(call, "delete_failed", cluster=cluster.name) and "delete_task_id" not in cluster.body:
        return _fail(call, cluster)
    _remove_nodes(call, cluster, keeping)
    _remove_resources(call, cluster, keeping)
    CLUSTER.enter(cluster, call.now, (0.0, "deleting"))
    cluster.deleted_at = call.now + durations.CLUSTER_DELETE
    for kind in ("addon", "kube"):
        _let_go(call, kind, cluster)
    return _ask(call, cluster, None)


def _keeping(call: Call) -> Keeping:
    params = call.params
    modes = dict(MODES)
    if params.boolean("keep_slb"):
        modes["SLB"] = "retain"
    for option in query_list(call, "delete_options"):
        kind, mode = option.get("resource_type"), option.get("delete_mode")
        if kind not in MODES or mode not in {"delete", "retain"}:
            raise invalid("delete_options")
        modes[kind] = mode
    ids = frozenset(str(each) for each in query_list(call, "retain_resources"))
    return Keeping(params.boolean("retain_all_resources"), ids, modes)


def _remove_nodes(call: Call, cluster: Doc, keeping: Keeping) -> None:
    """Release the instances of nodes by the rules of the help page on deleting clusters.

    Nodes of a pool with a desired size go, of one without only those that Auto Scaling made;
    subscriptions never.
    """
    at = call.now + durations.NODES_GONE_AFTER
    pools = {pool.id: pool for pool in lasting_pools(call, cluster)}
    for node in lasting_nodes(call, cluster.id):
        pool = pools.get(node.body["nodepool_id"])
        sized = pool is not None and pool.body["scaling_group"].get("desired_size") is not None
        kept = keeping.keeps(node.body["instance_id"], "")
        made = sized or node.body["source"] == "ess"
        remove_node(call, node, at, release=made and not kept)
    for pool in pools.values():
        steps = [] if call.state(pool) == "deleting" else [(0.0, "deleting")]
        POOL.enter(pool, call.now, *steps)
        pool.deleted_at = at
        call.docs.put(pool)


def _remove_resources(call: Call, cluster: Doc, keeping: Keeping) -> None:
    for row in cluster.body["resources"]:
        doc = call.docs.get(row["kind"], row["id"])
        row["kept"] = doc is None or keeping.keeps(row["id"], row["mode"])
        if doc is not None and not row["kept"]:
            _remove(call, doc)
    if not keeping.everything:
        _end_given_group(call, cluster)
    if keeping.everything or keeping.modes["SLB"] == "retain":
        return
    for doc in service_balancers(call, cluster):
        if doc.id not in keeping.ids:
            remove_load_balancer(call, doc, call.now + durations.BALANCERS_GONE_AFTER)


def _end_given_group(call: Call, cluster: Doc) -> None:
    """Whether a group that the cluster was given goes with it is a doubt."""
    group = call.docs.get("securitygroup", cluster.body["security_group_id"])
    made = {row["id"] for row in cluster.body["resources"]}
    if group is None or group.id in made or call.doubt("given_group") == "kept":
        return
    _remove(call, group)


def service_balancers(call: Call, cluster: Doc) -> list[Doc]:
    """Load balancers that Services of the cluster made: tagged as its own, and not its API's."""
    own = {row["id"] for row in cluster.body["resources"]}
    found = call.docs.find("loadbalancer", at=call.now, scope=cluster.scope)
    return [
        doc
        for doc in found
        if doc.id not in own and doc.body["Tags"].get("ack.aliyun.com") == cluster.id
    ]


def _remove(call: Call, doc: Doc) -> None:
    if doc.deleted_at is not None and doc.deleted_at <= call.now:
        return
    network = call.now + durations.NETWORK_GONE_AFTER
    if doc.kind == "loadbalancer":
        remove_load_balancer(call, doc, call.now + durations.BALANCERS_GONE_AFTER)
    elif doc.kind == "eip":
        remove_eip(call, doc, network)
    elif doc.kind == "snat":
        remove_snat_entry(call, doc, call.now + durations.BALANCERS_GONE_AFTER)
    elif doc.kind == "natgateway":
        remove_nat_gateway(call, doc, call.now + durations.BALANCERS_GONE_AFTER)
    elif doc.kind == "securitygroup":
        remove_security_group(call, doc, call.now + durations.SECURITY_GROUP_GONE_AFTER)
    else:
        doc.deleted_at = call.now + durations.CLUSTER_DELETE
        call.docs.put(doc)


def _let_go(call: Call, kind: str, cluster: Doc) -> None:
    for doc in call.docs.find(kind, scope=cluster.id):
        if doc.deleted_at is None:
            doc.deleted_at = max(doc.created_at, call.now + durations.CLUSTER_DELETE)
            call.docs.put(doc)


def _fail(call: Call, cluster: Doc) -> dict[str, Any]:
    """As when somebody else's SNAT entry holds the NAT gateway: a second attempt works."""
    CLUSTER.enter(cluster, call.now, (0.0, "deleting"), (durations.CLUSTER_DELETE, "delete_failed"))
    return _ask(call, cluster, ("DependencyViolation.Resource", "a resource is still in use"))


def _ask(call: Call, cluster: Doc, error: tuple[str, str] | None) -> dict[str, Any]:
    kind, rest = (
        (cluster.id, "cluster_delete"),
        durations.CLUSTER_DELETE - durations.NODES_GONE_AFTER,
    )
    stages = [("Remove nodes", durations.NODES_GONE_AFTER), ("Delete cloud resources", rest)]
    task = make_task(call, cluster, "cluster_delete", TaskCourse(stages, error=error))
    cluster.body["delete_task_id"] = task.id
    call.docs.put(cluster)
    message = f"Start to delete cluster {cluster.name}"
    record(call, kind, cluster.id, "Started", message, at=call.now)
    if error is not None:
        at = call.now + durations.CLUSTER_DELETE
        record(call, kind, cluster.id, "Failed", error[1], at=at, level="error")
    return {"cluster_id": cluster.id, "task_id": task.id}
