"""The ACK cluster: its control plane."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from ackgpu.cloud.api import (
    Cloud,
    Cluster,
    ClusterRequest,
    ClusterResource,
    DeleteOptions,
    SecurityGroup,
    Task,
    VSwitch,
)
from ackgpu.engine.step import (
    Absent,
    Broken,
    Context,
    Drift,
    Finding,
    Pending,
    Ready,
    Resource,
    Step,
)
from ackgpu.errors import CloudError, ConflictError
from ackgpu.naming import cluster_name_from_tags
from ackgpu.steps.blueprint import Blueprint
from ackgpu.steps.claim import CLAIM_READS, stand_by_claim
from ackgpu.steps.lookup import Pick, overtaken, the_one

UP = frozenset({"running", "updating", "upgrading", "scaling", "removing", "draining"})
"""States in which the API server answers (CS API reference, DescribeClusterDetail)."""
STARTING = frozenset({"initial", "migrating"})
ENDED = frozenset({"failed", "inactive", "unavailable", "delete_failed", "stopped"})
BILLED_TYPES = frozenset(
    {"ALIYUN::SLB::LoadBalancer", "ALIYUN::VPC::EIP", "ALIYUN::VPC::NatGateway"}
)
DELETED_TYPES = ("SLB", "ALB", "SLS_Data", "SLS_ControlPlane", "PrivateZone")
"""What DeleteCluster is told to delete: but for SLB it retains them all by default."""
RAW_TOLD = ("timezone", "cluster_domain", "ip_stack")
"""The fields of ``cluster.raw`` that ACK tells of a cluster, by its own names for them."""


class ClusterStep(Step[Cluster]):
    """The cluster. A managed control plane takes 4 to 20 minutes (ACK documentation).

    ``outlives``: steps that must stay until it is gone, though it can be made without them.
    """

    typical = 360
    timeout = 40 * 60
    reads = (
        *CLAIM_READS,
        "containers.clusters",
        "containers.resources",
        "containers.task",
        "containers.tasks",
    )
    writes = ("containers.create_cluster", "containers.delete_cluster")

    def __init__(  # noqa: PLR0913 -- keyword-only, each named where it is given
        self,
        cloud: Cloud,
        plan: Blueprint,
        *,
        vswitches: tuple[Step[VSwitch], ...],
        pod_vswitches: tuple[Step[VSwitch], ...] = (),
        group: Step[SecurityGroup] | None,
        pick: Pick,
        outlives: tuple[Step[Any], ...] = (),
        name: str = "cluster",
    ) -> None:
        groups: tuple[Step[Any], ...] = () if group is None else (group,)
        super().__init__(name, "cluster", (*vswitches, *pod_vswitches, *groups, *outlives))
        self._cloud = cloud
        self._plan = plan
        self._vswitches = vswitches
        self._pod_vswitches = pod_vswitches
        self._group = group
        self._pick = pick

    @property
    def title(self) -> str:
        """Its edition and version."""
        return f"{self._plan.spec.cluster.spec}, Kubernetes {self._plan.version}"

    @property
    def given(self) -> bool:
        """Whether the spec names it."""
        return self._pick.given

    @property
    def consumes(self) -> Mapping[str, int]:
        """The cluster, and what ACK makes for its API server.

        An internal load balancer, and with a public endpoint another one with an EIP (ACK
        documentation, creating managed clusters).
        """
        if self.given:
            return {}
        if self._plan.spec.cluster.endpoint_public_access:
            return {"clusters": 1, "load_balancers": 2, "eips": 1}
        return {"clusters": 1, "load_balancers": 1}

    def find(self, ctx: Context) -> Finding[Cluster]:
        """Look by name, and tell ours from foreign by the tag."""
        found = self._look()
        if found is None:
            return Absent()
        if isinstance(found, Broken):
            return found
        if self._elsewhere(ctx, found):
            return Broken(overtaken("cluster", found.id), id=found.id)
        resource = self._resource(found)
        if self.given or found.state in UP:
            return self._ready(found, resource)
        if found.state in ENDED:
            return Broken(self._why(ctx, found), id=found.id, resources=(resource,))
        detail = self._progress(ctx, found)
        known = found.state in STARTING or found.state == "deleting"
        return Pending(
            detail,
            id=found.id,
            removing=found.state == "deleting",
            warning="" if known else f"ACK says the cluster is {found.state!r}; going on waiting",
            resources=(resource,),
        )

    def create(self, ctx: Context, token: str) -> None:
        """Ask for the cluster, without node pools: ACK is not known to honour them in this call."""
        stand_by_claim(self._cloud, self._plan, ctx[self._vswitches[0]].vpc_id)
        spec = self._plan.spec
        group = ctx[self._group].id if self._group is not None else ""
        vswitches = tuple(ctx[step] for step in self._vswitches)
        pods = tuple(ctx[step] for step in self._pod_vswitches)
        request = ClusterRequest(
            name=self._plan.name,
            cluster_spec=spec.cluster.spec,
            cluster_type=spec.cluster.type,
            version=self._plan.version,
            vpc_id=vswitches[0].vpc_id,
            vswitch_ids=tuple(vswitch.id for vswitch in vswitches),
            security_group_id=group,
            service_cidr=spec.cluster.service_cidr,
            pod_cidr=spec.network.pod_cidr if spec.network.is_flannel else "",
            node_cidr_mask=spec.network.node_cidr_mask,
            proxy_mode=spec.network.proxy_mode,
            public_endpoint=spec.cluster.endpoint_public_access,
            ssh=spec.cluster.ssh,
            deletion_protection=spec.lifecycle.deletion_protection,
            addons=self._plan.addons(pods or vswitches),
            tags=self._plan.tags,
            extra=spec.cluster.raw,
        )
        cluster_id, task_id = self._cloud.containers.create_cluster(request, token=token)
        ctx.remember(self, "id", cluster_id)
        ctx.remember(self, "task", task_id)

    def delete(self, ctx: Context, found_id: str) -> None:
        """Ask that it goes with all that ACK made for it: a throw-away cluster leaks no logs."""
        del ctx
        modes: dict[str, Literal["delete", "retain"]] = dict.fromkeys(DELETED_TYPES, "delete")
        options = DeleteOptions(self._plan.retain, modes)
        self._cloud.containers.delete_cluster(found_id, options)

    def _ready(self, found: Cluster, resource: Resource) -> Ready[Cluster]:
        if self.given:
            return Ready(found, found.id, found.state, "given", resources=(resource,))
        return Ready(
            found,
            found.id,
            found.public_endpoint or found.private_endpoint,
            drift=self._drift(found),
            resources=(resource, *self._made_by_ack(found)),
        )

    def _elsewhere(self, ctx: Context, found: Cluster) -> bool:
        """Whether another run has made the cluster in another VPC than this one's."""
        home = next((vswitch.vpc_id for s in self._vswitches if (vswitch := ctx.get(s))), "")
        return bool(home and found.vpc_id and found.vpc_id != home)

    def _look(self) -> Cluster | Broken | None:
        if self._pick.id:
            return self._cloud.containers.cluster(self._pick.id)
        rows = self._cloud.containers.clusters(name=self._plan.name, region=self._plan.region)
        ours = [row for row in rows if cluster_name_from_tags(row.tags) == self._plan.name]
        if rows and not ours:
            error = ConflictError(
                f"A cluster named {self._plan.name} exists in {self._plan.region} and is not"
                f" ackgpu's: {rows[0].id}.",
                resolution="Choose another name.",
            )
            return Broken(error, id=rows[0].id)
        return the_one(ours, "cluster", run=self._plan.run)

    def _drift(self, found: Cluster) -> tuple[Drift, ...]:
        if self._pick.id:
            return ()
        spec = self._plan.spec
        wanted = {
            "cluster.type": (spec.cluster.type, found.cluster_type),
            "cluster.spec": (spec.cluster.spec, found.cluster_spec),
            "metadata.version": (self._plan.version, found.version),
            "cluster.serviceCidr": (spec.cluster.service_cidr, found.service_cidr),
            "cluster.endpointPublicAccess": (
                str(spec.cluster.endpoint_public_access).lower(),
                str(bool(found.public_endpoint)).lower(),
            ),
        }
        network, raw = spec.network, spec.cluster.raw
        wanted["network.proxyMode"] = (network.proxy_mode, found.proxy_mode)
        if network.is_flannel:
            mask = (str(network.node_cidr_mask), str(found.node_cidr_mask or ""))
            wanted |= {
                "network.podCidr": (network.pod_cidr, found.pod_cidr),
                "network.nodeCidrMask": mask,
            }
        if network.security_group_id:
            wanted["network.securityGroupId"] = (network.security_group_id, found.security_group_id)
        told = {name: getattr(found, name) for name in RAW_TOLD}
        wanted |= {f"cluster.raw.{k}": (str(raw[k]), has) for k, has in told.items() if k in raw}
        told_of = [Drift(field, w, f) for field, (w, f) in wanted.items() if f and w != f]
        return (*told_of, *self._tag_drift(found), *self._addon_drift(found))

    def _tag_drift(self, found: Cluster) -> list[Drift]:
        """The spec's tags; others may have been put on since, and are nobody's business."""
        return [
            Drift(f"metadata.tags.{key}", value, found.tags.get(key, "none"))
            for key, value in self._plan.spec.metadata.tags.items()
            if found.tags.get(key) != value
        ]

    def _addon_drift(self, found: Cluster) -> list[Drift]:
        """Addons that are not there.

        ACK may list an addon under a longer name than it was asked for by: flannel is
        kube-flannel-ds.
        """
        asked = [addon for addon in self._plan.spec.cluster.addons if not addon.disabled]
        return [
            Drift(f"cluster.addons.{addon.name}", "installed", "not installed")
            for addon in asked
            if found.addons and not any(addon.name in name for name in found.addons)
        ]

    def _task(self, ctx: Context, found: Cluster) -> Task | None:
        task_id = ctx.recall(self, "task")
        if not task_id:
            newest = next(iter(self._cloud.containers.tasks(found.id)), None)
            task_id = newest.id if newest else ""
        return self._cloud.containers.task(task_id) if task_id else None

    def _progress(self, ctx: Context, found: Cluster) -> str:
        task = self._task(ctx, found)
        if task is None or not task.current_stage:
            return found.state
        ended = sum(1 for stage in task.stages if stage.state.lower() in {"success", "succeeded"})
        return f"{found.state}: {task.current_stage} ({ended} of {len(task.stages)} stages done)"

    def _why(self, ctx: Context, found: Cluster) -> CloudError:
        return task_error(self._task(ctx, found), f"The cluster {found.id} is {found.state}")

    def _resource(self, found: Cluster) -> Resource:
        return Resource(
            product="cs",
            type="Cluster",
            id=found.id,
            name=found.name,
            region=self._plan.region,
            state=found.state,
            owned=True,
            billable=True,
        )

    def _made_by_ack(self, found: Cluster) -> tuple[Resource, ...]:
        rows = self._cloud.containers.resources(found.id)
        return tuple(by_ack(row, self._plan.region) for row in rows if row.auto_created)


def by_ack(row: ClusterResource, region: str) -> Resource:
    """A resource that ACK made for a cluster, as results show it."""
    *_, service, kind = row.type.split("::") if "::" in row.type else ("", "cs", row.type)
    return Resource(
        product=service.lower(),
        type=kind,
        id=row.id,
        name="",
        region=region,
        state=row.state,
        owned=True,
        billable=row.type in BILLED_TYPES,
    )


def task_error(task: Task | None, what: str) -> CloudError:
    """Why a task failed: its error, else its first failed stage, else its last event."""
    if task is None:
        return CloudError(f"{what}, and no task says why.")
    failed = next((stage for stage in task.stages if stage.failed), None)
    reason = task.error_message or (failed.message if failed else "") or "no reason was given"
    details = [f"stage: {stage.message}: {stage.state}" for stage in task.stages]
    return CloudError(
        f"{what}: {reason}",
        action=task.kind,
        cloud_code=task.error_code,
        details=[*details, *task.events[-3:]],
    )
