"""``delete``: remove a cluster and everything that was made for it, and prove that it is gone."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from ackgpu import flag
from ackgpu.cloud.api import Cloud, Cluster
from ackgpu.commands.account.costs import Paid, PoolNodes, pools_of
from ackgpu.commands.cluster.bill import Bill, bill_of
from ackgpu.commands.cluster.context_removal import forget_context
from ackgpu.commands.cluster.delete_report import (
    after_deletion,
    named,
    not_waited,
    occupied,
    preview_of,
    receipt_of,
    told_of,
    unknown_to,
)
from ackgpu.commands.cluster.deletion_search import DeletionSearch, Look, Removed
from ackgpu.commands.cluster.elsewhere import regions_with
from ackgpu.commands.cluster.lookup import not_found
from ackgpu.commands.cluster.what_stands import resources_of, say_what_stands
from ackgpu.engine.journal import Journal
from ackgpu.engine.plan import Plan, survey
from ackgpu.engine.run import Outcome, Run
from ackgpu.errors import (
    AckGpuError,
    ConflictError,
    LeftoversError,
    LocalError,
    Transient,
    UsageError,
)
from ackgpu.inventory.blockers import Blocker
from ackgpu.inventory.inventory import Inventory
from ackgpu.inventory.pod_leftovers import claim
from ackgpu.naming import CLUSTER_TAG
from ackgpu.render.deletions import DeletePreview, DeleteResult
from ackgpu.render.results import Result
from ackgpu.session import Headline, Session
from ackgpu.steps.removal import delete_graph, with_homes
from ackgpu.steps.staying_instances import SUBSCRIPTION, staying_instances

MAX_ROUNDS = 3
"""How often what a later look finds is removed as well."""


@dataclass(frozen=True, kw_only=True)
class DeleteOptions:
    """The options of ``delete``."""

    name: str
    retain: tuple[str, ...] = ()
    dry_run: bool = False
    yes: bool = False
    must_exist: bool = False
    disable_protection: bool = False
    wait: bool = True
    timeout: str = ""
    kubeconfig: Path | None = None


def execute(options: DeleteOptions, session: Session) -> Result:
    """Remove the cluster; what is not there is removed already."""
    cloud = session.cloud()
    with session.locked(cloud.region, options.name, needed=False):
        deletion = Deletion(options, session, cloud)
        with closing(deletion.journal):
            result = deletion.carry_out()
    return result


class Deletion:
    """One deletion of the cluster that ``options`` name, in the cloud's region."""

    def __init__(self, options: DeleteOptions, session: Session, cloud: Cloud) -> None:
        self._options = options
        self._session = session
        self._cloud = cloud
        self._warnings: list[str] = []
        self.journal = self._journal()
        made = self.journal.recall_all("id")
        self._search = DeletionSearch(session, cloud, options.name, made, options.retain)
        self._blockers: dict[str, Blocker] = {}
        self._kept: set[str] = set()

    def carry_out(self) -> Result:
        """Remove it. Raises what ended it early; leftovers are the result's error."""
        options, session = self._options, self._session
        run = self._run()
        # A create that was killed moments ago may have requested what no list shows yet.
        if not options.dry_run:
            session.until_visible(run)
        look = self._noted(self._search.look(run))
        if look.inventory.empty and not options.dry_run:
            # What is not there is said after a second look: one list may be answered short.
            look = self._noted(self._search.look_again(run, look))
        if look.inventory.empty:
            return self._nothing(look)
        self._refuse_unknown(look.inventory)
        plan = self._plan(run, look)
        staying = [c for c in look.inventory.clusters if c.id not in options.retain]
        pools = pools_of(self._cloud, staying)
        preview = self._preview(look, plan, pools)
        if options.dry_run:
            return Result(command="delete", part=preview, resources=plan.resources)
        # Before the question: nobody should type a name for what is then refused.
        protected = self._protected(look.inventory)
        self._ask(preview)
        # Now, since nothing that is gone tells when it was made and what it cost.
        bill = self._bill(look, pools)
        for cluster in protected:
            self._cloud.containers.set_deletion_protection(cluster.id, enabled=False)
        self._begin()
        # For a deletion that is cut off: the next one finds less to count.
        bill.keep(self.journal)
        # Before the cluster goes: a disk lives in no network,
        # and ACK's tag names a cluster that is gone.
        claim(self._cloud, look.inventory, options.retain)
        removal = self._remove(run, look, plan)
        if not any(cluster.id in options.retain for cluster in removal.inventory.clusters):
            self._forget_context(removal.inventory)
        return self._result(run, removal, bill)

    def _journal(self) -> Journal:
        """The journal; one that cannot be read is done without, as tags tell what is ours."""
        try:
            return self._session.journal(self._cloud.region, self._options.name)
        except LocalError as error:
            self._warnings.append(f"{error.message} {_WITHOUT_JOURNAL}")
            return Journal(None, self._session.clock)

    def _begin(self) -> None:
        try:
            self._session.begin(self.journal, "delete")
        except LocalError as error:
            self._warnings.append(f"{error.message} {_WITHOUT_JOURNAL}")

    def _noted(self, look: Look) -> Look:
        self._blockers |= {blocker.id: blocker for blocker in look.blockers}
        self._kept |= with_homes(look.inventory, self._options.retain)
        return look

    def _plan(self, run: Run, look: Look) -> Plan:
        held = occupied(look.blockers, look.inventory.name)
        steps = delete_graph(self._cloud, look.inventory, self._options.retain, held)
        return survey(steps, run, patient=True)

    def _remove(self, run: Run, look: Look, plan: Plan) -> Removed:
        """Remove what was found, and what a second look finds beyond it.

        What was found in the meantime is removed as well; what stays for a reason is not tried
        again.
        """
        known = set(look.inventory.ids)
        removed = Removed(look.inventory, self._destroy(run, plan), None)
        for _ in range(MAX_ROUNDS):
            if removed.stopped or self._goes_on(removed.outcome):
                return removed
            # Without the deadline: the second look is what tells whether anything is left.
            again = self._session.afresh(run)
            look = self._noted(self._search.look_again(again, look, removed.gone))
            removed = removed.seen(look)
            more = [id_ for id_ in look.inventory.ids if id_ not in known]
            if not more:
                return removed.gone_meanwhile(again)
            known |= set(more)
            self._warnings.append(f"Found at a second look and removed too: {', '.join(more)}.")
            removed = removed.then(self._destroy(run, self._plan(run, look)))
        return removed

    def _run(self) -> Run:
        return self._session.run(
            self.journal,
            name=self._options.name,
            region=self._cloud.region,
            timeout=self._session.timeout_of(self._options.timeout),
            run_id=self.journal.run,
        )

    def _nothing(self, look: Look) -> Result:
        inventory = look.inventory
        if inventory.foreign:
            raise ConflictError(
                f"The cluster {inventory.name} ({inventory.foreign[0].id}) in {inventory.region} is"
                " not ackgpu's, so it is not deleted.",
            )
        if look.unread:
            raise LeftoversError(
                f"Whether anything of {inventory.name} is left is not known.",
                details=look.unread,
                resolution=f"Run it again: `{self._session.again()}`.",
            )
        untagged = self._untagged_lines(look)
        if untagged:
            raise LeftoversError(
                f"Nothing carries the tag {CLUSTER_TAG}={inventory.name}, but what was made for it"
                " is still there.",
                details=untagged,
                resolution=_PUT_BACK,
            )
        if self._options.must_exist:
            raise not_found(inventory.name, inventory.region)
        if not self._options.dry_run:
            self._forget_context(inventory)
            self.journal.discard()
        self._warnings += _elsewhere(self._session, inventory)
        part = DeleteResult(cluster_name=inventory.name, region=inventory.region, existed=False)
        return Result(command="delete", part=part, warnings=tuple(self._warnings))

    def _refuse_unknown(self, inventory: Inventory) -> None:
        """A mistyped id would be lost. Without its cluster, what was retained may be untagged."""
        unknown = unknown_to(inventory, [*self._blockers.values()], self._options.retain)
        if not unknown:
            return
        message = f"{flag.RETAIN} {', '.join(unknown)}: nothing of {inventory.name} has this id"
        if inventory.clusters:
            raise UsageError(
                f"{message}, so nothing was deleted.",
                resolution=f"`{flag.DRY_RUN}` lists the ids; names are not taken.",
            )
        self._warnings.append(f"{message}.")

    def _protected(self, inventory: Inventory) -> list[Cluster]:
        """The clusters whose protection is to be switched off.

        Raises ConflictError if there are some and nobody said so.
        """
        found = [c for c in inventory.clusters if c.deletion_protection]
        found = [c for c in found if c.id not in self._options.retain]
        if found and not self._options.disable_protection:
            line = f"delete {found[0].name} {flag.DISABLE_PROTECTION}"
            off = self._session.settings.command(line, region=found[0].region)
            raise ConflictError(
                f"The cluster {found[0].name} ({found[0].id}) is protected against deletion.",
                resolution=f"`{off}` switches the protection off and deletes it.",
            )
        return found

    def _ask(self, preview: DeletePreview) -> None:
        if self._options.yes:
            return
        self._session.display.preview(preview)
        name = self._options.name
        if not self._session.streams.type_name("Type the cluster's name to go on:", name):
            raise UsageError("Nothing was deleted: what was typed is not the cluster's name.")

    def _bill(self, look: Look, pools: Sequence[PoolNodes]) -> Bill:
        inventory = look.inventory
        going = [r for r in resources_of(inventory, pools) if r.id not in self._kept]
        clusters = [c for c in inventory.clusters if c.id not in self._kept]
        paid = Paid(self._cloud, clusters, pools, going)
        return bill_of(self._session, self.journal, inventory, paid)

    def _preview(self, look: Look, plan: Plan, pools: Sequence[PoolNodes]) -> DeletePreview:
        released = self._released(pools)
        shown = preview_of(look.inventory, plan, released, self._options.retain, look.blockers)
        notes = (*shown.notes, *look.unread)
        return replace(shown, notes=notes, dry_run=self._options.dry_run)

    def _released(self, pools: Sequence[PoolNodes]) -> dict[str, int]:
        """How many instances are released with each pool; subscriptions stay."""
        nodes = [node for each in pools for node in each.nodes]
        ids: set[str] = set()
        with suppress(Transient):  # the look says that they could not be read
            staying = staying_instances(self._cloud, nodes)
            ids = {each.id for each in staying if each.why == SUBSCRIPTION}
        return {
            each.pool.name: sum(node.instance_id not in ids for node in each.nodes)
            for each in pools
        }

    def _destroy(self, run: Run, plan: Plan) -> Outcome:
        headline = Headline("delete", self._options.name, self._session.where(self._cloud.region))
        waits = self._options.wait
        clusters = (p.step.name for p in plan.steps if p.step.kind == "cluster" and not waits)
        return self._session.destroy(run, headline, plan, no_wait=frozenset(clusters))

    def _goes_on(self, outcome: Outcome) -> bool:
        """Whether the cloud is at work with what is not waited for."""
        left = any(report.status == "left" for report in outcome.reports)
        return left and not self._options.wait and outcome.error is None

    def _forget_context(self, inventory: Inventory) -> None:
        # By the cluster's id, as a living cluster of the
        # same name in another region may have the context.
        ours = {self.journal.recall("cluster", "id") or "", *(c.id for c in inventory.clusters)}
        stays = forget_context(self._session, self._options.name, self._options.kubeconfig, ours)
        self._warnings += [stays] if stays else []

    def _result(self, run: Run, removed: Removed, bill: Bill) -> Result:
        inventory, outcome = removed.inventory, removed.outcome
        if self._goes_on(outcome):
            self.journal.finish(ok=False)
            part = not_waited(inventory, outcome, again=self._session.again(without=flag.NO_WAIT))
            return Result(
                command="delete",
                part=part,
                resources=outcome.resources,
                warnings=tuple(self._warnings),
            )
        error = self._failure(removed)
        if error is None:
            # Only with proof: what is left needs its ids
            # and the time of its request in the next run.
            self.journal.discard()
        else:
            self.journal.finish(ok=False)
            if not isinstance(error, LeftoversError):
                raise error
            say_what_stands(self._session, error)
        left = self._blockers.values() if removed.last is None else removed.last.blockers
        return Result(
            command="delete",
            part=DeleteResult(
                cluster_name=inventory.name,
                complete=error is None,
                seconds=outcome.seconds,
                lived=bill.lived(self._session),
                cost=bill.cost(self._session),
                **receipt_of(inventory, outcome, self._options.retain, [*left]),
            ),
            resources=after_deletion(outcome),
            warnings=tuple(self._warnings),
            error=error,
            durations={r.step.name: r.seconds for r in outcome.reports} | {"total": run.elapsed},
        )

    def _advice(self, error: Exception | None, again: str) -> str:
        """What to do first: about what is in the way, else what the failure itself advises."""
        own = error.resolution if isinstance(error, AckGpuError) else None
        own = self._session.completed(own) if own else None
        if any(blocker.untagged for blocker in self._blockers.values()):
            own = _PUT_BACK
        elif self._blockers:
            own = "Remove what is in the way first."
        return f"{own} {again}" if own and own != again else again

    def _untagged_lines(self, look: Look) -> list[str]:
        blockers = [s for s in look.blockers if s.untagged and s.id not in self._options.retain]
        return [f"{named(s)}: {s.why(look.inventory.name)}" for s in blockers]

    def _failure(self, removed: Removed) -> AckGpuError | None:
        outcome, last = removed.outcome, removed.last
        error = outcome.error
        again = f"Run it again: `{self._session.again()}` takes up what is left."
        told = told_of(outcome)
        if last is None:
            stopped = error if isinstance(error, AckGpuError) else None
            if stopped is not None:
                stopped.details = (*stopped.details, *(f"left: {line}" for line in told.values()))
                stopped.resolution = again
            return stopped
        kept = self._kept | {r.id for r in outcome.reports if r.status == "kept"}
        remains = [id_ for id_ in last.inventory.ids if id_ not in {*kept, *told}]
        untagged = self._untagged_lines(last)
        lines = [*told.values(), *remains, *last.unread_after(removed.inventory)]
        if error is None and not lines and not untagged:
            return None
        reason = f": {error.message}" if isinstance(error, AckGpuError) else "."
        found = LeftoversError(
            f"{self._options.name} is not gone completely{'.' if told else reason}",
            details=[*lines, *untagged],
            resolution=self._advice(error, again if lines else _PUT_BACK),
        )
        found.__cause__ = error
        return found


_WITHOUT_JOURNAL = "The deletion goes on without it: tags in the cloud tell what is the cluster's."
_PUT_BACK = f"Put the tag {CLUSTER_TAG} back and run it again, or delete what is yours by its id."


def _elsewhere(session: Session, inventory: Inventory) -> list[str]:
    """A line on each other region that has a cluster of that name, or had one by the journals."""
    name, here = inventory.name, inventory.region
    there = regions_with(session, name, here)
    known = [r for r in session.regions_known(name) if r not in {here, *there}]
    said = {region: f"{name} is in {region}" for region in there}
    said |= {region: f"This machine made a {name} in {region}" for region in known}
    return [f"{what}: `{session.typed_in(r)}` deletes that one." for r, what in said.items()]
