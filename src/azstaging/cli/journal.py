"""``azstaging journal show|verify|head|export|adopt``."""

from pathlib import Path

import click

from azstaging.cli import exit_codes
from azstaging.cli.output import emit, output_options, say
from azstaging.cli.session import configuration
from azstaging.errors import ConfigurationError
from azstaging.journal import Journal
from azstaging.model.records import Record
from azstaging.model.text import display
from azstaging.model.times import format_time


@click.group("journal")
def command() -> None:
    """Show, verify, export or adopt the journal. Offline; needs no Azure.

    PATH is an estate folder, one segment file or an exported pack; else [journal] url.
    """


def _place(ctx: click.Context, path: str | None) -> str:
    place = path or configuration(ctx).journal_url
    if not place:
        raise ConfigurationError("No journal is named.", advice="Give its PATH.")
    return place


_PATH = click.argument("path", required=False)


@command.command("show")
@_PATH
@click.option("--type", "types", multiple=True, help="Only records of this type.")
@output_options
@click.pass_context
def show(
    ctx: click.Context, path: str | None, types: tuple[str, ...], output: str, query: str | None
) -> int:
    """List the records."""
    records = Journal.read(_place(ctx, path)).records()
    kept = [record for record in records if not types or record.type in types]
    document = {"schema": "azstaging/journal/1", "records": [_plain(r) for r in kept]}
    rows = [
        {"seq": r.seq, "at": format_time(r.at), "type": r.type, "run": r.run, "actor": r.actor}
        for r in kept
    ]
    emit(document, rows, output=output, query=query, empty="The journal holds no such record.")
    return exit_codes.DONE


def _plain(record: Record) -> dict[str, object]:
    return {
        "seq": record.seq,
        "at": format_time(record.at),
        "run": record.run,
        "actor": record.actor,
        "type": record.type,
        "data": record.data,
        "hash": record.hash,
    }


@command.command("verify")
@_PATH
@click.option("--head", help="A hash recorded elsewhere; the chain must hold it.")
@click.pass_context
def verify(ctx: click.Context, path: str | None, head: str | None) -> int:
    """Compute the chain again. Exits 0, or 1 naming the first bad record.

    The chain shows changes to whoever holds a head recorded elsewhere. It does not stop a
    writer who rewrites all of it.
    """
    result = Journal.verify_at(_place(ctx, path), head=head)
    if result.ok:
        click.echo(f"ok: {result.count} records, head {result.head}")
        return exit_codes.DONE
    click.echo(f"broken at record {result.first_bad_seq}: {display(result.reason)}")
    return exit_codes.CLOSED


@command.command("head")
@_PATH
@click.pass_context
def head(ctx: click.Context, path: str | None) -> int:
    """Print sequence and hash of the last record: keep it where the writer cannot reach."""
    seq, digest = Journal.read(_place(ctx, path)).head
    click.echo(f"{seq} {digest}")
    return exit_codes.DONE


@command.command("export")
@_PATH
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.pass_context
def export(ctx: click.Context, path: str | None, out: Path) -> int:
    """Write one pack that can be verified anywhere."""
    journal = Journal.read(_place(ctx, path))
    journal.export(out)
    say(f"{out} holds {journal.head[0] + 1} records.")
    return exit_codes.DONE


@command.command("adopt")
@_PATH
@click.option("--reason", required=True, help="Why the estate folder moved.")
@click.pass_context
def adopt(ctx: click.Context, path: str | None, reason: str) -> int:
    """Go on with a journal on another host or path than the one that it was opened on."""
    Journal.adopt(_place(ctx, path), reason=reason).close()
    say("Adopted; the move is in the journal.")
    return exit_codes.DONE
