"""Staging: the verbs. Wires Azure, journal and engine; owns the clock and the run.

Types are a courtesy, not the guard: ``plan()`` and ``release()`` compute every decision again
from the verified journal and from what Azure says, never from values passed in.
"""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from azstaging import __version__
from azstaging.checks import WORKLOAD_CHECKS
from azstaging.collecting import Collecting
from azstaging.comparing import Comparing
from azstaging.engine import release as release_engine
from azstaging.engine.check import run_checks
from azstaging.engine.planning import confirm, render_requests
from azstaging.engine.reporting import build_report, latest_findings
from azstaging.engine.resolve import reconsider, resolve
from azstaging.engine.sync import sync_boards
from azstaging.errors import PlanRefusedError
from azstaging.files import write_all
from azstaging.journal import Journal
from azstaging.journal.evidence import write_evidence
from azstaging.journal.lease import FileLease
from azstaging.model.backlog import ActionKind, BoardsResult, Choice
from azstaging.model.decisions import Decisions, GateOpen, Policy
from azstaging.model.differences import Diff
from azstaging.model.findings import Findings
from azstaging.model.inventory import Inventory
from azstaging.model.plans import Approval, Plan, Principal, Receipt, ReleaseResult
from azstaging.rules import gate, history
from azstaging.rules import plan as plans
from azstaging.rules.baseline import frozen_now
from azstaging.rules.status import Status, status_of

# An inventory that this object read itself serves a plan for so long; a release reads afresh.
_REUSE = timedelta(minutes=10)


class Staging(Collecting, Comparing):
    """The staging stage of one estate: a `Run` with the verbs.

    Args:
        credential: any azure-core ``TokenCredential``; None picks one.
        config: the configuration, or None for the defaults.
        journal: an open journal; without one nothing can be planned, approved or released.
        progress: called with (step, done, total).
        deadline: when to stop cleanly, aware UTC.
        clock, sleep: for rehearsals and tests.
    """

    def __repr__(self) -> str:
        return f"Staging(wave={self.config.wave.name!r}, run={self.run})"

    def check(self, inventory: Inventory, diff: Diff | None = None) -> Findings:
        """Run all checks and record the findings as evidence.

        Args:
            inventory: what to check.
            diff: its diff; computed when not given.
        """
        if diff is None:
            diff = self.diff(inventory)
        from azstaging.probes import Probes  # noqa: PLC0415 - sockets only when checking

        findings = run_checks(
            inventory,
            diff,
            wave=self.config.wave,
            policy=self.config.policy,
            probes=Probes(deadline_seconds=self.config.probes.deadline_seconds),
            baselines=frozenset(each.key for each in frozen_now(inventory, self.frozen(inventory))),
            clock=self._clock,
            run=self.run,
            progress=self._progress,
        )
        records = self._append(*(history.finding_record(finding) for finding in findings))
        return history.with_sequences(findings, records)

    def evidence(self) -> Findings:
        """Return what the journal holds: the latest run's findings of each check and subject."""
        return latest_findings(self.past(), at=self._clock(), run=self.run)

    def decide(
        self,
        inventory: Inventory,
        findings: Findings | None = None,
        diff: Diff | None = None,
        *,
        policy: Policy | None = None,
    ) -> Decisions:
        """Decide every workload's gate.

        Args:
            inventory: what was read.
            findings: used only where there is no journal; else the journal's findings count.
            diff: accepted for symmetry; the diff counts through the check ``diff-clean``.
            policy: another policy, for a what-if; nothing is recorded then.
        """
        del diff
        decisions = gate.decide(self._case(inventory, findings, policy), now=self._clock())
        if policy is None:
            self._append(*(history.decision_record(decision) for decision in decisions))
        return decisions

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

    def report(
        self,
        out: str | Path,
        inventory: Inventory,
        findings: Findings,
        diff: Diff,
        decisions: Decisions,
        **choices: Any,
    ) -> tuple[Path, ...]:
        """Write the migration reports into a folder.

        Args:
            out: made if missing; files of an earlier report are replaced one by one, whole.
            inventory: what was read.
            findings: the evidence; see ``evidence()``.
            diff: the configuration diff.
            decisions: the gates.
            choices: ``views`` (operations, auditor, manager, engineer), ``formats`` (html, xlsx,
                csv, json, markdown), both all by default; ``mask`` hides ids and addresses.

        Returns:
            The files, sorted.

        Raises:
            ConfigurationError: the folder cannot be written; no file is half-written.
        """
        from azstaging import reports  # noqa: PLC0415 - loads jinja2 and xlsxwriter

        report = build_report(
            inventory,
            findings,
            diff,
            decisions,
            records=self.journal.records() if self.journal else (),
            past=self.past(),
            journal_id=self.journal.id if self.journal else "",
            wave=self.config.wave,
            waivers=self.config.waivers,
            workload_checks=WORKLOAD_CHECKS,
            tool_version=__version__,
            made_at=self._clock(),
        )
        made = reports.seal(reports.make_document(report))
        wanted = {name: value for name, value in choices.items() if value}
        files = reports.render_sealed(made, **wanted)
        # What cannot be written again is not written at all.
        kept = ""
        if self.journal and report.journal:
            kept = write_evidence(self.journal.folder, made.data, digest=made.digest, what="report")
        paths = write_all(Path(out), files, what="report")
        if report.journal:
            written = history.WrittenReport(
                files={name: sha256(data).hexdigest() for name, data in sorted(files.items())},
                seq=report.journal.seq,
                hash=report.journal.hash,
                document=made.digest,
                file=kept,
                masked=bool(wanted.get("mask")),
            )
            self._append(history.report_record(written))
        return paths

    def boards(
        self,
        inventory: Inventory,
        findings: Findings,
        diff: Diff,
        decisions: Decisions,
        *,
        apply: bool = False,
        choices: Mapping[str, Choice] | None = None,
    ) -> BoardsResult:
        """Compare the backlog with reality, and write it with ``apply``.

        ``choices``: work item id -> what becomes of its conflicts; without one they are left alone.

        Raises:
            ConfigurationError: no organization or project is configured.
        """
        from azstaging.azure.boards_connection import connect_boards  # noqa: PLC0415 - loads azure-devops

        where = self.config.boards
        project = (where.organization, where.project)
        with connect_boards(self.config.cloud, *project, self._credential) as port:
            result = sync_boards(
                port,
                inventory,
                findings,
                diff,
                decisions,
                settings=replace(where.backlog, choices=choices or {}),
                at=self._clock(),
                apply=apply,
                waivers=self.config.waivers,
                known=self.past().work_items(*project),
                progress=self._progress,
                lease=FileLease(self.journal) if self.journal else None,
                run=self.run,
            )
        if apply:
            counts = {kind.value: result.count(kind) for kind in ActionKind}
            self._append(history.boards_record(*project, changes=counts, ids=result.ids))
        return result

    def plan(self, gates: Iterable[GateOpen]) -> Plan:
        """Plan the release of some open gates.

        Raises:
            GateClosedError: no gate was given.
            PlanRefusedError: a gate is not open when it is decided again, the token names nobody,
                or there are more items than ``max_release``.
        """
        journal = self._require_journal("plan")
        planner = self.principal()
        if planner is None:
            raise PlanRefusedError(
                "The token names nobody (it is opaque), so it cannot plan.", code="unapproved"
            )
        inventory = self._recent_inventory()
        confirmed = confirm(gates, gate.decide(self._case(inventory), now=self._clock()))
        plan = plans.build_plan(
            confirmed,
            inventory,
            render_requests(self.azure, inventory, confirmed),
            journal_id=journal.id,
            planner=planner,
            policy=self.config.policy,
            now=self._clock(),
            max_release=self.config.wave.max_release,
        )
        self._append(history.plan_record(plan))
        return plan

    def _recent_inventory(self) -> Inventory:
        last = self._last_inventory
        if last is not None and self._clock() - last.read_at < _REUSE:
            return last
        return self.inventory()

    def approve(self, plan: Plan, *, comment: str) -> Approval:
        """Approve a plan as another principal than its planner.

        Raises:
            PlanRefusedError: own plan, opaque token, expired, foreign or changed plan.
        """
        self._check_plan(plan, "approve")
        approval = plans.build_approval(
            plan, self.principal(), comment=comment, policy=self.config.policy, now=self._clock()
        )
        self._append(history.approval_record(approval))
        return approval

    def _check_plan(self, plan: Plan, verb: str) -> Journal:
        journal = self._require_journal(verb)
        plans.plan_from(plans.plan_bytes(plan))
        plans.check_plan(plan, journal_id=journal.id, policy=self.config.policy, now=self._clock())
        if self.past().plan(plan.digest) is None:
            raise PlanRefusedError("The journal does not hold this plan.", code="foreign-journal")
        return journal

    def authorise(self, plan: Plan) -> Principal:
        """Return who would release this plan now, if the plan and its approvals hold.

        Raises:
            PlanRefusedError: they do not, or the token names nobody.
        """
        self._check_plan(plan, "release")
        self._require_baselines(plan)
        return plans.check_approvals(
            plan,
            self.past().approvals(),
            releaser=self.principal(),
            policy=self.config.policy,
            now=self._clock(),
        )

    def preview(self, plan: Plan) -> ReleaseResult:
        """Show what a release would send and hold now; needs no approval, sends nothing."""
        self._check_plan(plan, "release")
        self._require_baselines(plan)
        case = self._case(self.inventory())
        return release_engine.preview(plan, case, self.past(), now=self._clock())

    def release(self, plan: Plan, *, execute: bool = False) -> ReleaseResult:
        """Release what an approved plan and the gates allow. A dry run unless ``execute``.

        Raises:
            PlanRefusedError: the plan, or its approval, does not hold; nothing was sent.
                An expired one still lets what an earlier run left open be settled by reading.
            LeaseHeldError: another run holds a vault; nothing was sent.
            DeadlineReachedError: earlier attempts are still open and time is up.
        """
        if not execute:
            self.authorise(plan)
            return self.preview(plan)
        try:
            releaser = self.authorise(plan)
        except PlanRefusedError as refusal:
            if refusal.code == "expired":
                with self._leases(plan):
                    self._settle_earlier()
            raise
        journal = self._require_journal("release")
        with self._leases(plan):
            earlier = self._settle_earlier()
            past = self.past()
            until = plans.approved_until(
                plan,
                past.approvals(),
                releaser=releaser,
                policy=self.config.policy,
                now=self._clock(),
            )
            result = release_engine.execute(
                release_engine.Release(
                    follower=self._follower(),
                    journal=journal,
                    progress=self._progress,
                    run=self.run,
                    releaser=releaser,
                    plan=plan,
                    case=self._case(self.inventory()),
                    past=past,
                    until=until,
                )
            )
        return replace(result, receipts=(*earlier, *result.receipts))

    def _leases(self, plan: Plan) -> AbstractContextManager[None]:
        """Hold the vaults of the plan and of whatever earlier runs left unsettled."""
        past = self.past()
        unsettled = (*past.open_attempts(), *past.unknown_attempts())
        return release_engine.leased(
            FileLease(self._require_journal("release")),
            [item.vault_id for item in plan.items] + [attempt.vault_id for attempt in unsettled],
            run=self.run,
            clock=self._clock,
            append=self._append,
        )

    def _settle_earlier(self) -> tuple[Receipt, ...]:
        """Settle what earlier runs left open or unknown, by reading alone."""
        follower = self._follower()
        known = reconsider(follower, self.past().unknown_attempts(), self._write_receipt)
        return (*known, *resolve(follower, self.past().open_attempts(), self._write_receipt))

    def _write_receipt(self, receipt: Receipt) -> None:
        self._append(history.receipt_record(receipt))

    def status(self) -> Status:
        """Say what the journal knows: open attempts, plans, approvals, receipts."""
        return status_of(self.past(), now=self._clock())
