"""``azstaging journal show|verify|head|export|adopt``."""

from pathlib import Path
from typing import Any

import click

from azstaging.cli import exit_codes
from azstaging.cli.output import emit, output_options
from azstaging.cli.session import blob_credential, configuration
from azstaging.cli.streams import say
from azstaging.cli.targets import is_export, require_target
from azstaging.errors import ConfigurationError
from azstaging.journal import Journal
from azstaging.journal.container import is_url
from azstaging.model.records import Record, RecordType
from azstaging.model.times import format_time


@click.group("journal")
def command() -> None:
    """Show, verify, export or adopt the journal. Needs no Azure but the container it lies in.

    PATH is an estate folder, the URL of a blob container, one segment file or an exported
    pack; else [journal] url.
    """


def _place(ctx: click.Context, path: str | None) -> str:
    place = path or configuration(ctx).journal_url
    if not place:
        raise ConfigurationError("No journal is named.", advice="Give its PATH.")
    return place


def _read(ctx: click.Context, path: str | None) -> Journal:
    credential = blob_credential(configuration(ctx)) if is_url(_place(ctx, path)) else None
    return Journal.read(_place(ctx, path), credential=credential)


_PATH = click.argument("path", required=False)


@command.command("show")
@_PATH
@click.option(
    "--type",
    "types",
    multiple=True,
    type=click.Choice([each.value for each in RecordType]),
    metavar="TYPE",
    help="Only records of this type.",
)
@output_options
@click.pass_context
def show(
    ctx: click.Context, path: str | None, types: tuple[str, ...], output: str, query: str | None
) -> int:
    """List the records."""
    records = _read(ctx, path).records()
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
@click.option(
    "--key",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Public key (PEM) that must have signed the pack.",
)
@output_options
@click.pass_context
def verify(
    ctx: click.Context,
    /,
    path: str | None,
    output: str,
    query: str | None,
    **proofs: Any,
) -> int:
    """Compute the chain again. Exits 0, or 1 naming the first bad record.

    The chain shows changes to whoever holds a head recorded elsewhere. It does not stop a
    writer who rewrites all of it. A pack is read in place, offline; whoever repacks it can leave
    its signature out, so give --key.
    """
    result = _read(ctx, path).verify(**proofs)
    row = {
        "ok": result.ok,
        "records": result.count,
        "head": result.head,
        "first_bad_seq": result.first_bad_seq,
        "reason": result.reason,
        "signature": result.signature,
    }
    signed = {"good": ", signed by the given key", "unchecked": ", signature not checked: --key"}
    line = f"ok: {result.count} records, head {result.head}{signed.get(result.signature, '')}"
    if not result.ok:
        where = "" if result.first_bad_seq is None else f" at record {result.first_bad_seq}"
        line = f"broken{where}: {result.reason}"
    _emit_one("azstaging/journal-verify/1", row, line, output, query)
    return exit_codes.DONE if result.ok else exit_codes.CLOSED


def _emit_one(
    schema: str, row: dict[str, object], line: str | None, output: str, query: str | None
) -> None:
    lines = () if line is None else (line,)
    emit({"schema": schema} | row, [row], output=output, query=query, lines=lines)


@command.command("head")
@_PATH
@output_options
@click.pass_context
def head(ctx: click.Context, path: str | None, output: str, query: str | None) -> int:
    """Print sequence and hash of the last record: keep it where the writer cannot reach."""
    seq, digest = _read(ctx, path).head
    row: dict[str, object] = {"seq": seq, "hash": digest}
    _emit_one("azstaging/journal-head/1", row, f"{seq} {digest}", output, query)
    return exit_codes.DONE


@command.command("export")
@_PATH
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="A pack, or with the ending .jsonl the records alone.",
)
@click.option(
    "--sign",
    metavar="KEY",
    help="Private key (PEM), or azurekms://VAULT.vault.azure.net/keys/NAME, that signs it.",
)
@output_options
@click.pass_context
def export(
    ctx: click.Context,
    path: str | None,
    out: Path,
    sign: str | None,
    output: str,
    query: str | None,
) -> int:
    """Write one pack that can be verified anywhere.

    It holds the records (findings, approvals, receipts), plans, signed approvals, baselines and
    evidence. Signed, it carries an in-toto statement of the head and of every file.
    """
    require_target(out, what="export", ours=is_export)
    journal = _read(ctx, path)
    journal.export(out, sign=sign)
    seq, digest = journal.head
    row: dict[str, object] = {"file": str(out), "records": seq + 1, "head": digest}
    _emit_one("azstaging/journal-export/1", row, None, output, query)
    say(f"{out} holds {seq + 1} records" + (", signed." if sign else "."))
    return exit_codes.DONE


@command.command("adopt")
@_PATH
@click.option("--reason", required=True, help="Why the estate folder moved.")
@output_options
@click.pass_context
def adopt(ctx: click.Context, path: str | None, reason: str, output: str, query: str | None) -> int:
    """Go on with a journal on another host or path than the one that it was opened on."""
    with Journal.adopt(_place(ctx, path), reason=reason) as journal:
        (seq, digest), folder = journal.head, journal.folder
    row: dict[str, object] = {"folder": str(folder), "seq": seq, "hash": digest}
    _emit_one("azstaging/journal-adopt/1", row, None, output, query)
    say("Adopted; the move is in the journal.")
    return exit_codes.DONE
