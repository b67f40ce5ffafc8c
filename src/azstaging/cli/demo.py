"""``azstaging demo``: the whole staging run against an emulated Azure, through the public API."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

import azstaging
from azstaging.cli import exit_codes
from azstaging.cli.emulator import missing_extra
from azstaging.cli.layout import fit, show_table
from azstaging.cli.session import progress_line
from azstaging.cli.streams import clear_progress, say
from azstaging.errors import ConfigurationError, PlanRefusedError
from azstaging.files import write_whole
from azstaging.model.decisions import Decisions
from azstaging.model.inventory import Inventory
from azstaging.model.plans import Plan, ReceiptState, ReleaseResult
from azstaging.model.text import display
from azstaging.rules.plan import plan_bytes
from azstaging.run import utc_now


@dataclass(slots=True)
class _Proofs:
    """What the demo promises to show, each with whether it was shown."""

    shown: list[tuple[str, bool]] = field(default_factory=list)

    def add(self, claim: str, *, holds: bool) -> None:
        self.shown.append((claim, holds))

    @property
    def all_hold(self) -> bool:
        return all(holds for _, holds in self.shown)


@click.command("demo")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("azstaging-demo"),
    show_default=True,
    help="Where journal and reports go; each run gets a folder of its own.",
)
@click.option("--machines", type=click.IntRange(60, 20_000), default=60, show_default=True)
def command(out: Path, machines: int) -> int:
    """Run inventory, baseline, diff, checks, reports, boards, plan, approval and release.

    Everything is real but the Azure: it is emulated on a free loopback port. Exits 0 when all
    that is promised was shown.
    """
    try:
        from azstaging.emulator.sample import sample_estate  # noqa: PLC0415 - needs an extra
        from azstaging.emulator.server import Emulator  # noqa: PLC0415
    except ImportError as error:
        raise missing_extra(error) from error
    folder = _next_folder(out)
    with Emulator(sample_estate(machines)) as azure:
        say(f"An emulated Azure with {machines} machines serves {azure.url}.")
        return _Demo(azure, folder).run()


def _next_folder(out: Path) -> Path:
    number = 1
    while (folder := out / f"run-{number}").exists():
        number += 1
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise ConfigurationError(
            f"The folder {folder} cannot be made: {error.strerror or error}.",
            advice="Name another one with --out.",
        ) from error
    return folder


class _Demo:
    """The steps, in the order of a staging run."""

    def __init__(self, azure: Any, folder: Path) -> None:
        from azstaging.cli.estate_config import write_config  # noqa: PLC0415 - needs an extra

        self.azure = azure
        self.folder = folder
        self.proofs = _Proofs()
        file = folder / "azstaging.toml"
        self.config = azstaging.load_configuration(
            write_config(file, azure.estate, arm_endpoint=azure.url, now=utc_now())
        )

    def run(self) -> int:
        """Run all steps and say what was proven."""
        with azstaging.Journal.open(self.folder / "estate") as journal:
            planner = self._as("planner", journal)
            inventory = self._inventory(planner)
            decisions = self._evidence(planner, inventory)
            plan = self._plan(planner, decisions)
            self._approve(planner, plan, journal)
            result = self._release(plan, journal)
            self._after(planner, inventory, result)
        self._verify()
        return self._summary(decisions, result)

    def _as(self, identity: str, journal: azstaging.Journal) -> azstaging.Staging:
        from azstaging.azure.credentials import StaticCredential  # noqa: PLC0415 - on use

        credential: Any = StaticCredential(self.azure.token(identity))
        return azstaging.Staging(credential, self.config, journal=journal, progress=progress_line())

    def _inventory(self, staging: azstaging.Staging) -> Inventory:
        _step("1  inventory", "every replicated item, its source, its target, and what is missing")
        inventory = staging.inventory()
        phases = Counter(row.phase.value for row in inventory.items)
        providers = Counter(row.item.provider for row in inventory.items)
        _line(f"{inventory.read} of {inventory.expected} expected items read")
        _line("phases: " + ", ".join(f"{n} {phase}" for phase, n in phases.most_common()))
        _line("providers: " + ", ".join(f"{n} {name}" for name, n in providers.most_common()))
        for gap in inventory.gaps:
            _line(f"gap: {gap.scope.name}: {gap.reason} {gap.permission}".rstrip())
        self.proofs.add(
            "what could not be read is a gap, not a shorter list",
            holds=bool(inventory.gaps) and not inventory.complete,
        )
        return inventory

    def _evidence(self, staging: azstaging.Staging, inventory: Inventory) -> Decisions:
        _step("2  baseline and diff", "source, intended and actual, frozen and compared")
        _line(f"{len(staging.baseline(inventory))} baselines frozen into the estate folder")
        diff = staging.diff(inventory)
        _line(", ".join(f"{n} {name}" for name, n in diff.counts().items()))
        _step("3  check", "automated tests, kept as evidence that expires")
        findings = staging.check(inventory, diff)
        outcomes = Counter(finding.outcome.value for finding in findings)
        _line(", ".join(f"{n} {name}" for name, n in outcomes.most_common()))
        _step("4  gates", "one decision per workload, from the evidence alone")
        decisions = staging.decide(inventory, findings, diff)
        _line(f"{len(decisions.open)} open, {len(decisions.closed)} closed")
        self.proofs.add(
            "some gates open, some stay closed, each closed one with its reasons",
            holds=bool(decisions.open)
            and bool(decisions.closed)
            and all(decision.reasons for decision in decisions.closed),
        )
        touched = [d for d in decisions.closed if any(r.code == "gap" for r in d.reasons)]
        self.proofs.add("the gap closes the workloads that it touches", holds=bool(touched))
        _step("5  report", "four views, five formats")
        jobs = staging.job_history(inventory)
        out = self.folder / "reports"
        paths = staging.report(out, inventory, findings, diff, decisions, jobs=jobs)
        _line(f"{len(paths)} files in {self.folder / 'reports'}")
        self._boards(staging, inventory, findings, diff, decisions)
        return decisions

    def _boards(self, staging: azstaging.Staging, *evidence: Any) -> None:
        _step("6  boards", "a preview, then the work items, then proof that nothing is left to do")
        preview = staging.boards(*evidence)
        _line(f"preview: {_kinds(preview)}")
        applied = staging.boards(*evidence, apply=True)
        again = staging.boards(*evidence, apply=True)
        _line(f"applied: {_kinds(applied)}; a second run: {_kinds(again)}")
        self.proofs.add(
            "a second apply writes nothing to Azure Boards",
            holds=set(_actions(again)) <= {"leave"} and "create" in _actions(applied),
        )

    def _plan(self, staging: azstaging.Staging, decisions: Decisions) -> Plan:
        _step("7  plan", "exact items, exact requests, an expiry")
        plan = staging.plan(decisions.open)
        file = write_whole(self.folder / "wave.plan.json", plan_bytes(plan), what="plan")
        _line(f"{len(plan.items)} items of {len(plan.workloads)} workloads in {file}")
        _line(f"digest {plan.digest}")
        return plan

    def _approve(self, planner: azstaging.Staging, plan: Plan, journal: azstaging.Journal) -> None:
        _step("8  approve", "by somebody else, bound to the digest")
        self.proofs.add(
            "the planner cannot approve their own plan",
            holds=_is_refused(lambda: planner.approve(plan, comment="my own"), "own-approval"),
        )
        releaser = self._as("releaser", journal)
        self.proofs.add(
            "nothing is released without approval",
            holds=_is_refused(lambda: releaser.release(plan, execute=True), "unapproved"),
        )
        approval = self._as("approver", journal).approve(plan, comment="demo of a change request")
        _line(f"approved by {approval.approver.name} until {approval.expires:%Y-%m-%d %H:%M} UTC")

    def _release(self, plan: Plan, journal: azstaging.Journal) -> ReleaseResult:
        staging = self._as("releaser", journal)
        _step("9  dry run", "what would be sent, to the letter")
        dry = staging.release(plan)
        stops = len(self.azure.state.stops)
        for item_id, request in dry.requests[:2]:
            _line(f"{request.method} …{item_id[-60:]}")
        _line(f"... {len(dry.requests)} requests in all; nothing was sent")
        self.proofs.add("a dry run sends nothing", holds=stops == 0)
        _step("10 release", "one request per item, each proven by reading")
        result = staging.release(plan, execute=True)
        states = Counter(receipt.state.value for receipt in result.receipts)
        _line(", ".join(f"{n} {name}" for name, n in states.items()) or "nothing was released")
        sent = Counter(stop.item_id.casefold() for stop in self.azure.state.stops)
        self.proofs.add(
            "each released item was stopped by exactly one request",
            holds=bool(sent)
            and set(sent.values()) == {1}
            and len(sent) == states[ReceiptState.DONE.value],
        )
        return result

    def _after(self, staging: azstaging.Staging, before: Inventory, result: ReleaseResult) -> None:
        _step("11 after", "the inventory again: what is gone is proven released, not missing")
        inventory = staging.inventory()
        released = sum(row.phase.value == "released" for row in inventory.items)
        done = sum(receipt.state is ReceiptState.DONE for receipt in result.receipts)
        _line(f"{inventory.read} items as before, {released} of them released")
        self.proofs.add(
            "every released item is listed as released, with its receipt",
            holds=released == done and inventory.read == before.read,
        )

    def _verify(self) -> None:
        _step("12 journal", "the chain computed again, offline")
        result = azstaging.Journal.verify_at(self.folder / "estate")
        _line(f"{result.count} records, head {result.head}")
        self.proofs.add("the journal verifies", holds=result.ok)

    def _summary(self, decisions: Decisions, result: ReleaseResult) -> int:
        done = {r.item_id.casefold() for r in result.receipts if r.state is ReceiptState.DONE}
        rows = []
        for decision in decisions:
            released = all(item_id.key in done for item_id in decision.item_ids)
            reason = "" if decision else decision.reasons[0].detail  # type: ignore[union-attr]
            rows.append(
                {
                    "workload": decision.workload,
                    "items": len(decision.item_ids),
                    "result": "released" if decision and released else "held",
                    "first_reason": fit(display(reason), 76).rstrip(),
                }
            )
        click.echo("")
        show_table(rows)
        click.echo("")
        for claim, holds in self.proofs.shown:
            click.echo(f"{'shown' if holds else 'NOT SHOWN'}  {claim}")
        click.echo("")
        click.echo(f"Reports: {self.folder / 'reports'}")
        click.echo(f"Journal: {self.folder / 'estate'}")
        return exit_codes.DONE if self.proofs.all_hold else exit_codes.CLOSED


def _actions(result: Any) -> list[str]:
    return [str(row["action"]) for row in result.rows()]


def _kinds(result: Any) -> str:
    counts = Counter(_actions(result))
    return ", ".join(f"{n} {name}" for name, n in counts.most_common()) or "nothing"


def _is_refused(attempt: Callable[[], object], code: str) -> bool:
    try:
        attempt()
    except PlanRefusedError as refusal:
        _line(f"refused: {refusal}")
        return refusal.code == code
    return False


def _step(title: str, what: str) -> None:
    click.echo("")
    click.echo(click.style(f"{title}", bold=True) + f"   {what}")


def _line(text: str) -> None:
    clear_progress()
    click.echo(f"   {display(text)}")
