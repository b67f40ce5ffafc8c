"""The verbs that end in a request: plan, approve, release. One half of `Staging`.

Types are a courtesy, not the guard: every decision is computed again from the verified journal
and from what Azure says, never from values passed in.
"""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

from azstaging import __version__
from azstaging.approving import Approving
from azstaging.checks import WORKLOAD_CHECKS
from azstaging.engine import leasing
from azstaging.engine import release as release_engine
from azstaging.engine.pacing import pace_of
from azstaging.engine.planning import confirm, may_abandon, render_abandon, render_requests
from azstaging.engine.resolve import reconsider, resolve
from azstaging.engine.rulebook import ABANDON, RELEASE, Rulebook
from azstaging.engine.witness import require_jobs, require_permission
from azstaging.errors import JournalError, LeaseHeldError, PlanRefusedError, StagingError
from azstaging.journal.baselines import read_baselines
from azstaging.journal.lease import lease_of
from azstaging.model.decisions import GateOpen, Policy
from azstaging.model.findings import Findings
from azstaging.model.ids import ResourceId, id_key
from azstaging.model.inventory import Inventory
from azstaging.model.plans import Plan, Principal, Receipt, ReleaseResult
from azstaging.providers import stop_request_of
from azstaging.rules import gate, history
from azstaging.rules import plan as plans
from azstaging.rules.pace import pace_rows
from azstaging.rules.preflight import NOT_OK, OK, Preflight, PreflightRow, preflight
from azstaging.rules.residue import Residue, residue, seed_disks

# An inventory that this object read itself serves a plan for so long; a release reads afresh.
_REUSE = timedelta(minutes=10)


class Releasing(Approving):
    """A `Run` that can plan, approve and release."""

    def _case(
        self, inventory: Inventory, findings: Findings | None = None, policy: Policy | None = None
    ) -> gate.Case:
        return gate.Case(
            inventory=inventory,
            wave=self.config.wave,
            findings=self.past().findings() if self.journal else tuple(findings or ()),
            waivers=self.config.waivers,
            policy=policy or self.config.policy,
            workload_checks=WORKLOAD_CHECKS,
        )

    def plan(self, gates: Iterable[GateOpen]) -> Plan:
        """Plan the release of some open gates.

        Raises:
            GateClosedError: no gate was given.
            PlanRefusedError: a gate is not open when it is decided again, the token names nobody,
                or there are more items than ``max_release``.
        """
        journal = self._require_journal("plan")
        planner = plans.check_planner(self.principal())
        inventory = self._recent_inventory()
        case = self._case(inventory)
        decisions = gate.decide(case, now=self._clock())
        confirmed = confirm(gates, decisions, inventory)
        plan = plans.build_plan(
            confirmed,
            inventory,
            render_requests(self.azure, inventory, confirmed),
            case.findings,
            journal_id=journal.id,
            planner=planner,
            policy=self.config.policy,
            now=self._clock(),
            max_release=self.config.wave.max_release,
        )
        self._append(history.plan_record(plan))
        return plan

    def preflight(self, inventory: Inventory) -> Preflight:
        """List everything that could stop a release of these items, for this identity.

        Nothing is sent and nothing decided: permission, locks, jobs, source, recovery point,
        baseline; a record is written and every vault's lease is taken and given back at once.
        """
        rows = [row for row in inventory if row.workloads]
        requests = {row.id.key: found for row in rows if (found := stop_request_of(row.item))}
        vaults = sorted({row.item.vault_id for row in rows})
        return preflight(
            self._case(inventory),
            requests,
            permissions={vault.key: self._permissions(vault) for vault in vaults},
            places=(
                self._try_journal(),
                *(self._try_lease(vault) for vault in vaults),
                *pace_rows(inventory, pace_of(self.config.policy, self.past()), self._clock()),
            ),
            now=self._clock(),
        )

    def _permissions(self, vault: ResourceId) -> list[dict[str, Any]] | None:
        try:
            return self.azure.list_permissions(vault)
        except StagingError:
            return None  # unread is unknown, not nothing

    def _try_journal(self) -> PreflightRow:
        where = self._require_journal("preflight").place
        try:
            self._append(
                history.run_record(
                    "preflight",
                    version=__version__,
                    policy_digest=plans.policy_digest(self.config.policy),
                )
            )
        except JournalError as error:
            return PreflightRow(
                what="journal takes records",
                on=where,
                state=NOT_OK,
                detail=str(error),
                next_step=error.advice(),
            )
        return PreflightRow(what="journal takes records", on=where, state=OK)

    def _try_lease(self, vault: ResourceId) -> PreflightRow:
        lease = lease_of(self._require_journal("preflight"))
        try:
            lease.acquire(vault, run=self.run, now=self._clock())
        except (LeaseHeldError, JournalError) as error:
            return PreflightRow(
                what="lease is free",
                on=vault.name,
                state=NOT_OK,
                detail=str(error),
                next_step=error.advice(),
            )
        lease.release(vault)
        return PreflightRow(what="lease is free", on=vault.name, state=OK)

    def residue(self) -> Residue:
        """List what released replications leave behind; reads disks, changes nothing.

        Azure: Disks_List, GET {subscription}/providers/Microsoft.Compute/disks
        """
        journal, past = self._require_journal("residue"), self.past()
        recorded = past.baselines().values()
        journal.fetch(each.file for each in recorded)
        frozen = read_baselines(journal.folder, recorded)
        planned = {
            (plan.digest, id_key(item.id)): item for plan in past.plans() for item in plan.items
        }
        released = ((key, (each.plan_digest, key)) for key, each in past.released().items())
        pairs = [(planned[place], frozen.get(key)) for key, place in released if place in planned]
        wanted = {disk.subscription_id for _, each in pairs for disk in seed_disks(each)}
        disks = {name.casefold(): self._disks(name) for name in wanted if name}
        return residue(pairs, disks, now=self._clock())

    def _disks(self, subscription: str) -> frozenset[str] | None:
        try:
            rows = self.azure.list_disks(subscription)
        except StagingError:
            return None  # unread is unknown, not gone
        return frozenset(id_key(str(row.get("id", ""))) for row in rows)

    def _recent_inventory(self) -> Inventory:
        last = self._last_inventory
        if last is not None and self._clock() - last.read_at < _REUSE:
            return last
        return self.inventory()

    def preview(self, plan: Plan) -> ReleaseResult:
        """Show what a run of this plan would send and hold now.

        Needs no approval, sends nothing; for a plan to release and for a plan to abandon.
        """
        self._check_plan(plan, "release")
        self._require_sources(plan)
        case, now = self._case(self.inventory()), self._clock()
        result = release_engine.preview(
            plan,
            case,
            self.past(),
            now=now,
            rulebook=_rulebook(plan),
            halted=self._require_journal("release").halted(),
        )
        sent = {item_id for item_id, _ in result.requests}
        require_jobs(self.azure, [item for item in plan.items if item.id in sent], now)
        return result

    def require_free(self, plan: Plan) -> None:
        """Refuse as a run would while another run holds a vault of the plan, or none may stop it.

        Nothing is recorded.

        Raises:
            AccessDeniedError: this identity may not stop what is not released yet.
            LeaseHeldError: another run holds a vault.
        """
        ended = self.past().released()
        require_permission(self.azure, [i for i in plan.items if id_key(i.id) not in ended])
        lease = lease_of(self._require_journal("release"))
        for vault in sorted({ResourceId(item.vault_id) for item in plan.items}):
            lease.acquire(vault, run=self.run, now=self._clock())
            lease.release(vault)

    def release(self, plan: Plan, *, execute: bool = False) -> ReleaseResult:
        """Release what an approved plan and the gates allow. A dry run unless ``execute``.

        Raises:
            PlanRefusedError: the plan, or its approval, does not hold; nothing was sent. What an
                earlier run left open is settled by reading all the same.
            LeaseHeldError: another run holds a vault; nothing was sent.
            DeadlineReachedError: earlier attempts are still open and time is up.
        """
        plans.check_verb(plan, abandons=False)
        return self._run_plan(plan, execute=execute)

    def plan_abandon(self, item_ids: Iterable[ResourceId | str], *, reason: str) -> Plan:
        """Plan to give up the replication of machines that were not migrated.

        Args:
            item_ids: ARM ids, every one by name; there is no pattern that abandons.
            reason: why, e.g. the ticket; it is in the plan that somebody else approves.

        Raises:
            ConfigurationError: an id is not in the inventory.
            GateClosedError: one of them may not be given up, with every reason.
            PlanRefusedError: no reason, an opaque token, or more than ``max_release``.
        """
        journal = self._require_journal("abandon")
        planner = plans.check_planner(self.principal())
        inventory = self._recent_inventory()
        rows = may_abandon(inventory, item_ids, now=self._clock())
        plan = plans.build_abandon_plan(
            rows,
            inventory,
            render_abandon(self.azure, rows),
            journal_id=journal.id,
            planner=planner,
            policy=self.config.policy,
            now=self._clock(),
            max_release=self.config.wave.max_release,
            reason=reason,
        )
        self._append(history.plan_record(plan))
        return plan

    def abandon(self, plan: Plan, *, execute: bool = False) -> ReleaseResult:
        """Give up what an approved plan to abandon names. A dry run unless ``execute``.

        Every item is read again right before its request; one that was migrated meanwhile, or
        whose source is not running, is held.

        Raises:
            PlanRefusedError, LeaseHeldError, DeadlineReachedError: as ``release``.
        """
        plans.check_verb(plan, abandons=True)
        return self._run_plan(plan, execute=execute)

    def _run_plan(self, plan: Plan, *, execute: bool) -> ReleaseResult:
        if not execute:
            self.authorise(plan)
            self.require_free(plan)
            return self.preview(plan)
        self._require_direct("abandon" if plan.abandons else "release")
        try:
            releaser = self.authorise(plan)
        except PlanRefusedError:
            self._settle_left_open()
            raise
        with self._leases(plan) as taken:
            earlier = self._settle_earlier()
            run = self._release_of(plan, releaser)
            leasing.require_held(taken, run.past)
            result = release_engine.execute(run)
        return replace(result, receipts=(*earlier, *result.receipts))

    def _release_of(self, plan: Plan, releaser: Principal) -> release_engine.Release:
        """Put one run together; the leases are held, so what is read now stays ours."""
        case = self._case(self.inventory())
        past = self.past()
        return release_engine.Release(
            follower=self._follower(),
            journal=self._require_journal("release"),
            progress=self._progress,
            run=self.run,
            releaser=releaser,
            plan=plan,
            case=case,
            past=past,
            until=self._approved_until(plan, releaser),
            approvers=self._approvers(plan, releaser),
            rulebook=_rulebook(plan),
            halted=self._require_journal("release").halted,
        )

    def _leases(self, plan: Plan) -> AbstractContextManager[Mapping[ResourceId, int]]:
        """Hold the vaults of the plan and of whatever earlier runs left unsettled."""
        past = self.past()
        unsettled = (*past.open_attempts(), *past.unknown_attempts())
        planned = (item.vault_id for item in plan.items)
        return self._leased((*planned, *(attempt.vault_id for attempt in unsettled)))

    def _leased(self, vault_ids: Iterable[str]) -> AbstractContextManager[Mapping[ResourceId, int]]:
        return leasing.leased(
            lease_of(self._require_journal("release")),
            list(vault_ids),
            run=self.run,
            clock=self._clock,
            append=self._append,
        )

    def _settle_left_open(self) -> None:
        """Settle what earlier runs left, though this one is refused: that takes reading alone."""
        if self.journal is None:
            return
        past = self.past()
        unsettled = (*past.open_attempts(), *past.unknown_attempts())
        if unsettled:
            # Whoever holds the lease settles it.
            with suppress(LeaseHeldError), self._leased(each.vault_id for each in unsettled):
                self._settle_earlier()

    def _settle_earlier(self) -> tuple[Receipt, ...]:
        """Settle what earlier runs left open or unknown, by reading alone."""
        follower = self._follower()
        known = reconsider(follower, self.past().unknown_attempts(), self._write_receipt)
        return (*known, *resolve(follower, self.past().open_attempts(), self._write_receipt))

    def _write_receipt(self, receipt: Receipt) -> None:
        self._append(history.receipt_record(receipt))


def _rulebook(plan: Plan) -> Rulebook:
    return ABANDON if plan.abandons else RELEASE
