"""``azstaging rbac``."""

import json
import textwrap
from pathlib import Path
from typing import Any

import click

from azstaging.cli import exit_codes
from azstaging.cli.output import emit, output_options
from azstaging.cli.streams import say
from azstaging.errors import ConfigurationError
from azstaging.files import write_all
from azstaging.model.ids import parse_id
from azstaging.rules.roles import ROLES, Role, definition

_WIDTH = 96
_PLACEHOLDER = "/subscriptions/00000000-0000-0000-0000-000000000000"


@click.command("rbac")
@click.argument("role", required=False, type=click.Choice([role.key for role in ROLES]))
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    help="ARM id of a subscription or resource group where the roles may be assigned.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder for one role definition file each.",
)
@output_options
def command(
    *, role: str | None, scopes: tuple[str, ...], out: Path | None, output: str, query: str | None
) -> int:
    """Print the least-privilege custom roles: reader, prober, releaser.

    The prober and the releaser come on top of the reader. Nothing is read or changed in Azure.
    """
    chosen = [each for each in ROLES if role in {None, each.key}]
    for scope in scopes:
        if (parsed := parse_id(scope)) is None or parsed.subscription_id is None:
            raise ConfigurationError(
                f"--scope {scope} is no ARM id; nothing was written.",
                advice="Give the id of a subscription or a resource group: /subscriptions/...",
            )
    definitions = {f"azstaging-{r.key}.json": _defined(r, scopes) for r in chosen}
    rows = [
        {"role": r.key, "action": g.action, "for": g.reason, "optional": g.optional}
        for r in chosen
        for g in r.grants
    ]
    document = {"schema": "azstaging/rbac/1", "roles": list(definitions.values()), "grants": rows}
    if out is None:
        emit(document, rows, output=output, query=query, lines=_told(chosen))
    else:
        if not scopes:
            raise ConfigurationError(
                "A role definition needs a place to be assigned; nothing was written.",
                advice="Add --scope /subscriptions/ID.",
            )
        files = {
            name: (json.dumps(each, indent=2) + "\n").encode() for name, each in definitions.items()
        }
        paths = write_all(out, files, what="role definition")
        emit(document, rows, output=output, query=query, lines=[str(path) for path in paths])
        say("Next: az role definition create --role-definition FILE, for each of them.")
    return exit_codes.DONE


def _told(roles: list[Role]) -> list[str]:
    """Return the roles as lines, every action whole: people copy them."""
    lines: list[str] = []
    for role in roles:
        lines += ["", *textwrap.wrap(f"{role.name}: {role.description}", _WIDTH), ""]
        for grant in role.grants:
            note = " (only where it is used)" if grant.optional else ""
            lines += [f"  {grant.action}", f"      {grant.reason}{note}"]
    return lines[1:]


def _defined(role: Role, scopes: tuple[str, ...]) -> dict[str, Any]:
    return definition(role, scopes or (_PLACEHOLDER,))
