"""``azstaging doctor``."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import click

from azstaging.azure import endpoint_of
from azstaging.cli import exit_codes
from azstaging.cli.gaps import say_gaps
from azstaging.cli.output import emit, output_options
from azstaging.cli.session import configuration, journal_option, progress_line, session
from azstaging.config import CloudSettings
from azstaging.engine.ports import AzurePort
from azstaging.errors import (
    AccessDeniedError,
    AuthenticationError,
    ConfigurationError,
    StagingError,
    UnreachableError,
)
from azstaging.model.inventory import Inventory
from azstaging.staging import Staging

_PROXY_VARIABLES = ("HTTPS_PROXY", "HTTP_PROXY")
_SUBSCRIPTIONS_READ = "Microsoft.Resources/subscriptions/read"
# Of these the next request would end as the last one did.
_FINAL = (AuthenticationError, ConfigurationError, UnreachableError)


@click.command("doctor")
@journal_option
@output_options
@click.pass_context
def command(ctx: click.Context, /, output: str, query: str | None, **options: Any) -> int:
    """Show network, identity, what is visible, and the missing actions by their exact strings.

    What fails is said at the end, and everything else is still shown.

    Exits 0 when it is known who asks and everything in scope can be read, 3 when not, 2 when
    the configuration or the environment is wrong.
    """
    config = configuration(ctx)
    found = _Examination(config.cloud)
    with found.part("estate folder"), session(ctx, **options) as run:
        found.examine(run.staging)
    if not found.examined:
        # Who asks and what can be read needs no journal.
        found.examine(Staging(None, config, progress=progress_line()))
    facts = found.facts
    document = {"schema": "azstaging/doctor/1", "facts": facts}
    emit(document, _rows(facts, output), output=output, query=query)
    for error in found.errors:
        exit_codes.report_error(error)
    if found.inventory is not None:
        say_gaps(found.inventory)
    return found.exit_code


class _Examination:
    """What was learnt, part by part, and what failed on the way."""

    def __init__(self, cloud: CloudSettings) -> None:
        self.inventory: Inventory | None = None
        self.examined = False
        self._is_opaque = False
        self._cloud = {"cloud": cloud.arm_endpoint or cloud.name}
        self._network = _network(endpoint_of(cloud))
        self._failed: list[tuple[str, StagingError]] = []
        self._who: dict[str, Any] = {
            "credential": "unknown",
            "tenant": "unknown (there is no token)",
            "identity": "unknown",
            "can plan, approve, release": False,
            "visible subscriptions": None,
        }

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Keep what a part fails with, so that the others are still looked at."""
        try:
            yield
        except StagingError as error:
            self._failed.append((name, error))

    def examine(self, staging: Staging) -> None:
        """Ask who we are, then what we can read; a part that fails leaves its facts unknown."""
        self.examined = True
        with self.part("connection"):
            before = len(self._failed)
            self._ask_who_we_are(staging, staging.azure)
            failed = [error for _, error in self._failed[before:]]
            if any(isinstance(error, _FINAL) for error in failed):
                return
            with self.part("inventory"):
                # A journal names who wrote to it.
                self.inventory = staging.inventory(record=not failed)
            if self._is_opaque:
                self._failed.append(("identity", _nobody()))

    def _ask_who_we_are(self, staging: Staging, azure: AzurePort) -> None:
        with self.part("identity"):
            try:
                self._recognise(staging)
            except StagingError:
                self._believe(azure)
                raise
            finally:
                # A chain of credentials knows only now which of them answered.
                self._who["credential"] = getattr(azure, "credential_kind", "unknown")
            self._who["visible subscriptions"] = _subscriptions(azure)

    def _recognise(self, staging: Staging) -> None:
        principal = staging.principal()
        self._is_opaque = principal is None
        self._who["can plan, approve, release"] = principal is not None
        self._who["tenant"] = principal.tid if principal else "unknown (the token is opaque)"
        self._who["identity"] = principal.name or principal.oid if principal else "unknown"

    def _believe(self, azure: AzurePort) -> None:
        """Take the token's word for who we are, and say that nobody has confirmed it."""
        with suppress(StagingError):
            principal = azure.claimed()
            if principal is None:
                self._who["tenant"] = "unknown (the token is opaque)"
                return
            self._who["tenant"] = f"{principal.tid} (as the token says)"
            name = principal.name or principal.oid
            self._who["identity"] = f"{name} (as the token says; Azure has not confirmed it)"

    @property
    def facts(self) -> dict[str, Any]:
        """Everything that is known, the network first; None is what could not be told."""
        read = self.inventory
        return {
            **self._cloud,
            **self._network,
            **self._who,
            "vaults read": None if read is None else len(read.vaults),
            "items read": None if read is None else read.read,
            "gaps": None if read is None else len(read.gaps),
            "missing actions": self._missing(),
            "failures": [f"{name}: {error}" for name, error in self._failed],
        }

    def _missing(self) -> list[str] | None:
        """Return the actions that are known to be missing; None where that could not be asked."""
        denied = [error for _, error in self._failed if isinstance(error, AccessDeniedError)]
        if self.inventory is None and not denied:
            return None
        # An inventory of no item is false, and has gaps all the same.
        gaps = () if self.inventory is None else self.inventory.gaps
        actions = {gap.permission for gap in gaps if gap.permission}
        return sorted(actions | {each.permission or _SUBSCRIPTIONS_READ for each in denied})

    @property
    def errors(self) -> list[StagingError]:
        """What failed, each once: several parts may ask the same."""
        return list({str(error): error for _, error in reversed(self._failed)}.values())[::-1]

    @property
    def exit_code(self) -> int:
        """That of the first failure, else that of the inventory."""
        if self._failed or self.inventory is None:
            return exit_codes.exit_code_of(self._failed[0][1])
        return exit_codes.of_inventory(self.inventory)


def _nobody() -> AuthenticationError:
    """Return what is said of a token that was accepted and tells nothing of whose it is."""
    return AuthenticationError(
        "The token names nobody (it is opaque), so it is not known who asks, and nothing can be "
        "planned, approved or released with it. Nothing was changed.",
        advice="Sign in as somebody (az login, a managed identity); for a local Azure, set "
        "AZSTAGING_TOKEN to the token of one of its identities.",
    )


def _rows(facts: dict[str, Any], output: str) -> list[dict[str, Any]]:
    """Return a line per fact, and per member of a list; people are told of failures on stderr."""
    table = output == "table"
    return [
        {"fact": name, "value": "unknown" if each is None and table else each}
        for name, value in facts.items()
        if not (table and name == "failures")
        for each in (value if isinstance(value, list) and value else [value])
    ]


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
    kinds = (
        (_PROXY_VARIABLES, network.shown_proxy),
        (("NO_PROXY",), network.without_login),
        # A path may hold an @, and is needed whole.
        (network.CA_VARIABLES, str),
    )
    for names, show in kinds:
        for spelling in (each for name in names for each in (name, name.lower())):
            if value := os.environ.get(spelling):
                facts[spelling] = show(value)
    return facts
