"""``azstaging config show``."""

from typing import Any

import click

from azstaging.cli import exit_codes
from azstaging.cli.output import emit, output_options
from azstaging.cli.session import configuration
from azstaging.rules.canonical import to_plain


@click.group("config")
def command() -> None:
    """Show the configuration."""


@command.command("show")
@click.option("--origin", is_flag=True, help="Where each value comes from.")
@output_options
@click.pass_context
def show(ctx: click.Context, origin: bool, output: str, query: str | None) -> int:
    """Print every setting. There are no secrets in it."""
    config = configuration(ctx)
    tables: dict[str, Any] = {
        "cloud": to_plain(config.cloud),
        "scope": to_plain(config.scope),
        "wave": to_plain(config.wave),
        "gate": to_plain(config.policy),
        "probes": to_plain(config.probes),
        "boards": to_plain(config.boards),
        "journal": {"url": config.journal_url},
    }
    tables["wave"]["expected_ids"] = len(config.wave.expected_ids)
    tables["wave"]["workloads"] = [workload.name for workload in config.wave.workloads]
    rows = []
    for table, values in tables.items():
        for key, value in values.items():
            row = {"setting": f"{table}.{key}", "value": _short(value)}
            if origin:
                row["origin"] = config.origins.get(f"{table}.{key}", "default")
            rows.append(row)
    document = {"schema": "azstaging/config/1", "settings": tables, "origins": dict(config.origins)}
    emit(document, rows, output=output, query=query)
    return exit_codes.DONE


def _short(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(str(each) for each in value)
    return "" if value is None else str(value)
