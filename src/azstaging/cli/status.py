"""``azstaging status``."""

from typing import Any

import click

from azstaging.cli import exit_codes
from azstaging.cli.output import emit, output_options
from azstaging.cli.session import blob_credential, configuration, journal_option, no_journal
from azstaging.cli.streams import say
from azstaging.engine.pacing import pace_of
from azstaging.errors import ConfigurationError
from azstaging.journal import Journal
from azstaging.model.plans import ReceiptState
from azstaging.model.release_views import status_document
from azstaging.model.text import display
from azstaging.reports.words import count
from azstaging.rules.history import History, fold
from azstaging.rules.pace import room
from azstaging.rules.readiness import NEXT_STEPS
from azstaging.rules.status import Status, status_of
from azstaging.run import utc_now


@click.command("status")
@journal_option
@output_options
@click.pass_context
def command(ctx: click.Context, /, output: str, query: str | None, journal_url: str | None) -> int:
    """Say what the journal holds: open attempts, plans, approvals, receipts. Reads no Azure.

    Exits 0, or 4 while the effect of an attempt is unknown.
    """
    config = configuration(ctx)
    url = journal_url or config.journal_url
    if not url:
        raise ConfigurationError(
            "status reads a journal; none is named.", advice="Add --journal estate/."
        )
    journal = Journal.read(url, credential=blob_credential(config))
    records = journal.records()
    if not records:
        raise no_journal(url)
    now, past = utc_now(), fold(records)
    status = status_of(
        past,
        now=now,
        needed=config.policy.approvals,
        named=config.approver_keys,
        halted=journal.halted(),
    )
    rows: list[dict[str, Any]] = status.rows()
    emit(status_document(status), rows, output=output, query=query, empty="Nothing is open.")
    say(
        f"{count(len(status.open_attempts), 'open attempt')}, "
        f"{count(len(status.live_plans), 'live plan')}, "
        f"{len(status.released)} released, {len(status.abandoned)} abandoned, "
        f"{len(status.unknown)} unknown."
    )
    _say_next(status, past)
    if status.halted:
        say(
            f"A file named stop is in {journal.place}: no run sends anything new. "
            "Delete it to go on."
        )
    if (pace := pace_of(config.policy, past)).limit is not None:
        hour = room(pace, now)
        say(f"{hour.detail}. {hour.next_step}".rstrip())
    return exit_codes.PARTLY if status.open_attempts or status.unknown else exit_codes.DONE


def _say_next(status: Status, past: History) -> None:
    """Say what settles that of which nobody knows whether it was stopped."""
    for receipt in status.unknown:
        since = f"{receipt.at:%Y-%m-%d %H:%M} UTC"
        say(f"{display(receipt.name)} may be stopped, since {since}: {display(receipt.reason)}")
        say(f"  {NEXT_STEPS[ReceiptState.UNKNOWN]}")
    digests = {each.plan_digest for each in status.open_attempts}
    digests |= {each.plan_digest for each in status.unknown}
    plans = (past.plan(digest) for digest in digests)
    verbs = {"abandon" if plan.abandons else "release" for plan in plans if plan is not None}
    for verb in sorted(verbs):
        say(f"Run the same {verb} again: it settles by reading, and sends nothing twice.")
