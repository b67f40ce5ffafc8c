"""``azstaging check``."""

from datetime import datetime, timezone
from typing import Any

import click

from azstaging.cli import exit_codes
from azstaging.cli.gaps import say_gaps
from azstaging.cli.output import emit, output_options
from azstaging.cli.session import deadline_option, selection_options, session
from azstaging.cli.streams import say
from azstaging.errors import ConfigurationError
from azstaging.model.findings import Findings, Outcome
from azstaging.model.views import findings_document, findings_rows


@click.command("check")
@selection_options
@deadline_option("another run begins anew")
@click.option("--all", "show_all", is_flag=True, help="Show what passed, too.")
@click.option(
    "--import",
    "results",
    type=click.Path(dir_okay=False),
    help="Record what another tool found of one --workload, and check nothing else: JUnit or "
    "NUnit XML (pytest, Pester), InSpec or Goss JSON.",
)
@click.option("--made-at", help="When that tool ran, e.g. 2026-01-31T08:00:00Z.")
@output_options
@click.pass_context
def command(
    ctx: click.Context,
    /,
    output: str,
    query: str | None,
    show_all: bool,
    results: str | None,
    made_at: str | None,
    **options: Any,
) -> int:
    """Run all checks on the selected items and keep the findings as evidence.

    Exits 0 when all passed, 1 when one failed, 3 when something could not be determined. What is
    not required may be skipped.
    """
    with session(ctx, **options) as run:
        inventory = run.inventory()
        if results is None:
            findings = run.staging.check(inventory)
        else:
            workload = _only(options["workloads"])
            when = _time(made_at)
            findings = run.staging.import_results(
                results, inventory, workload=workload, made_at=when
            )
        kept = run.staging.journal is not None
    shown = findings.findings if show_all else findings.not_passed()
    subset = Findings(at=findings.at, run=findings.run, findings=shown)
    emit(
        findings_document(findings, inventory),
        findings_rows(subset, inventory),
        output=output,
        query=query,
        empty="Every check passed." if len(findings) else "Nothing was checked.",
    )
    say_gaps(inventory)
    counts = ", ".join(
        f"{sum(f.outcome is outcome for f in findings)} {outcome.value}" for outcome in Outcome
    )
    say(f"{len(findings)} findings: {counts}.")
    if not kept:
        say("No journal is configured: these findings are not kept and open no gate.")
    return exit_codes.of_findings(findings, inventory, required=run.config.policy.required)


def _only(workloads: tuple[str, ...]) -> str:
    if len(workloads) != 1:
        raise ConfigurationError(
            "--import needs exactly one --workload; nothing was recorded.",
            advice="Name the workload that the file is about.",
        )
    return workloads[0]


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise ConfigurationError(
            f"--made-at {text} is no time with a zone; nothing was recorded.",
            advice="Write it as 2026-01-31T08:00:00Z.",
        )
    return time.astimezone(timezone.utc)
