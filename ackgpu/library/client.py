"""The library: what the command line does, for a Python program.

::

    import ackgpu

    with ackgpu.Ackgpu(region="cn-hangzhou") as cloud:
        made = cloud.create("cluster.yaml")
        print(made.record.endpoint, made.warnings)

Methods raise :mod:`ackgpu.errors` only, each class with the meaning of its exit code, and return an
:class:`~ackgpu.library.calls.Answer`. Nothing is printed or asked, no terminal is read, no signal
handled and no process ended; what the command line would say beside its result is logged to the
logger ``ackgpu``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from ackgpu.library.access import AccessCalls
from ackgpu.library.calls import Answer
from ackgpu.library.pools import PoolCalls
from ackgpu.library.specs import Spec, wants

if TYPE_CHECKING:
    from ackgpu.render.causes import DiagnosisResult
    from ackgpu.render.changes import Changes
    from ackgpu.render.deletions import DeletePreview, DeleteResult, GcResult
    from ackgpu.render.results import (
        ClusterDescription,
        ClusterList,
        CreateSummary,
        Facts,
        OfferList,
        PlainText,
        PlanResult,
    )
    from ackgpu.render.sleep_results import SleepSummary
    from ackgpu.render.verdicts import CheckList, QuotaResult, SampleResult, VerifyResult

Level: TypeAlias = Literal["labels", "allocatable", "network", "cuda"]
Goal: TypeAlias = Literal["cluster", "nodes", "gpu", "deleted"]
Form: TypeAlias = Literal["spec", "terraform", "ros"]


class Ackgpu(PoolCalls, AccessCalls):
    """An account in one region; see :class:`~ackgpu.library.calls.AccountCalls` for its arguments.

    Durations are such as ``45m``, in cloud time; without one the spec's, or ACKGPU_TIMEOUT, counts.
    """

    def plan(self, spec: Spec) -> Answer[PlanResult]:
        """What :meth:`create` would do, step by step, and what it would cost.

        Raises SpecError, ConflictError for what stands and is not as the spec has it, OverBudget.
        """
        from ackgpu.commands.cluster.plan import PlanOptions, execute

        return self._answer("plan", execute, PlanOptions(wants=wants(spec)))

    def check_quota(
        self, spec: Spec, *, strict: bool = False, offline: bool = False
    ) -> Answer[QuotaResult]:
        """The headroom of every limit that the spec touches.

        ``strict``: an unknown limit is short. Raises PreflightFailed for one that is short, with
        the answer as its ``answer``.
        """
        from ackgpu.commands.account.check_quota import CheckQuotaOptions, execute

        options = CheckQuotaOptions(wants=wants(spec), strict=strict, offline=offline)
        return self._answer("check-quota", execute, options)

    def preflight(self, spec: Spec, *, only: Sequence[str] = ()) -> Answer[CheckList]:
        """Everything that must be true before anything is made; ``only`` names checks.

        Raises PreflightFailed if one failed, with the answer as its ``answer``.
        """
        from ackgpu.commands.account.preflight import PreflightOptions, execute

        options = PreflightOptions(wants=wants(spec), only=tuple(only))
        return self._answer("preflight", execute, options)

    def offers(
        self,
        *,
        gpu_mem: str = "",
        zones: Sequence[str] = (),
        instance_types: Sequence[str] = (),
        spot: bool = False,
    ) -> Answer[OfferList]:
        """VGPU types by zone: slice, stock, price. ``gpu_mem``: GiB of one, such as ``2..8``."""
        from ackgpu.commands.account.offers import OffersOptions, execute

        options = OffersOptions(
            gpu_mem=gpu_mem, zones=tuple(zones), types=tuple(instance_types), spot=spot
        )
        return self._answer("offers", execute, options)

    def create(
        self,
        spec: Spec,
        *,
        wait: bool = True,
        kubeconfig: str | os.PathLike[str] | None = None,
        skip_preflight: Sequence[str] = (),
    ) -> Answer[CreateSummary]:
        """Make a cluster and prove its GPUs; called again, it goes on, or finds nothing to do.

        Subscriptions that the spec orders are paid at once, and nobody is asked. ``kubeconfig``:
        the file that gets the context, else the user's. Raises PreflightFailed, NoCapacity,
        VerificationFailed, TimedOut, ConflictError (another spec, or it sleeps), OverBudget,
        CloudError, and Interrupted after a cancel; ``aftermath`` of each says what stands.
        """
        from ackgpu.commands.cluster.create import CreateOptions, execute

        options = CreateOptions(
            wants=wants(spec),
            wait=wait,
            yes=True,
            kubeconfig=None if kubeconfig is None else Path(kubeconfig),
            skip_preflight=tuple(skip_preflight),
        )
        return self._answer("create", execute, options)

    def apply(self, spec: Spec, *, prune: bool = False, dry_run: bool = False) -> Answer[Changes]:
        """Change a cluster that stands to what the spec says, as far as that can be changed.

        ``prune``: pools that the spec does not have are deleted. Raises NoSuchCluster,
        ConflictError for what cannot be changed, and as :meth:`create` does.
        """
        from ackgpu.commands.cluster.apply import ApplyOptions, execute

        given = wants(spec)
        options = ApplyOptions(
            file=given.file, content=given.content, prune=prune, dry_run=dry_run, yes=True
        )
        return self._answer("apply", execute, options, given)

    def list(
        self,
        *,
        all_regions: bool = False,
        expired: bool = False,
        tags: Mapping[str, str] | None = None,
    ) -> Answer[ClusterList]:
        """The clusters of ackgpu's, and what unfinished ones left, that carry the ``tags``."""
        from ackgpu.commands.account.list_clusters import ListOptions, execute

        pairs = tuple(f"{key}={value}" for key, value in (tags or {}).items())
        options = ListOptions(all_regions=all_regions, expired=expired, selectors=pairs)
        return self._answer("list", execute, options)

    def describe(self, name: str, *, events: bool = False) -> Answer[ClusterDescription]:
        """One cluster with its pools, what it costs, and ``resources``; raises NoSuchCluster."""
        from ackgpu.commands.cluster.describe import DescribeOptions, execute

        options = DescribeOptions(name=name, resources=True, events=events)
        return self._answer("describe", execute, options)

    def wait(self, name: str, goal: Goal, *, timeout: str = "") -> Answer[Facts]:
        """Wait until a cluster is as far as ``goal``, or gone; raises TimedOut."""
        from ackgpu.commands.cluster.wait import WaitOptions, execute

        return self._answer("wait", execute, WaitOptions(name=name, goal=goal, timeout=timeout))

    def verify(
        self, name: str, *, level: Level = "allocatable", private: bool = False
    ) -> Answer[VerifyResult]:
        """Check every GPU node, check by check, up to ``level``.

        ``private``: over the endpoint in the VPC. Raises VerificationFailed, with the answer as
        its ``answer``.
        """
        from ackgpu.commands.verify.command import VerifyOptions, execute

        options = VerifyOptions(name=name, level=level, private=private)
        return self._answer("verify", execute, options)

    def run_sample(
        self, name: str, *, image: str = "", keep: bool = False, timeout: str = ""
    ) -> Answer[SampleResult]:
        """Run a CUDA program on one GPU of the cluster; raises VerificationFailed."""
        from ackgpu.commands.verify.run_sample import RunSampleOptions, execute

        options = RunSampleOptions(name=name, image=image, keep=keep, timeout=timeout)
        return self._answer("run-sample", execute, options)

    def upgrade(
        self, name: str, *, to: str = "", node_pools: bool = False, timeout: str = ""
    ) -> Answer[Facts]:
        """Upgrade the control plane once ACK's check has passed: a version, else the next one.

        ``node_pools``: the kubelets too, in place. Raises PreflightFailed for what ACK's check
        refuses, and for a version that it does not offer.
        """
        from ackgpu.commands.cluster.upgrade import UpgradeOptions, execute

        options = UpgradeOptions(name=name, to=to, node_pools=node_pools, yes=True, timeout=timeout)
        return self._answer("upgrade", execute, options)

    def diagnose(
        self, name: str, node: str = "", *, private: bool = False
    ) -> Answer[DiagnosisResult]:
        """What is wrong with a cluster or one node, by likelihood, and the commands that mend it.

        ``node``: its name or its instance's id. Finding something raises nothing.
        """
        from ackgpu.commands.diagnose.command import DiagnoseOptions, execute

        options = DiagnoseOptions(name=name, node=node, private=private)
        return self._answer("diagnose", execute, options)

    def sleep(self, name: str, *, timeout: str = "") -> Answer[SleepSummary]:
        """Release the nodes, and keep what :meth:`wake` needs in tags of the cluster."""
        from ackgpu.commands.cluster.operation import ChangeOptions
        from ackgpu.commands.cluster.sleep import sleep

        return self._answer("sleep", sleep, ChangeOptions(name=name, yes=True, timeout=timeout))

    def wake(self, name: str, *, timeout: str = "") -> Answer[SleepSummary]:
        """Give the cluster back what it had, and verify it; raises NoCapacity without stock."""
        from ackgpu.commands.cluster.operation import ChangeOptions
        from ackgpu.commands.cluster.sleep import wake

        return self._answer("wake", wake, ChangeOptions(name=name, yes=True, timeout=timeout))

    def delete(
        self,
        name: str,
        *,
        retain: Sequence[str] = (),
        must_exist: bool = False,
        wait: bool = True,
        timeout: str = "",
    ) -> Answer[DeleteResult]:
        """Delete the cluster with all that was made for it; what is not there is success.

        ``retain``: ids to leave alone. Raises NoSuchCluster with ``must_exist``, and
        LeftoversError for what could not be deleted, with the answer as its ``answer``.
        """
        from ackgpu.commands.cluster.delete import DeleteOptions, execute

        options = DeleteOptions(
            name=name,
            retain=tuple(retain),
            must_exist=must_exist,
            yes=True,
            wait=wait,
            timeout=timeout,
        )
        return self._answer("delete", execute, options)

    def preview_delete(self, name: str) -> Answer[DeletePreview]:
        """What :meth:`delete` would delete and keep; nothing is changed."""
        from ackgpu.commands.cluster.delete import DeleteOptions, execute

        return self._answer("delete", execute, DeleteOptions(name=name, dry_run=True))

    def extend(self, name: str, *, ttl: str = "", hold: bool = False) -> Answer[Facts]:
        """Let a throw-away cluster live longer: ``+2h`` adds, ``2h`` is from now; or hold it."""
        from ackgpu.commands.cluster.extend import ExtendOptions, execute

        return self._answer("extend", execute, ExtendOptions(name=name, ttl=ttl, hold=hold))

    def gc(
        self,
        *,
        older_than: str = "",
        expired: bool = False,
        orphans: bool = False,
        all_regions: bool = False,
        execute: bool = False,
    ) -> Answer[GcResult]:
        """Find expired and forgotten clusters by their tags, and with ``execute`` delete them."""
        from ackgpu.commands.account.gc import GcOptions
        from ackgpu.commands.account.gc import execute as collect

        options = GcOptions(
            older_than=older_than,
            expired=expired,
            orphans=orphans,
            all_regions=all_regions,
            execute=execute,
            yes=True,
        )
        return self._answer("gc", collect, options)

    def export(self, name: str, form: Form = "spec") -> str:
        """The cluster written down: a cluster.yaml, Terraform, or a ROS template."""
        from ackgpu.commands.export.command import ExportOptions, execute

        options = ExportOptions(name=name, form=form)
        answer: Answer[PlainText] = self._answer(f"export {form}", execute, options)
        return answer.record.text
