"""Rules over each node pool but its instance types."""

from __future__ import annotations

from collections.abc import Iterator

from ackgpu import naming
from ackgpu.spec import drivers
from ackgpu.spec.findings import Finding, error, refused, warning
from ackgpu.spec.images import AUTO, CUSTOM, problem_with_containerd, problem_with_image
from ackgpu.spec.model import ClusterSpec, NodePoolSpec
from ackgpu.spec.rules.syntax import (
    did_you_mean,
    one_of,
    problem_with_id,
    problem_with_label,
    problem_with_server,
)
from ackgpu.spec.versions import minor_of

# CS API reference, CreateClusterNodePool: period in months.
_PERIODS = (*range(1, 10), 12, 24, 36, 48, 60)
_HIGHEST_POOL = 2_000
_SCHEDULE_LABEL = "ack.node.gpu.schedule"
_SCHEDULES = ("default", "cgpu", "core_mem", "share", "mps", "topology", "mig", "disabled")
_DOCKER_ENDS = (1, 24)


def check_name(key: str, pool: NodePoolSpec) -> Iterator[Finding]:
    """A pool's name follows the rule of cluster names."""
    problem = naming.problem_with_cluster_name(pool.name)
    if problem:
        yield error(f"{key}.name", problem.replace("a cluster needs", "a node pool needs"))


def check_size(key: str, pool: NodePoolSpec) -> Iterator[Finding]:
    """The size is one, and lies within the bounds of a pool that scales itself.

    CS API reference, CreateClusterNodePool: 0 <= min_instances <= max_instances <= 2000. The API
    takes desired_size and auto scaling one after the other, never in one call.
    """
    scaling = pool.auto_scaling
    if not 0 <= pool.desired_size <= _HIGHEST_POOL:
        yield error(f"{key}.desiredSize", f"must be 0 to {_HIGHEST_POOL}")
    if not 0 <= scaling.min <= scaling.max <= _HIGHEST_POOL:
        yield error(
            f"{key}.autoScaling", f"0 <= min <= max <= {_HIGHEST_POOL} must hold, and does not"
        )
        return
    if not scaling.enable:
        return
    if scaling.max == 0:
        yield error(f"{key}.autoScaling.max", "a pool that scales needs a max above 0")
    elif not scaling.min <= pool.desired_size <= scaling.max:
        yield error(
            f"{key}.desiredSize",
            f"{pool.desired_size} is not within autoScaling's {scaling.min} to {scaling.max}",
        )


def check_scaling_type(key: str, pool: NodePoolSpec) -> Iterator[Finding]:
    """A GPU pool scales by GPU requests: the type cannot be changed later."""
    scaling = pool.auto_scaling
    if not scaling.enable:
        return
    if scaling.type == "cpu" or (scaling.type == "spot" and not pool.spot.enabled):
        yield error(
            f"{key}.autoScaling.type",
            f"{scaling.type!r} does not fit this pool: use gpu, it cannot be changed later",
        )
    if pool.attach.instance_ids:
        yield error(f"{key}.attach", "ACK attaches no instances to a pool that scales itself")


def check_billing(key: str, pool: NodePoolSpec) -> Iterator[Finding]:
    """A subscription has a period; pay-as-you-go has none."""
    if pool.charge_type == "PostPaid":
        if pool.period or pool.auto_renew:
            field = "period" if pool.period else "autoRenew"
            yield error(f"{key}.{field}", "is for chargeType PrePaid")
        return
    if pool.period not in _PERIODS:
        yield error(
            f"{key}.period", "PrePaid needs a period of 1 to 9, 12, 24, 36, 48 or 60 months"
        )
    if pool.spot.enabled:
        yield error(f"{key}.spot", "spot nodes are pay-as-you-go: they cannot be PrePaid")


def check_spot(key: str, pool: NodePoolSpec) -> Iterator[Finding]:
    """A price limit belongs to the strategy that has one."""
    spot = pool.spot
    has_limit = spot.price_limit is not None
    if (spot.strategy == "SpotWithPriceLimit") != has_limit:
        problem = "needs a priceLimit" if not has_limit else "has no priceLimit"
        yield error(f"{key}.spot.strategy", f"{spot.strategy} {problem}")
    if spot.price_limit is not None and not 0 < spot.price_limit < float("inf"):
        yield error(f"{key}.spot.priceLimit", "must be a price above 0")
    if spot.on_demand_base and not spot.enabled:
        yield error(f"{key}.spot.onDemandBase", "is for spot nodes")
    if spot.on_demand_base < 0:
        yield error(f"{key}.spot.onDemandBase", "must not be negative")


def check_labels(key: str, pool: NodePoolSpec) -> Iterator[Finding]:
    """Labels are ones that Kubernetes takes."""
    for label, value in pool.labels.items():
        yield from refused(f"{key}.labels.{label}", problem_with_label(label, value))
    schedule = pool.labels.get(_SCHEDULE_LABEL, "default")
    if schedule not in _SCHEDULES:
        hint = did_you_mean(schedule, _SCHEDULES)
        yield error(
            f"{key}.labels.{_SCHEDULE_LABEL}", f"{schedule!r} is not {one_of(_SCHEDULES)}{hint}"
        )
    elif schedule != "default":
        yield warning(
            f"{key}.labels.{_SCHEDULE_LABEL}",
            f"with {schedule!r} nodes do not offer nvidia.com/gpu, which verify looks for",
        )


def check_taints(key: str, pool: NodePoolSpec) -> Iterator[Finding]:
    """Taints are ones that Kubernetes takes, each key and effect once."""
    seen: set[tuple[str, str]] = set()
    for index, taint in enumerate(pool.taints):
        yield from refused(f"{key}.taints[{index}]", problem_with_label(taint.key, taint.value))
        if (taint.key, taint.effect) in seen:
            yield error(f"{key}.taints[{index}]", f"{taint.key}:{taint.effect} is there twice")
        seen.add((taint.key, taint.effect))


def check_runtime(key: str, pool: NodePoolSpec, version: str) -> Iterator[Finding]:
    """Docker ended with Kubernetes 1.24 on ACK, containerd 1.x before 1.36."""
    if pool.runtime.name != "docker":
        yield from refused(
            f"{key}.runtime.version", problem_with_containerd(pool.runtime.version, version)
        )
        return
    minor = minor_of(version)
    if minor is None or minor >= _DOCKER_ENDS:
        yield error(
            f"{key}.runtime.name", "docker is for Kubernetes before 1.24: containerd is for all"
        )


def check_image(key: str, pool: NodePoolSpec, version: str) -> Iterator[Finding]:
    """The version runs the image; an image of one's own has its id."""
    yield from refused(f"{key}.imageType", problem_with_image(pool.image_type, version))
    if pool.image_type == CUSTOM and not pool.image_id:
        yield error(f"{key}.imageType", f"{CUSTOM} is an image of your own: give its imageId")
    elif pool.image_id and pool.image_type not in {AUTO, CUSTOM}:
        yield error(f"{key}.imageType", f"imageId names the image: leave it out, or {CUSTOM}")
    problem = problem_with_id(pool.image_id, "m", "an image") if pool.image_id else ""
    if problem and not pool.image_id.endswith(".vhd"):  # the cloud's own end with it
        yield error(f"{key}.imageId", problem)


def check_driver(key: str, pool: NodePoolSpec) -> Iterator[Finding]:
    """A way to the driver has what it needs; what nobody has proven on ACK is marked."""
    gpu, driver = pool.gpu, pool.driver
    files = {"ossEndpoint": gpu.oss_endpoint, "runfile": gpu.runfile}
    for name, value in files.items():
        if driver == drivers.RUNFILE and not value:
            yield error(f"{key}.gpu.{name}", "is required for driver runfile")
        elif value and driver != drivers.RUNFILE:
            yield error(f"{key}.gpu.{name}", "is for driver runfile")
    if driver == drivers.IMAGE and not pool.image_id:
        yield error(f"{key}.gpu.driver", "image: give the imageId of the image that has the driver")


def check_attached(key: str, pool: NodePoolSpec) -> Iterator[Finding]:
    """Instances to attach are named by their ids, each once."""
    ids = pool.attach.instance_ids
    for index, instance_id in enumerate(ids):
        problem = problem_with_id(instance_id, "i", "an instance")
        if problem:
            yield error(f"{key}.attach.instanceIds[{index}]", problem)
        elif instance_id in ids[:index]:
            yield error(f"{key}.attach.instanceIds[{index}]", f"{instance_id} is named twice")


def check_license_server(key: str, pool: NodePoolSpec) -> Iterator[Finding]:
    """The pool's own licence server has a host and a port."""
    if pool.license_server:
        yield from refused(f"{key}.licenseServer", problem_with_server(pool.license_server))


POOL_RULES = (
    check_name,
    check_size,
    check_scaling_type,
    check_billing,
    check_spot,
    check_labels,
    check_taints,
    check_attached,
    check_driver,
    check_license_server,
)


def check_pools(spec: ClusterSpec) -> Iterator[Finding]:
    """Every rule over every pool."""
    for index, pool in enumerate(spec.node_pools):
        key = f"nodePools[{index}]"
        for rule in POOL_RULES:
            yield from rule(key, pool)
        yield from check_runtime(key, pool, spec.metadata.version)
        yield from check_image(key, pool, spec.metadata.version)


def check_subscription_ttl(spec: ClusterSpec) -> Iterator[Finding]:
    """What is paid for months is not released after hours."""
    prepaid = any(pool.charge_type == "PrePaid" for pool in spec.node_pools)
    if prepaid and spec.lifecycle.ttl is not None:
        yield warning(
            "lifecycle.ttl", "PrePaid nodes are paid for their period, however early they go"
        )


def check_on_demand_base(spec: ClusterSpec) -> Iterator[Finding]:
    """On-demand nodes are nodes of the pool."""
    for index, pool in enumerate(spec.node_pools):
        if pool.spot.enabled and pool.spot.on_demand_base > pool.most_nodes:
            yield error(
                f"nodePools[{index}].spot.onDemandBase",
                f"{pool.spot.on_demand_base} are more than the pool's {pool.most_nodes} nodes",
            )


RULES = (check_pools, check_subscription_ttl, check_on_demand_base)
