"""``node list``, ``node drain``, ``node replace`` and ``node repair``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ackgpu import flag
from ackgpu.cloud.api import Cloud, Cluster, ClusterNode, KubeApi, NodePool
from ackgpu.commands.cluster.operation import ChangeOptions, ClusterChange, changing, cluster_of
from ackgpu.commands.cluster.reach import TEMPORARY_MINUTES, kubeconfig_of
from ackgpu.commands.nodepool.size import left_behind, told_of_staying
from ackgpu.errors import ConflictError, NoSuchCluster, UsageError
from ackgpu.render.results import NodeList, NodeRow, PlanRow, Result, shown_as
from ackgpu.session import Session
from ackgpu.steps.node_drain import DrainWishes, shown
from ackgpu.steps.node_graph import NodeOfPool, drain_graph, repair_graph, replace_graph
from ackgpu.steps.pool_graph import Steps
from ackgpu.steps.staying_instances import StayingInstance, staying_instances

DRAIN_TIMEOUT = "30m"


@dataclass(frozen=True, kw_only=True)
class NodeOptions(ChangeOptions):
    """What is asked of a node. ``node`` is its name, or its instance's id."""

    node: str
    private: bool = False
    force: bool = False
    delete_emptydir_data: bool = False
    drain_timeout: str = ""


def list_nodes(name: str, session: Session) -> Result:
    """List the nodes as ACK knows them."""
    cloud = session.cloud()
    return Result(command="node list", part=_nodes(cloud, cluster_of(cloud, name), name))


def drain(options: NodeOptions, session: Session) -> Result:
    """Have the pods leave a node."""
    with changing(session, options, "node drain", f"drain {options.node}") as change:
        node = _node(change, options.node)
        _refuse_unreachable(change, options)
        wishes = _wishes(options, session)
        steps = drain_graph(change.standing, node.name, wishes, private=options.private)
        question = f"This cordons {node.name} and evicts {_pods(change, options, node)}. Go on?"
        return _carry_out(change, steps, question)


def replace_node(options: NodeOptions, session: Session) -> Result:
    """Empty a node, delete its instance, and prove the one that takes its place."""
    with changing(session, options, "node replace", f"replace {options.node}") as change:
        node, pool, nodes = _place(change, options)
        change.refuse_autoscaled(pool, "its autoscaler decides what takes a node's place")
        _refuse_unreachable(change, options)
        staying = staying_instances(change.cloud, [node])
        what = NodeOfPool(node, pool, nodes, stays=bool(staying))
        wishes = _wishes(options, session)
        steps = replace_graph(change.standing, what, wishes, private=options.private)
        told = told_of_staying(staying)
        fate = "takes its instance out of the cluster" if staying else "deletes its instance"
        question = (
            f"This evicts {_pods(change, options, node)} from {node.name}, {fate}"
            f" {node.instance_id}, and makes a new one in {pool.name}."
        )
        asked = " ".join((question, *told, "Go on?"))
        return _carry_out(change, steps, asked, staying=staying, pool=pool)


def repair(options: NodeOptions, session: Session) -> Result:
    """Have ACK repair a node in place, and prove it."""
    with changing(session, options, "node repair", f"repair {options.node}") as change:
        node, pool, nodes = _place(change, options)
        _refuse_unreachable(change, options)
        _refuse_cordoned(_kube(change, options), node.name)
        what = NodeOfPool(node, pool, nodes)
        steps = repair_graph(change.standing, what, private=options.private)
        question = (
            f"ACK restarts what runs {node.name} (kubelet, container runtime), which may restart"
            " its pods. Go on?"
        )
        return _carry_out(change, steps, question)


def _carry_out(
    change: ClusterChange,
    steps: Steps,
    question: str,
    *,
    staying: Sequence[StayingInstance] = (),
    pool: NodePool | None = None,
) -> Result:
    options = change.options
    plan = change.look(steps)
    if options.dry_run:
        rows = [
            PlanRow(action=each.action, step=each.step.name, id=each.id, detail=each.step.title)
            for each in plan.steps
        ]
        return change.planned(rows, told_of_staying(staying))
    # Gone on with, it has been agreed to.
    if plan.changes:
        change.confirm(question)
    outcome = change.apply(steps, plan)
    result = change.ended(_nodes(change.cloud, change.cluster, options.name), outcome)
    if staying and pool is not None:
        result = replace(result, error=left_behind(change, pool, staying))
    return result


def _nodes(cloud: Cloud, cluster: Cluster, name: str) -> NodeList:
    pools = {pool.id: pool.name for pool in cloud.containers.node_pools(cluster.id)}
    rows = tuple(
        shown_as(
            NodeRow,
            node,
            node_pool=pools.get(node.node_pool_id, node.node_pool_id),
            status=node.node_status,
        )
        for node in cloud.containers.nodes(cluster.id)
    )
    return NodeList(cluster_name=name, nodes=rows)


def _node(change: ClusterChange, wanted: str) -> ClusterNode:
    """The node of that name or instance. Raises the error of exit code 5 if there is none."""
    nodes = change.cloud.containers.nodes(change.cluster.id)
    found = next((node for node in nodes if wanted in {node.name, node.instance_id}), None)
    if found is None:
        raise NoSuchCluster(
            f"{change.options.name} has no node {wanted}.",
            resolution=f"`ackgpu node list {change.options.name}` shows those that it has.",
        )
    if not found.name:
        raise ConflictError(
            f"{wanted} never joined the cluster: {found.error or 'no reason given'}.",
            resolution="Give its pool its size again: `ackgpu nodepool list NAME` shows the pools.",
        )
    return found


def _place(change: ClusterChange, options: NodeOptions) -> tuple[ClusterNode, NodePool, int]:
    """The node, its pool, and the size that the pool is to have; as it was when first requested."""
    # The node may be gone by now: what it was is in the journal.
    if change.resumed and change.facts:
        facts = change.facts
        node = ClusterNode(facts["node"], facts["instance"], "", "", "", node_pool_id=facts["pool"])
    else:
        node = _node(change, options.node)
    pools = change.cloud.containers.node_pools(change.cluster.id)
    pool = next((pool for pool in pools if pool.id == node.node_pool_id), None)
    if pool is None:
        raise NoSuchCluster(f"{node.name} belongs to no node pool of {options.name}.")
    change.refuse_foreign(pool)
    size = change.facts.get("size") if change.resumed else None
    # As it was when this was first requested: the node that left has made it one less since.
    nodes = int(size) if size else pool.desired
    change.facts = {
        "node": node.name,
        "instance": node.instance_id,
        "pool": pool.id,
        "size": str(nodes),
    }
    return node, pool, nodes


def _wishes(options: NodeOptions, session: Session) -> DrainWishes:
    return DrainWishes(
        unmanaged=options.force,
        local_data=options.delete_emptydir_data,
        timeout=session.timeout_of(options.drain_timeout, DRAIN_TIMEOUT),
    )


def _refuse_unreachable(change: ClusterChange, options: NodeOptions) -> None:
    if not change.cluster.public_endpoint and not options.private:
        raise UsageError(
            f"The API server of {options.name} has no public endpoint.",
            resolution=f"From a machine in the VPC, give {flag.PRIVATE}.",
        )


def _pods(change: ClusterChange, options: NodeOptions, node: ClusterNode) -> str:
    """The pods that would leave, for the question; none are read if it is not asked."""
    if options.yes or options.dry_run:
        return "its pods"
    return shown(_kube(change, options).pods_on(node.name))


def _refuse_cordoned(api: KubeApi, name: str) -> None:
    """Refuse the node that is closed to pods: its GPU would be waited for until the step's end."""
    node = api.node(name)
    if node is not None and node.unschedulable:
        raise ConflictError(
            f"{name} is cordoned: no pod is given its GPU, and so no repair of it can be proven.",
            resolution=f"`kubectl uncordon {name}` opens it again; then repair it.",
        )


def _kube(change: ClusterChange, options: NodeOptions) -> KubeApi:
    text = kubeconfig_of(
        change.cloud, change.cluster, private=options.private, minutes=TEMPORARY_MINUTES
    )
    return change.session.connect(text)
