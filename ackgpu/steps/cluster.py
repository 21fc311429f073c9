"""The ACK cluster: its control plane."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Literal

from ackgpu import flag
from ackgpu.cloud.api import (
    Cloud,
    Cluster,
    ClusterRequest,
    DeleteClusterOptions,
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
from ackgpu.errors import CloudError, ConflictError, TaskFailed
from ackgpu.inventory.resources import CLUSTER, by_ack
from ackgpu.naming import CLUSTER_ID_TAG, cluster_name_from_tags
from ackgpu.steps.blueprint import Blueprint
from ackgpu.steps.field_values import cluster_drift_of, request_settings, said
from ackgpu.steps.lookup import Pick, overtaken, the_one
from ackgpu.steps.race_guard import CLAIM_READS, Claim, abort_if_superseded

UP = frozenset({"running", "updating", "upgrading", "scaling", "removing", "draining"})
"""States in which the API server answers (CS API reference, DescribeClusterDetail)."""
STARTING = frozenset({"initial", "migrating"})
ENDED = frozenset({"failed", "inactive", "unavailable", "delete_failed", "stopped"})
SELDOM = 40
"""Every so many looks at a cluster that this run made, what else there is is looked at as well: the
list, which would show another run's cluster of the name, and the task, which tells the stage."""
DELETED_TYPES = ("SLB", "ALB", "SLS_Data", "SLS_ControlPlane", "PrivateZone")
"""What DeleteCluster is told to delete: but for SLB it retains them all by default."""


class ClusterStep(Step[Cluster]):
    """The cluster. A managed control plane takes 4 to 20 minutes (ACK documentation).

    ``outlives``: steps that must stay until it is gone, though it can be made without them.
    """

    typical = 360
    timeout = 40 * 60
    ends_unseen = True
    reads = (
        *CLAIM_READS,
        "containers.cluster",
        "containers.clusters",
        "containers.resources",
        "containers.task",
        "containers.tasks",
    )
    writes = (
        "containers.create_cluster",
        "containers.delete_cluster",
        "network.tag",
        "compute.tag",
    )

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
        self._followed = ""
        self._looks = 0
        self._stage: str | None = None
        self.given = pick.given
        self.title = f"{self._plan.spec.cluster.spec}, Kubernetes {self._plan.version}"

    @property
    def consumes(self) -> Mapping[str, int]:
        """The cluster, and what ACK makes for its API server.

        A private load balancer, and with a public endpoint an EIP on it (ACK documentation). That
        the public endpoint takes a second balancer, as a document of 2020 says, is a doubt that
        the quota check tells.
        """
        if self.given:
            return {}
        made = {"clusters": 1, "load_balancers": 1}
        public = self._plan.spec.cluster.endpoint_public_access
        return made | ({"eips": 1} if public else {})

    def find(self, ctx: Context) -> Finding[Cluster]:
        """Look by name, and tell ours from foreign by the tag."""
        self._looks += 1
        found = self._look()
        if found is None:
            return Absent()
        if isinstance(found, Broken):
            return found
        # Before its state: the other run's cluster is not ours to wait for, or to be blamed for.
        if self._elsewhere(ctx, found):
            return Broken(overtaken("cluster", found.id), id=found.id)
        resource = CLUSTER.resource(found, self._plan.region)
        if self.given or found.state in UP:
            return self._ready(found, resource)
        if found.state in ENDED:
            return Broken(self._why(ctx, found), id=found.id, resources=(resource,))
        detail = self._progress(ctx, found)
        # ACK adds states now and then: one that is not known is waited for, and said once.
        known = found.state in STARTING or found.state == "deleting"
        return Pending(
            detail,
            id=found.id,
            removing=found.state == "deleting",
            warning="" if known else f"ACK says the cluster is {found.state!r}; going on waiting",
            resources=(resource,),
        )

    def create(self, ctx: Context, token: str) -> None:
        """Ask for the cluster, without node pools: ACK is not known to honour them in this call.

        A cluster that was made already and that no list shows is followed by its id instead: the
        journal has it, or else the network that was made for it.
        """
        # Once more, right before what costs most: the
        # steps looked when reads may still have lagged.
        claim = abort_if_superseded(self._cloud, self._plan, ctx[self._vswitches[0]].vpc_id)
        # Whether CreateCluster honours its client token
        # is UNCONFIRMED, so a second one would be made.
        made = ctx.recall(self, "id") or claim.cluster_id
        if made and self._ours(self._cloud.containers.cluster(made)):
            self._followed = made
            return
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
            # Terway's pods have addresses of vSwitches.
            pod_cidr=spec.network.pod_cidr if spec.network.is_flannel else "",
            node_cidr_mask=spec.network.node_cidr_mask,
            public_endpoint=spec.cluster.endpoint_public_access,
            ssh=spec.cluster.ssh,
            deletion_protection=spec.lifecycle.deletion_protection,
            # Terway shares the nodes' vSwitches where it has none of its own.
            addons=self._plan.addons(pods or vswitches),
            tags=self._plan.tags,
            settings=request_settings(spec),
            extra=spec.cluster.raw,
        )
        cluster_id, task_id = self._cloud.containers.create_cluster(request, token=token)
        ctx.remember(self, "id", cluster_id)
        ctx.remember(self, "task", task_id)
        # The journal has it for this machine, a tag of the network for any other.
        self._note_on(claim, cluster_id)
        self._followed = cluster_id

    def _note_on(self, claim: Claim, cluster_id: str) -> None:
        """Write the id on the network: who has neither the journal nor the list finds it there.

        It is a memory aid: what refuses the tag costs no more than that.
        """
        tags = {CLUSTER_ID_TAG: cluster_id}
        with suppress(CloudError):
            if claim.vpcs:
                ids = [vpc.id for vpc in claim.vpcs]
                self._cloud.network.tag(resource_type="VPC", ids=ids, tags=tags)
            elif claim.groups:
                # In a given VPC, which is not tagged, the group is what was made for the cluster.
                ids = [group.id for group in claim.groups]
                self._cloud.compute.tag(resource_type="securitygroup", ids=ids, tags=tags)

    def _ours(self, found: Cluster | None) -> bool:
        return found is not None and cluster_name_from_tags(found.tags) == self._plan.name

    def delete(self, ctx: Context, found_id: str) -> None:
        """Ask that it goes with all that ACK made for it: a throw-away cluster leaks no logs."""
        del ctx
        # What DeleteCluster retains by default has no tag of ours, and would be billed on.
        modes: dict[str, Literal["delete", "retain"]] = dict.fromkeys(DELETED_TYPES, "delete")
        options = DeleteClusterOptions(self._plan.retain, modes)
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
        """Whether another run has made the cluster in another VPC than this one's.

        One in another VPC than the one that is given is of another spec, and no race.
        """
        if self._plan.spec.network.vpc.id:
            return False
        # Names are unique, so that of two creates one
        # finds the other's cluster, in the other's VPC.
        home = next((vswitch.vpc_id for s in self._vswitches if (vswitch := ctx.get(s))), "")
        return bool(home and found.vpc_id and found.vpc_id != home)

    def _look(self) -> Cluster | Broken | None:
        if self._pick.id:
            return self._by_id(self._pick.id)
        # By its id, which takes one call; the list would take two and be seconds behind.
        if self._followed and self._looks % SELDOM:
            found = self._by_id(self._followed)
            # Once it is up the list is read as well: it
            # would show another run's cluster of the name.
            if found is None or found.state not in UP:
                return found
        rows = self._cloud.containers.clusters(name=self._plan.name, region=self._plan.region)
        ours = [row for row in rows if self._ours(row)]
        # Never adopted: without our tag it may be somebody's who chose the name first.
        if rows and not ours:
            error = ConflictError(
                f"A cluster named {self._plan.name} exists in {self._plan.region} and is not"
                f" ackgpu's: {rows[0].id}.",
                resolution="Choose another name.",
            )
            return Broken(error, id=rows[0].id)
        if self._followed and not ours:  # a list may never show it
            return self._by_id(self._followed)
        return the_one(ours, "cluster", run=self._plan.run)

    def _by_id(self, cluster_id: str) -> Cluster | None:
        """The cluster; None only if neither its detail nor the list has it."""
        found = self._cloud.containers.cluster(cluster_id)
        if found is None:
            # One read proves no absence: its detail and the list have to agree.
            rows = self._cloud.containers.clusters(name=self._plan.name, region=self._plan.region)
            found = next((row for row in rows if row.id == cluster_id), None)
        return found

    def _drift(self, found: Cluster) -> tuple[Drift, ...]:
        if self._pick.id:
            return ()
        spec, version = self._plan.spec, self._plan.version
        drift = cluster_drift_of(spec, found)
        if found.version and version != found.version:
            upgrade = f"upgrade NAME {flag.TO} {version}"
            drift.append(Drift("metadata.version", version, found.version, upgrade))
        drift += [
            Drift(f"cluster.raw.{key}", said(wanted), said(found.settings[key]))
            for key, wanted in spec.cluster.raw.items()
            # What ACK does not tell is no drift; `create` says that it was not compared.
            if key in found.settings and wanted != found.settings[key]
        ]
        return (*drift, *self._tag_drift(found), *self._addon_drift(found))

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
            # On another machine, or after a lost answer, nobody knows the task's id.
            newest = next(iter(self._cloud.containers.tasks(found.id)), None)
            task_id = newest.id if newest else ""
        return self._cloud.containers.task(task_id) if task_id else None

    def _progress(self, ctx: Context, found: Cluster) -> str:
        """How far the task is."""
        # Its id is in no answer, and the one that is known made the cluster.
        if found.state == "deleting":
            return found.state
        # A stage lasts minutes, and its task is one call more a look.
        if self._stage is None or not self._looks % SELDOM:
            self._stage = _stage_of(self._task(ctx, found))
        return f"{found.state}: {self._stage}" if self._stage else found.state

    def _why(self, ctx: Context, found: Cluster) -> CloudError:
        return task_error(self._task(ctx, found), f"The cluster {found.id} is {found.state}")

    def _made_by_ack(self, found: Cluster) -> tuple[Resource, ...]:
        rows = self._cloud.containers.resources(found.id)
        # The others are the network that it was given: steps of their own show these.
        return tuple(by_ack(row, self._plan.region) for row in rows if row.auto_created)


def _stage_of(task: Task | None) -> str:
    if task is None or not task.current_stage:
        return ""
    ended = sum(1 for stage in task.stages if stage.state.lower() in {"success", "succeeded"})
    return f"{task.current_stage} ({ended} of {len(task.stages)} stages done)"


def task_error(task: Task | None, what: str) -> CloudError:
    """Why a task failed, as the class that says what to do: stock, quota, or the rest."""
    if task is None or task.failure is None:
        return TaskFailed(f"{what}, and no task says why.")
    stages = (f"stage: {stage.message}: {stage.state}" for stage in task.stages)
    return task.failure.as_reason(what, (*stages, *task.events[-3:]))
