"""``azstaging doctor``."""

import os
from typing import Any

import click

from azstaging.azure import endpoint_of
from azstaging.cli import exit_codes
from azstaging.cli.gaps import say_gaps
from azstaging.cli.output import emit, output_options
from azstaging.cli.session import journal_option, session
from azstaging.engine.ports import AzurePort

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
        visible = _subscriptions(azure)
        endpoint = endpoint_of(run.config.cloud)
        cloud = run.config.cloud
    missing = sorted({gap.permission for gap in inventory.gaps if gap.permission})
    facts: dict[str, Any] = {
        "cloud": cloud.arm_endpoint or cloud.name,
        "credential": getattr(azure, "credential_kind", ""),
        "tenant": principal.tid if principal else "unknown (the token is opaque)",
        "identity": principal.name or principal.oid if principal else "unknown",
        "can plan, approve, release": principal is not None,
        "visible subscriptions": visible,
        "vaults read": len(inventory.vaults),
        "items read": inventory.read,
        "gaps": len(inventory.gaps),
        "missing actions": missing,
    }
    facts |= _network(endpoint)
    rows = [
        {"fact": name, "value": each}
        for name, value in facts.items()
        for each in (value if isinstance(value, list) and value else [value])
    ]
    emit({"schema": "azstaging/doctor/1", "facts": facts}, rows, output=output, query=query)
    say_gaps(inventory)
    return exit_codes.of_inventory(inventory)


def _subscriptions(azure: AzurePort) -> list[str]:
    """Return name and id of every subscription that the credential sees."""
    rows = azure.list_subscriptions()
    return [f"{row.get('displayName') or 'no name'} ({row.get('subscriptionId')})" for row in rows]


def _network(endpoint: str) -> dict[str, str]:
    """Return the proxy and the authorities in effect, and the variables that they come from."""
    from azstaging.azure import network  # noqa: PLC0415 - loads requests

    facts = {
        "proxy in effect": network.proxy_of(endpoint) or "none",
        "certificate authorities": network.authorities_of(endpoint),
    }
    for name in _ENVIRONMENT:
        for spelling in (name, name.lower()):
            if value := os.environ.get(spelling):
                facts[spelling] = network.without_login(value)
    return facts
