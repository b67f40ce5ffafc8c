"""``azstaging doctor``."""

import os
from typing import Any

import click

from azstaging.cli import exit_codes
from azstaging.cli.output import emit, output_options
from azstaging.cli.session import journal_option, session
from azstaging.cli.streams import say
from azstaging.model.text import display

_ENVIRONMENT = ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")


@click.command("doctor")
@journal_option
@output_options
@click.pass_context
def command(ctx: click.Context, /, output: str, query: str | None, **options: Any) -> int:
    """Show identity, tenant, what is visible, and the missing actions by their exact strings.

    Exits 0 when everything in scope can be read, 3 when not.
    """
    with session(ctx, **options) as run:
        principal = run.staging.principal()
        inventory = run.staging.inventory()
        azure = run.staging.azure
        cloud = run.config.cloud
    missing = sorted({gap.permission for gap in inventory.gaps if gap.permission})
    facts: dict[str, Any] = {
        "cloud": cloud.arm_endpoint or cloud.name,
        "credential": getattr(azure, "credential_kind", ""),
        "tenant": principal.tid if principal else "unknown (the token is opaque)",
        "identity": principal.name or principal.oid if principal else "unknown",
        "can plan, approve, release": principal is not None,
        "vaults read": len(inventory.vaults),
        "items read": inventory.read,
        "gaps": len(inventory.gaps),
        "missing actions": missing,
    }
    facts |= {name: _without_login(os.environ[name]) for name in _ENVIRONMENT if name in os.environ}
    rows = [{"fact": name, "value": value} for name, value in facts.items()]
    emit({"schema": "azstaging/doctor/1", "facts": facts}, rows, output=output, query=query)
    for gap in inventory.gaps:
        say(f"not readable: {display(str(gap.scope))}: {display(gap.detail)}")
    return exit_codes.of_inventory(inventory)


def _without_login(url: str) -> str:
    """Drop user and password of a proxy URL."""
    scheme, separator, rest = url.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}" if separator else url
