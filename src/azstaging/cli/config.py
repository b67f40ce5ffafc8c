"""``azstaging config show``."""

import re
from collections.abc import Iterator
from typing import Any

import click

from azstaging.cli import exit_codes
from azstaging.cli.output import emit, output_options
from azstaging.cli.session import configuration
from azstaging.config import Configuration
from azstaging.config_approvers import Approver
from azstaging.rules.canonical import to_plain

_INDEX = re.compile(r"\[\d+\]")


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
    settings = _settings(config)
    rows = []
    for key, value in _flat(settings, ""):
        row = {"setting": key, "value": value}
        if origin:
            row["origin"] = _origin(key, config)
        rows.append(row)
    document = {
        "schema": "azstaging/config/1",
        "settings": settings,
        "origins": dict(config.origins),
    }
    emit(document, rows, output=output, query=query)
    return exit_codes.DONE


_WAVE = (
    "name",
    "expected",
    "free_days",
    "free_days_source",
    "release_after",
    "due",
    "max_release",
)


def _settings(config: Configuration) -> dict[str, Any]:
    """Return the settings under the names that they have in the file."""
    wave, backlog = to_plain(config.wave), to_plain(config.boards.backlog)
    types = {level: backlog[f"{level}_type"] for level in ("workload", "item", "follow_up")}
    kept = ("states", "area_path", "key_field", "report_url", "follow_ups")
    return {
        "cloud": to_plain(config.cloud),
        "scope": to_plain(config.scope),
        "wave": {name: wave[name] for name in _WAVE},
        "workload": wave["workloads"],
        "approver": [_approver(each) for each in config.approvers],
        "gate": to_plain(config.policy) | {"lifetimes": dict(config.policy.lifetimes)},
        "probes": to_plain(config.probes),
        "waiver": [to_plain(waiver) for waiver in config.waivers],
        "expect": [
            {name.rstrip("_"): value for name, value in to_plain(expectation).items()}
            for expectation in config.expectations
        ],
        "boards": {
            "organization": config.boards.organization,
            "project": config.boards.project,
            "types": types,
            **{name: backlog[name] for name in kept},
        },
        "journal": {"url": config.journal_url},
    }


def _approver(approver: Approver) -> dict[str, str]:
    """Return who may approve, and where the keys lie; the keys themselves are not read."""
    person = approver.principal
    return {
        "name": person.name,
        "tid": person.tid,
        "oid": person.oid,
        "public_key": str(approver.public_key or ""),
        "signing_key": str(approver.signing_key or ""),
    }


def _flat(value: Any, key: str) -> Iterator[tuple[str, Any]]:
    """Yield (key, value) down to what fits a line: one row for a list of plain values."""
    if isinstance(value, dict) and value:
        for name, each in value.items():
            yield from _flat(each, f"{key}.{name}" if key else name)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for index, each in enumerate(value):
            yield from _flat(each, f"{key}[{index}]")
    else:
        yield key, value or None if isinstance(value, dict) else value


def _origin(key: str, config: Configuration) -> str:
    """Return where a value comes from: what is said of its key, or of the table it is in."""
    name = _INDEX.sub("", key)
    while name:
        if name in config.origins:
            return config.origins[name]
        name = name.rpartition(".")[0]
    return "default"
