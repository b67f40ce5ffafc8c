"""Staging: the verbs. Wires Azure, journal and engine; owns the clock and the run.

Types are a courtesy, not the guard: ``plan()`` and ``release()`` compute every decision again
from the verified journal and from what Azure says, never from values passed in.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

from azstaging import __version__
from azstaging.checks import WORKLOAD_CHECKS
from azstaging.engine.check import guest_tasks, import_findings, require_next, run_checks
from azstaging.engine.guests import Guests
from azstaging.engine.ports import GuestPort
from azstaging.engine.reporting import build_report, latest_findings
from azstaging.engine.surroundings import read_surroundings
from azstaging.engine.sync import sync_boards
from azstaging.engine.wave_steps import complete_step
from azstaging.errors import ConfigurationError
from azstaging.files import hashed, read_bytes, write_each
from azstaging.journal.lease import lease_of
from azstaging.model.backlog import ActionKind, BoardsResult, Choice
from azstaging.model.commands import CommandRun
from azstaging.model.decisions import Decisions, Policy
from azstaging.model.differences import Diff
from azstaging.model.findings import Artefact, Findings
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Inventory
from azstaging.model.report import JobHistory, Report
from azstaging.releasing import Releasing
from azstaging.rules import gate, history
from azstaging.rules.baseline import frozen_now
from azstaging.rules.evidence import CLOCK_SKEW
from azstaging.rules.imports import read_results
from azstaging.rules.wave_step import StepCompletion
from azstaging.spans import span

GUEST_COMMAND = "guest-command"

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from azstaging.reports.assets import Assets


class Staging(Releasing):
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

    def check(
        self,
        inventory: Inventory,
        diff: Diff | None = None,
        *,
        executor: "Executor | None" = None,
    ) -> Findings:
        """Run all checks and record the findings as evidence.

        Args:
            inventory: what to check.
            diff: its diff; computed when not given.
            executor: runs network probes and workload suites, any
                ``concurrent.futures.Executor``; reads of Azure stay here.
        """
        if diff is None:
            diff = self.diff(inventory)
        from azstaging.probes import Probes  # noqa: PLC0415 - sockets only when checking

        frozen = self.frozen(inventory)
        findings = run_checks(
            inventory,
            diff,
            wave=self.config.wave,
            policy=self.config.policy,
            probes=Probes(
                deadline_seconds=self.config.probes.deadline_seconds,
                suite_seconds=self.config.probes.suite_seconds,
                workload_seconds=self.config.probes.workload_seconds,
                executor=executor,
                until=self._deadline,
            ),
            baselines=frozenset(each.key for each in frozen_now(inventory, frozen)),
            around=read_surroundings(
                self.azure,
                inventory,
                self.config.policy,
                clock=self._clock,
                frozen=frozen,
                keep=self._keep,
            ),
            commands=self._guest_commands(inventory),
            keep=self._keep,
            clock=self._clock,
            run=self.run,
            progress=self._progress,
            trace=lambda item_id: span("check item", item=item_id),
        )
        records = self._append(*(history.finding_record(finding) for finding in findings))
        return history.with_sequences(findings, records)

    def _guest_commands(self, inventory: Inventory) -> dict[str, tuple[CommandRun, ...]]:
        """Run the scripts of workloads in their targets, if that is switched on and asked for."""
        listed = {*self.config.policy.required, *self.config.policy.advisory}
        if not self.config.probes.run_command or GUEST_COMMAND not in listed:
            return {}
        found = {}
        for workload in self.config.wave.workloads:
            if workload.guest_script:
                data = read_bytes(Path(workload.guest_script), what="guest script")
                script = data.decode("utf-8", errors="replace")
                tasks = guest_tasks(workload, inventory, script)
                found[workload.name] = self._guests().run(tasks)
        return found

    def _guests(self) -> Guests:
        """Return what runs the scripts of one workload, within the time of a workload."""
        over = self._clock() + timedelta(seconds=self.config.probes.workload_seconds)
        return Guests(
            cast(GuestPort, self._connected()),
            clock=self._clock,
            sleep=self._sleep,
            mark=lambda: uuid4().hex,
            deadline_seconds=self.config.probes.suite_seconds,
            until=min(over, self._deadline or over),
            record=self._append,
        )

    def _keep(self, name: str, data: bytes) -> Artefact:
        """Keep bytes that a finding was judged by in the estate folder, if there is one."""
        digest = sha256(data).hexdigest()
        file = ""
        if self.journal is not None:
            file = self.journal.keep(data, digest=digest, what=name)
        return Artefact(name=name, sha256=digest, size_bytes=len(data), file=file)

    def import_results(
        self,
        path: str | Path,
        inventory: Inventory,
        *,
        workload: str,
        made_at: datetime | None = None,
    ) -> Findings:
        """Record what another tool found of a workload: JUnit, NUnit, Pester, InSpec, Goss.

        Args:
            path: the tool's file.
            inventory: what the finding is bound to: items, generations and targets of now.
            workload: name of the workload that the file is about.
            made_at: when the tool ran, aware UTC; needed where the file does not tell. The older
                counts where both do.

        Raises:
            ConfigurationError: no such workload, no readable file, no time, or nothing that may
                follow what is on record; nothing was recorded.
        """
        named = next((w for w in self.config.wave.workloads if w.name == workload), None)
        if named is None or not inventory.in_workload(workload):
            raise ConfigurationError(
                f"{workload!r} is no workload with items of this inventory; nothing was recorded.",
                advice="Name one of the configuration's workloads, by its exact name.",
            )
        data = read_bytes(Path(path), what="file of results")
        results = read_results(data, name=Path(path).name)
        at = min((time for time in (made_at, results.made_at) if time), default=None)
        if at is None or at > self._clock() + CLOCK_SKEW:
            raise ConfigurationError(
                f"{Path(path).name} does not tell when the tool ran, or says a time to come; "
                "nothing was recorded.",
                advice="Say it: --made-at 2026-01-31T08:00:00Z.",
            )
        policy = self.config.policy
        findings = import_findings(results, named, inventory, policy=policy, at=at, run=self.run)
        require_next(findings, self.past().findings(), name=Path(path).name)
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

    def report(
        self,
        out: str | Path,
        inventory: Inventory,
        findings: Findings,
        diff: Diff,
        decisions: Decisions,
        *,
        jobs: JobHistory | None = None,
        **choices: Any,
    ) -> tuple[Path, ...]:
        """Write the migration reports into a folder.

        Args:
            out: made if missing; files of an earlier report are replaced one by one, whole.
            inventory: what was read.
            findings: the evidence; see ``evidence()``.
            diff: the configuration diff.
            decisions: the gates.
            jobs: the replication jobs, see ``job_history()``; without them the timeline says
                that they were not read.
            choices: ``views`` (operations, auditor, manager, engineer), ``formats`` (html, xlsx,
                csv, json, markdown, and parquet with the ``[arrow]`` extra); by default all but
                parquet. ``mask`` hides ids and addresses.

        Returns:
            The files, sorted.

        Raises:
            ConfigurationError: the folder cannot be written; no file is half-written.
        """
        from azstaging import reports  # noqa: PLC0415 - loads jinja2 and xlsxwriter
        from azstaging.reports.manifest import with_manifest  # noqa: PLC0415

        report = self._report_of(inventory, findings, diff, decisions, jobs)
        made = reports.seal(reports.make_document(report))
        wanted = {name: value for name, value in choices.items() if value}
        # What cannot be written again is not written at all.
        kept = ""
        if self.journal and report.journal:
            kept = self.journal.keep(made.data, digest=made.digest, what="report")
        hashes: dict[str, str] = {}
        files = with_manifest(hashed(reports.render_each(made, **wanted), hashes))
        paths = write_each(Path(out), files, what="report")
        if report.journal:
            written = history.WrittenReport(
                files=hashes,
                seq=report.journal.seq,
                hash=report.journal.hash,
                document=made.digest,
                file=kept,
                masked=bool(wanted.get("mask")),
            )
            self._append(history.report_record(written))
        return paths

    def _report_of(
        self,
        inventory: Inventory,
        findings: Findings,
        diff: Diff,
        decisions: Decisions,
        jobs: JobHistory | None = None,
    ) -> Report:
        return build_report(
            inventory,
            findings,
            diff,
            decisions,
            records=self.journal.records() if self.journal else (),
            past=self.past(),
            journal_id=self.journal.id if self.journal else "",
            wave=self.config.wave,
            waivers=self.config.waivers,
            expectations=self.config.expectations,
            jobs=jobs,
            workload_checks=WORKLOAD_CHECKS,
            tool_version=__version__,
            made_at=self._clock(),
        )

    def assets(
        self, inventory: Inventory, *, shown: Iterable[ResourceId] | None = None
    ) -> "Assets":
        """Join the inventory with gates, evidence, differences, waivers and work items on record.

        Reads no Azure and records nothing; without a journal nothing is decided or checked.

        Args:
            inventory: what was read, whole: gates are decided over all of it.
            shown: the items to show; None for all.
        """
        from azstaging.reports.assets import Assets  # noqa: PLC0415 - loads the reports

        now, where, past = self._clock(), self.config.boards, self.past()
        decisions = Decisions(at=now, decisions=(), policy=self.config.policy)
        if self.journal is not None:
            decisions = gate.decide(self._case(inventory), now=now)
        findings = Findings(at=now, run=self.run, findings=past.findings())
        return Assets(
            report=self._report_of(inventory, findings, self._compared(inventory), decisions),
            work_items=past.work_items(where.organization, where.project),
            backlog=where.backlog,
            shown=None if shown is None else frozenset(shown),
        )

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

        ``choices``: `Conflict.shown` -> what becomes of it; without one it is left alone, as is a
        work item that was changed since.

        Raises:
            ConfigurationError: no organization or project is configured.
            LeaseHeldError: another run writes to this project; nothing was written.
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
                lease=lease_of(self.journal, what="Boards project") if self.journal else None,
                run=self.run,
            )
        if apply:
            counts = {kind.value: result.count(kind) for kind in ActionKind}
            self._append(history.boards_record(*project, changes=counts, ids=result.ids))
        return result

    def complete_step(
        self,
        execution_id: ResourceId | str,
        step_id: str,
        workloads: Iterable[str],
        *,
        report_url: str = "",
        execute: bool = False,
    ) -> StepCompletion:
        """Complete a step of an Azure Migrate wave with evidence. A dry run unless ``execute``.

        Experimental. The gates are decided again from the verified journal, and in earnest from
        what Azure says now; these decisions are on record before the step is completed.

        Raises:
            GateClosedError: a gate is not open now; nothing was sent.
            ConfigurationError: no journal is open, an id is none, or this run looks through
                something; nothing was sent.
            ServiceError: refused, or ``effect`` is UNKNOWN: look, never send again.
        """
        from azstaging.azure import connect  # noqa: PLC0415 - loads the Azure modules
        from azstaging.azure.wavesteps import WaveSteps  # noqa: PLC0415

        journal = self._require_journal("complete_step")
        if execute:
            self._require_direct("complete_step")
        inventory = self.inventory() if execute else self._recent_inventory()
        if execute:
            self.decide(inventory)
        with connect(self.config.cloud, self._credential, clock=self._clock) as azure:
            return complete_step(
                WaveSteps(azure.session),
                ResourceId(str(execution_id)),
                step_id,
                workloads,
                self._case(inventory),
                now=self._clock(),
                report_url=report_url,
                head=journal.head,
                execute=execute,
            )
