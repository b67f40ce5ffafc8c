"""``azstaging status``."""

from typing import Any

import click

from azstaging.cli import exit_codes
from azstaging.cli.output import emit, output_options
from azstaging.cli.session import blob_credential, configuration, journal_option
from azstaging.cli.streams import say
from azstaging.engine.pacing import pace_of
from azstaging.errors import ConfigurationError
from azstaging.journal import Journal
from azstaging.model.release_views import status_document
from azstaging.reports.words import count
from azstaging.rules.history import fold
from azstaging.rules.pace import room
from azstaging.rules.status import status_of
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
    now, past = utc_now(), fold(journal.records())
    status = status_of(past, now=now)
    rows: list[dict[str, Any]] = status.rows()
    emit(status_document(status), rows, output=output, query=query, empty="Nothing is open.")
    say(
        f"{count(len(status.open_attempts), 'open attempt')}, "
        f"{count(len(status.live_plans), 'live plan')}, "
        f"{len(status.released)} released, {len(status.abandoned)} abandoned, "
        f"{len(status.unknown)} unknown."
    )
    if status.open_attempts:
        say("Run the same release again: it settles by reading, and sends nothing twice.")
    if (pace := pace_of(config.policy, past)).limit is not None:
        hour = room(pace, now)
        say(f"{hour.detail}. {hour.next_step}".rstrip())
    return exit_codes.PARTLY if status.open_attempts or status.unknown else exit_codes.DONE
