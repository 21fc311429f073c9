"""Hand-made runs and results, for the transcripts and for the pictures in the documents."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from ackgpu.clock import ManualClock
from ackgpu.cloud.api import ClusterEvent, Price
from ackgpu.engine.aftermath import KnownSum
from ackgpu.engine.events import (
    Event,
    Listener,
    RunFinished,
    RunStarted,
    StepAsked,
    StepDone,
    StepFailed,
    StepNotStarted,
    StepWaiting,
    StopRequested,
    Tick,
    Warned,
)
from ackgpu.engine.step import Drift, Resource, StepInfo
from ackgpu.errors import OutOfStock
from ackgpu.render import deletions
from ackgpu.render import results as r
from ackgpu.render import verdicts as v

START = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
VPC, VSWITCH = "vpc-bp1k8aevy8sofi8mh1q", "vsw-bp1f2gyu56nfkhgpq9t"
NAT, EIP = "ngw-bp1ab34cdefoxzsowvx", "eip-bp1c0qe4xzt2dhzsowvx"
CLUSTER, POOL = "c8f3a9d2e5b7461f9a0b3c4d5e6f70812", "np2c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5"
HEADLINE = (
    "cn-hangzhou · emulator \N{MULTIPLICATION SIGN}60\n"
    "Preflight  ✓ 14 checks   quota 6/6 · stock cn-hangzhou-k ✓ · ¥ 9.84 an hour"
)
STEPS = (
    StepInfo("vpc", "vpc", "192.168.0.0/16"),
    StepInfo("vswitch k", "vswitch", "192.168.0.0/24 in cn-hangzhou-k", ("vpc",)),
    StepInfo("nat gateway", "natgateway", "enhanced", ("vswitch k",)),
    StepInfo("eip", "eip", "100 Mbit/s"),
    StepInfo("snat k", "snat", "", ("nat gateway", "eip")),
    StepInfo("cluster", "cluster", "ack.pro.small", ("vswitch k",)),
    StepInfo("node pool gpu", "nodepool", "2 nodes", ("cluster", "snat k")),
    StepInfo("gpu nodes", "nodes", "2 of ecs.vgn5i-m2.xlarge", ("node pool gpu",), check=True),
    StepInfo("kubeconfig", "kubeconfig", "", ("cluster",)),
)


class Story:
    """Tells events to listeners while a manual clock moves."""

    def __init__(self, *listeners: Listener, clock: ManualClock | None = None) -> None:
        self.clock = clock or ManualClock(START)
        self.listeners = list(listeners)
        self._began = self.clock.now()

    def tell(self, kind: type[Event], *, after: float = 0, **what: Any) -> None:
        """One event, ``after`` seconds after the one before."""
        self.clock.advance(after)
        event = kind(at=self.clock.now() - self._began, wall=self.clock.wall(), **what)
        for listen in self.listeners:
            listen(event)

    def start(self, verb: str = "create") -> None:
        """The run begins."""
        self.tell(RunStarted, verb=verb, subject="demo", headline=HEADLINE, steps=STEPS)


def create_begins(story: Story) -> None:
    """A create up to the moment at which the NAT gateway and the cluster are being made."""
    story.start()
    story.tell(StepAsked, step="vpc", doing="creating")
    story.tell(StepAsked, step="eip", doing="creating")
    story.tell(
        StepDone, after=2, step="eip", outcome="created", seconds=2, id=EIP, detail="47.96.1.23"
    )
    story.tell(StepWaiting, step="vpc", detail="Pending", id=VPC)
    story.tell(
        StepDone, after=1, step="vpc", outcome="created", seconds=3, id=VPC, detail="192.168.0.0/16"
    )
    story.tell(
        StepDone,
        after=4,
        step="vswitch k",
        outcome="adopted",
        seconds=4,
        id=VSWITCH,
        detail="192.168.0.0/24 in cn-hangzhou-k",
    )
    story.tell(StepAsked, step="nat gateway", doing="creating")
    story.tell(StepAsked, step="cluster", doing="creating")
    story.tell(StepWaiting, after=1, step="nat gateway", detail="Creating", id=NAT)
    story.tell(StepWaiting, step="cluster", detail="initial: control plane 2/4", id=CLUSTER)
    story.tell(StepWaiting, after=5, step="cluster", detail="initial: control plane 2/4")
    story.tell(Warned, message="cluster: ACK reports the state 'upgrading', unknown to ackgpu")


def ticks(story: Story, times: int, seconds: float = 10) -> None:
    """Time passes while the NAT gateway and the cluster are being made."""
    for _ in range(times):
        story.clock.advance(seconds)
        passed = story.clock.now() - 7
        story.tell(
            Tick,
            waiting=(
                ("nat gateway", "Creating", passed),
                ("cluster", "initial: control plane 2/4", passed),
            ),
        )


def create_ends(story: Story) -> None:
    """The rest of the create, up to its good end."""
    rest = (
        ("nat gateway", NAT, "Available", 90.0, 5),
        ("snat k", "snat-bp1l5a0b2c3d4e5f6a7b8", "192.168.0.0/24", 2.0, 2),
        ("cluster", CLUSTER, "running, Kubernetes 1.34.10", 362.0, 270),
        ("kubeconfig", "", "context demo in ~/.kube/config", 1.0, 1),
        ("node pool gpu", POOL, "2 of 2 nodes", 181.0, 181),
    )
    for step, identifier, detail, seconds, after in rest:
        story.tell(
            StepDone,
            after=after,
            step=step,
            outcome="created",
            seconds=seconds,
            id=identifier,
            detail=detail,
        )
    story.tell(
        StepDone,
        after=91,
        step="gpu nodes",
        outcome="checked",
        seconds=91,
        detail="2 of 2 with nvidia.com/gpu",
    )
    story.tell(RunFinished, ok=True, seconds=story.clock.now(), done=9, total=9)


def create_fails(story: Story) -> None:
    """The rest of a create whose cluster fails; what depends on it is never begun."""
    story.tell(
        StepFailed,
        after=12,
        step="cluster",
        message="ACK could not create the cluster: the vSwitch vsw-bp1f2gyu56nfkhgpq9t has too few"
        " free addresses (ErrManagedZoneNotSupport).",
        id=CLUSTER,
    )
    for step in ("snat k", "node pool gpu", "gpu nodes", "kubeconfig"):
        story.tell(StepNotStarted, step=step, reason="not started")
    story.tell(RunFinished, ok=False, seconds=story.clock.now(), done=3, total=9)


def create_is_stopped(story: Story) -> None:
    """Somebody presses Ctrl-C."""
    story.tell(StopRequested, after=3, signal="SIGINT")


def yuan(amount: float | None) -> Price:
    """An hour's price in CNY."""
    return Price(amount, "CNY", "list price")


def resource(product: str, kind: str, identifier: str, name: str = "", **more: Any) -> Resource:
    """A resource of ours."""
    values = {"state": "Available", "owned": True, "billable": True, **more}
    return Resource(product, kind, identifier, name, "cn-hangzhou", **values)


NETWORK = (resource("vpc", "vpc", VPC), resource("vpc", "nat", NAT), resource("vpc", "eip", EIP))
BY_ACK = (
    resource("slb", "loadbalancer", "lb-bp1x7aevy8sofi8mh1q", "internal 6443"),
    resource("slb", "loadbalancer", "lb-bp1z9evy8sofi8mh1q0", "public 6443"),
)
PARTS = (
    r.PricePart(what="nodes", price=yuan(8.2)),
    r.PricePart(what="NAT", price=yuan(0.45)),
    r.PricePart(what="control plane", price=yuan(None)),
)
POOL_ROW = r.NodePoolRow(
    name="gpu",
    id=POOL,
    state="active",
    instance_types=("ecs.vgn5i-m2.xlarge",),
    desired=2,
    total=2,
    healthy=2,
    slice="GRID-P4-2Q 2048MiB",
)
ROW = r.ClusterRow(
    name="demo",
    id=CLUSTER,
    region="cn-hangzhou",
    state="running",
    version="1.34.10",
    nodes=2,
    created=START,
    expires=START + timedelta(hours=3),
    hourly=KnownSum(9.47, "CNY"),
    cost_so_far=11.36,
)
OLD_ROW = r.ClusterRow(
    name="训练",
    id="c0123456789abcdef0123456789abcdef",
    region="cn-shanghai",
    state="failed",
    version="1.33.3",
    expires=START - timedelta(hours=1),
    expired=True,
    hourly=KnownSum(0.64, "CNY", ("NatGateway",)),
    cost_so_far=96.1,
)
NO_STOCK = OutOfStock(
    "No capacity for ecs.vgn5i-m2.xlarge: the cloud answered OperationDenied.NoStock in every zone"
    " tried.",
    cloud_code="OperationDenied.NoStock",
    request_id="0D4C2B1A-1111-2222-3333-444455556666",
    resolution="ackgpu offers --gpu-mem 2..4 --region cn-hangzhou --region cn-shanghai",
    details=["cn-hangzhou-k  ecs.vgn5i-m2.xlarge  NoStock"],
)


def ladder(node: str, *, failed: bool = False, zone: str = "cn-hangzhou-k") -> v.VerifyRow:
    """A node's rungs: all passed, or stopped at the values of the labels."""
    good = [v.CheckCell(name=name, verdict="passed") for name in ("ready", "labels")]
    if not failed:
        more = [v.CheckCell(name=name, verdict="passed") for name in ("values", "plugin")]
        rungs = (*good, *more, v.CheckCell(name="gpu", verdict="passed", value="1/1"))
    else:
        bad = v.CheckCell(
            name="values",
            verdict="failed",
            message="aliyun.accelerator/nvidia_mem is 1024MiB; ecs.vgn5i-m2.xlarge should show"
            " 2048MiB.",
            remedy="the node runs another slice than its type says: replace it",
        )
        rungs = (*good, bad)
    return v.VerifyRow(
        node=node,
        instance_type="ecs.vgn5i-m2.xlarge",
        zone=zone,
        rungs=tuple(rungs),
        instance_id="i-bp1aevy8sofi8mh1q001",
    )


RUNGS = ("ready", "labels", "values", "plugin", "gpu")


def _results() -> dict[str, r.Result]:
    created = r.CreateSummary(
        cluster=ROW,
        endpoint="https://47.96.1.24:6443",
        node_pools=(POOL_ROW,),
        gpu_nodes=2,
        gpu_nodes_verified=2,
        network=NETWORK,
        by_ack=BY_ACK,
        price=yuan(9.84),
        price_parts=PARTS,
        prices_of="2026-11-20",
        kubeconfig="~/.kube/config, context demo",
        seconds=571,
        next_commands=(
            "kubectl --context demo get nodes",
            "ackgpu run-sample demo",
            "ackgpu delete demo",
        ),
    )
    plan = r.PlanResult(
        cluster_name="demo",
        region="cn-hangzhou",
        steps=(
            r.PlanRow(action="CREATE", step="vpc", detail="192.168.0.0/16"),
            r.PlanRow(action="CREATE", step="vswitch k", detail="192.168.0.0/24  cn-hangzhou-k"),
            r.PlanRow(
                action="ADOPT",
                step="nat gateway",
                id=NAT,
                note="ours, from an unfinished create of 2026-11-23 10:02",
            ),
            r.PlanRow(action="REUSE", step="eip", id=EIP, note="given, will not be deleted"),
            r.PlanRow(
                action="BROKEN",
                step="cluster",
                id=CLUSTER,
                detail="running",
                drift=(Drift("podCidr", "172.20.0.0/16", "10.0.0.0/8"),),
            ),
        ),
        seconds=600,
        price=yuan(9.84),
        price_parts=PARTS,
    )
    quota = v.QuotaResult(
        nodes=48,
        network_plugin="Flannel",
        region="cn-hangzhou",
        account="1234567890126789",
        quotas=(
            v.QuotaRow(name="clusters in the account", needed=1, used=7, limit=50, source="live"),
            v.QuotaRow(name="nodes in a cluster", needed=48, used=None, limit=100, source="live"),
            v.QuotaRow(
                name="route entries in the VPC",
                needed=48,
                used=0,
                limit=48,
                source="documented 2020",
            ),
            v.QuotaRow(
                name="EIPs",
                needed=2,
                used=19,
                limit=20,
                source="live",
                verdict="short",
                remedy="release one of the 3 unassociated EIPs (ackgpu check-quota --show eip), or"
                " use --no-public-endpoint (needs 1 less)",
            ),
            v.QuotaRow(
                name="vGPU instances, vgn5i",
                needed=48,
                used=2,
                limit=None,
                source="",
                verdict="unknown",
                why_unknown="quota API refused (Forbidden.RAM)",
            ),
        ),
    )
    nodes = (ladder("cn-hangzhou.192.168.0.4"), ladder("cn-hangzhou.192.168.0.5", failed=True))
    many = tuple(
        ladder(f"node-{number}", failed=number == 7, zone=f"cn-hangzhou-{'jk'[number % 2]}")
        for number in range(60)
    )
    offers = r.OfferList(
        offers=(
            r.OfferRow(
                instance_type="ecs.vgn5i-m2.xlarge",
                card="P4 1/4",
                gpu_memory_gib=2,
                vcpu=4,
                memory_gib=12,
                region="cn-hangzhou",
                zone="cn-hangzhou-k",
                stock="ok",
                price=yuan(4.1),
                spot=yuan(1.23),
            ),
            r.OfferRow(
                instance_type="ecs.vgn7i-vws-m4.xlarge",
                card="A10 1/6",
                gpu_memory_gib=4,
                vcpu=4,
                memory_gib=30,
                region="cn-hangzhou",
                zone="cn-hangzhou-j",
                stock="low",
                price=yuan(None),
            ),
        )
    )
    preview = deletions.DeletePreview(
        cluster_name="demo",
        id=CLUSTER,
        region="cn-hangzhou",
        removes=("cluster", "node pool gpu (2 instances)", "2 SLBs by ACK", "snat", "nat gateway"),
        keeps=(f"{EIP} (given in the spec)",),
        notes=("Service default/web has a load balancer lb-bp1t, which goes too",),
    )
    description = r.ClusterDescription(
        cluster=ROW,
        facts=(
            r.Fact("VPC", f"{VPC}  192.168.0.0/16"),
            r.Fact("endpoint", "https://47.96.1.24:6443"),
        ),
        node_pools=(POOL_ROW,),
        listed=NETWORK,
        events=(
            ClusterEvent("2026-11-24T12:00:00Z", "cluster", "info", "Create", "Start to create"),
        ),
    )
    checks = v.CheckList(
        title="ackgpu preflight · cn-hangzhou",
        checks=(
            v.CheckRow(name="credentials", verdict="passed", message="RAM user ci"),
            v.CheckRow(
                name="roles",
                verdict="failed",
                message="AliyunCSDefaultRole is not granted.",
                remedy="grant it in the console of Container Service",
            ),
            v.CheckRow(name="stock", verdict="skipped"),
        ),
    )
    found = deletions.GcRow(
        cluster="demo",
        kind="cluster",
        name="demo",
        id=CLUSTER,
        region="cn-hangzhou",
        reason="expired",
        age=90_000,
    )
    sample = v.SampleResult(
        cluster_name="demo",
        node="cn-hangzhou.192.168.0.4",
        gpu="GRID P4-2Q",
        memory="2048MiB",
        driver="470.161.03",
        passed=True,
        seconds=31,
        output="[Vector addition of 50000 elements]\nTest PASSED",
    )
    gone = deletions.DeleteResult(
        cluster_name="demo",
        region="cn-hangzhou",
        seconds=242,
        lived=4320,
        cost=KnownSum(11.81, "CNY"),
    )
    absent = deletions.DeleteResult(cluster_name="demo", region="cn-hangzhou", existed=False)
    left = deletions.DeleteResult(cluster_name="demo", region="cn-hangzhou", left=NETWORK[:1])
    return {
        "create": r.Result(command="create", part=created, durations={"total": 571.0}),
        "plan": r.Result(command="plan", part=plan, exit_code=12),
        "check-quota": r.Result(command="check-quota", part=quota),
        "verify": r.Result(
            command="verify",
            part=v.VerifyResult(
                cluster_name="demo", level="allocatable", rungs=RUNGS, nodes=nodes, seconds=2
            ),
        ),
        "verify-many": r.Result(
            command="verify",
            part=v.VerifyResult(
                cluster_name="demo", level="allocatable", rungs=RUNGS, nodes=many, seconds=9
            ),
        ),
        "offers": r.Result(command="offers", part=offers),
        "list": r.Result(command="list", part=r.ClusterList(clusters=(ROW, OLD_ROW))),
        "list-empty": r.Result(
            command="list", part=r.ClusterList(clusters=(), regions=("cn-hangzhou",))
        ),
        "describe": r.Result(command="describe", part=description, resources=NETWORK),
        "delete-preview": r.Result(command="delete", part=preview),
        "delete": r.Result(command="delete", part=gone),
        "delete-absent": r.Result(command="delete", part=absent),
        "delete-leftovers": r.Result(command="delete", part=left),
        "nodepool-list": r.Result(
            command="nodepool list",
            part=r.NodePoolList(cluster_name="demo", node_pools=(POOL_ROW,)),
        ),
        "preflight": r.Result(command="preflight", part=checks, warnings=("stock not read",)),
        "gc": r.Result(command="gc", part=deletions.GcResult(found=(found,), executed=False)),
        "run-sample": r.Result(command="run-sample", part=sample),
        "facts": r.Result(
            command="extend",
            part=r.Facts(
                headline="demo lives on", facts={"expires at": START, "held": False}, done=True
            ),
        ),
        "manifest": r.Result(command="manifest sample", part=r.PlainText(text="kind: Pod\n\tx\n")),
    }


RESULTS = _results()
