"""``azstaging rehearse``: a release against a copy, with a scratch journal."""

import json
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

import azstaging
from azstaging.cli import exit_codes
from azstaging.cli.output import emit, output_options
from azstaging.cli.plan_file import read_plan
from azstaging.cli.session import configuration, progress_line
from azstaging.cli.streams import say
from azstaging.config import BoardsSettings, CloudSettings, Configuration
from azstaging.errors import ConfigurationError
from azstaging.files import read_bytes
from azstaging.model.decisions import Decisions, Waiver
from azstaging.model.ids import id_key
from azstaging.model.plans import Plan, ReceiptState, ReleaseResult
from azstaging.model.text import display
from azstaging.model.waves import Scope, Wave, Workload
from azstaging.rules.anonymise import MAP_SCHEMA, Anonymiser

# They look at the machines themselves, and a copy has none.
_NOT_REHEARSED = frozenset({"endpoint-reachable", "workload-suite"})
_NOT_THERE = "not in the copy"
# Nothing here is real, so nothing has to be waited for.
_SETTLE_SECONDS = 1


@click.command("rehearse")
@click.option(
    "--plan", "plan_file", required=True, type=click.Path(path_type=Path), help="What to rehearse."
)
@click.option(
    "--estate",
    "estate_file",
    required=True,
    type=click.Path(path_type=Path),
    help="What capture wrote.",
)
@click.option(
    "--map", "map_file", type=click.Path(path_type=Path), help="The map, if it was anonymised."
)
@click.option(
    "--faults", "faults_file", type=click.Path(path_type=Path), help="A fault script as JSON."
)
@output_options
@click.pass_context
def command(
    ctx: click.Context,
    /,
    plan_file: Path,
    estate_file: Path,
    map_file: Path | None,
    faults_file: Path | None,
    output: str,
    query: str | None,
) -> int:
    """Release a plan against a copy of its estate, and say what would have happened.

    Azure is not asked. The copy is served on loopback; baselines, checks, plan and approval are
    made anew in a scratch journal, and the stops are sent to the copy. Endpoints and suites are
    not rehearsed: a copy has no machines. Exits as the release would: 0 all done, 4 partly, 5
    when nothing may go.
    """
    try:
        from azstaging.cli.emulator import estate_from, fault_script  # noqa: PLC0415 - needs an extra
        from azstaging.emulator.server import Emulator  # noqa: PLC0415
    except ImportError as error:
        from azstaging.cli.emulator import missing_extra  # noqa: PLC0415

        raise missing_extra(error) from error
    plan = read_plan(plan_file)
    names = _names(map_file)
    estate = estate_from(estate_file)
    faults = fault_script(faults_file) if faults_file else ()
    with (
        Emulator(estate) as azure,
        tempfile.TemporaryDirectory(prefix="azstaging-rehearsal-") as folder,
    ):
        config = rehearsal_config(configuration(ctx), estate, names, arm_endpoint=azure.url)
        outcome = _Rehearsal(azure, Path(folder), config, plan, names).run(faults)
        requests = len(azure.state.stops)
    rows = outcome.rows()
    not_rehearsed = sorted(_NOT_REHEARSED & set(configuration(ctx).policy.required))
    document = {
        "schema": "azstaging/rehearsal/1",
        "plan": plan.digest,
        "not_rehearsed": not_rehearsed,
        "stops_accepted": requests,
        "items": rows,
    }
    emit(document, rows, output=output, query=query)
    for name in not_rehearsed:
        say(f"Not rehearsed: {name} looks at the machines themselves.")
    counts = Counter(row["result"] for row in rows)
    say(", ".join(f"{count} {result}" for result, count in counts.items()) + ".")
    if names is None and rows and all(row["why"] == _NOT_THERE for row in rows):
        say("No item of the plan is in the copy. One made with --anonymise needs its map: --map.")
    say("Nothing was sent to Azure: this was a rehearsal against a copy.")
    return outcome.exit_code()


def _names(map_file: Path | None) -> Anonymiser | None:
    if map_file is None:
        return None
    try:
        document = json.loads(read_bytes(map_file, what="map"))
        names = {str(key): str(value) for key, value in document["names"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(f"The map {map_file} cannot be read.") from error
    if document.get("schema") != MAP_SCHEMA:
        raise ConfigurationError(f"The map {map_file} is not {MAP_SCHEMA}.")
    return Anonymiser(names)


def rehearsal_config(
    config: Configuration, estate: Any, names: Anonymiser | None, *, arm_endpoint: str
) -> Configuration:
    """Return the configuration as it is for the copy: same gate and waivers, other addresses."""
    wave = Wave(
        name=estate.name,
        workloads=tuple(
            Workload(
                name=each.name,
                items=each.machines,
                owner=each.owner,
                criticality=each.criticality,
            )
            for each in estate.workloads
        ),
        max_release=config.wave.max_release,
    )
    policy = replace(
        config.policy,
        required=tuple(name for name in config.policy.required if name not in _NOT_REHEARSED),
        settle_seconds=_SETTLE_SECONDS,
    )
    return replace(
        config,
        cloud=CloudSettings(arm_endpoint=arm_endpoint, vault_reads_per_second=200),
        scope=Scope(),
        wave=wave,
        policy=policy,
        waivers=tuple(_waiver(each, names) for each in config.waivers),
        boards=BoardsSettings(),
    )


def _waiver(waiver: Waiver, names: Anonymiser | None) -> Waiver:
    return waiver if names is None else replace(waiver, subject=names.text(waiver.subject))


class _Rehearsal:
    """One rehearsal: three identities, one scratch journal, one release."""

    def __init__(
        self,
        azure: Any,
        folder: Path,
        config: Configuration,
        plan: Plan,
        names: Anonymiser | None,
    ) -> None:
        self.azure = azure
        self.folder = folder
        self.config = config
        self.plan = plan
        self.names = names

    def run(self, faults: Any) -> "_Outcome":
        """Make evidence, plan and approval for the copy, then release with faults."""
        wanted = {self._there(item.id): item for item in self.plan.items}
        with azstaging.Journal.open(self.folder) as journal:
            planner = self._as("planner", journal)
            inventory = planner.inventory()
            planner.baseline(inventory)
            diff = planner.diff(inventory)
            planner.check(inventory, diff)
            decisions = planner.decide(inventory)
            gates = [gate for gate in decisions.open if self._planned(gate.workload)]
            result = None
            if gates:
                plan = planner.plan(gates)
                self._as("approver", journal).approve(plan, comment="rehearsal")
                self.azure.script.set(faults)
                result = self._as("releaser", journal).release(plan, execute=True)
        return _Outcome(wanted, decisions, result, self.names)

    def _as(self, identity: str, journal: azstaging.Journal) -> azstaging.Staging:
        from azstaging.azure.credentials import StaticCredential  # noqa: PLC0415 - on use

        credential: Any = StaticCredential(self.azure.token(identity))
        return azstaging.Staging(credential, self.config, journal=journal, progress=progress_line())

    def _there(self, item_id: str) -> str:
        return id_key(item_id if self.names is None else self.names.text(item_id))

    def _planned(self, workload: str) -> bool:
        planned = self.plan.workloads
        there = planned if self.names is None else [self.names.text(name) for name in planned]
        return workload in there


class _Outcome:
    """What became of each item of the plan, under its own name."""

    def __init__(
        self,
        wanted: Any,
        decisions: Decisions,
        result: ReleaseResult | None,
        names: Anonymiser | None,
    ) -> None:
        self.wanted = wanted
        self.restore = names.restore if names else str
        self.result = result
        self.reasons = {
            item.key: f"{decision.workload}: {decision.reasons[0].detail}"
            for decision in decisions.closed
            for item in decision.item_ids
        }

    def rows(self) -> list[dict[str, Any]]:
        """Return one row per item of the plan."""
        result = self.result
        receipts = {id_key(r.item_id): r for r in (result.receipts if result else ())}
        held = {id_key(h.item_id): h for h in (result.held if result else ())}
        pending = {id_key(a.item_id) for a in (result.open_attempts if result else ())}
        rows = []
        for key, item in self.wanted.items():
            if key in receipts:
                state = receipts[key].state.value
                said = receipts[key].reason or "; ".join(receipts[key].witnesses)
            elif key in pending:
                state, said = "unknown", "sent, and not settled"
            elif key in held:
                state, said = "held", held[key].reason
            else:
                state, said = "held", self.reasons.get(key, _NOT_THERE)
            rows.append(
                {
                    "result": state,
                    "name": item.name,
                    "why": display(self.restore(said)),
                    "id": item.id,
                }
            )
        return rows

    def exit_code(self) -> int:
        """Return the exit code of a release with this outcome."""
        states = {row["result"] for row in self.rows()}
        if states == {ReceiptState.DONE.value}:
            return exit_codes.DONE
        return exit_codes.REFUSED if states == {"held"} else exit_codes.PARTLY
