"""What every command shares: configuration, journal, selection, progress, `Staging`."""

import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Any, TypeVar

import click

from azstaging.cli.streams import clear_progress, say, show_progress
from azstaging.config import Configuration, load_configuration
from azstaging.errors import ConfigurationError
from azstaging.journal import Journal
from azstaging.journal.container import is_url
from azstaging.model.inventory import Inventory
from azstaging.model.text import display
from azstaging.rules.selection import Filter, Member, narrow, unmatched
from azstaging.staging import Staging

_F = TypeVar("_F", bound=Callable[..., Any])


def selection_options(function: _F) -> _F:
    """Add ``--wave --workload --item --vault --subscription`` and ``--journal``."""
    for name, key, text in (
        ("--subscription", "subscriptions", "Only this subscription id."),
        ("--vault", "vaults", "Only this vault: name or ARM id."),
        ("--item", "items", "Only this item: ARM id, name or glob."),
        ("--workload", "workloads", "Only this workload: name or glob."),
    ):
        function = click.option(name, key, multiple=True, help=text)(function)
    return journal_option(click.option("--wave", help="Only if the wave has this name.")(function))


def journal_option(function: _F) -> _F:
    """Add ``--journal``."""
    return click.option(
        "--journal", "journal_url", help="The estate folder; else [journal] url or the environment."
    )(function)


def deadline_option(then: str) -> Callable[[_F], _F]:
    """Add ``--deadline``; ``then`` says what another run finds of this one."""
    return click.option(
        "--deadline",
        type=click.IntRange(1, 86_400),
        help=f"Stop cleanly after so many seconds (exit 7); {then}.",
    )


@dataclass(frozen=True, slots=True)
class Session:
    """One command's configuration, journal and `Staging`."""

    config: Configuration
    staging: Staging
    wanted: Filter

    def inventory(self, *, resume: str | None = None) -> Inventory:
        """Read the inventory and keep what was selected, with every gap that may hide more."""
        return self.inventory_of(self.staging.inventory(resume=resume))

    def inventory_of(self, inventory: Inventory, *, earlier: Sequence[Member] = ()) -> Inventory:
        """Narrow an inventory to what was selected, and say what of it was not found.

        ``earlier`` are items that were there before, and may be selected though they are gone.
        """
        kept = narrow(inventory, self.wanted, self.config.wave, earlier=earlier)
        for name in unmatched(inventory.items, self.wanted):
            say(f"--item {display(name)} is none of the {inventory.read} items read.")
        return kept


# What it warns of, such as each way of a chain to sign in, our errors say in one sentence.
logging.getLogger("azure").addHandler(logging.NullHandler())


def configuration(ctx: click.Context) -> Configuration:
    """Load the configuration that the global options name."""
    return load_configuration(ctx.obj["config_file"], environ=os.environ)


def blob_credential(config: Configuration) -> Callable[[], Any]:
    """Return a function that picks the credential of an estate folder in a blob container."""

    def choose() -> Any:
        from azstaging.azure.clouds import choose_cloud  # noqa: PLC0415 - loads azure-identity
        from azstaging.azure.credentials import choose_credential  # noqa: PLC0415
        from azstaging.azure.network import require_proxy, trusted_by  # noqa: PLC0415

        # The container's own libraries say it as late as they can.
        require_proxy(config.journal_url)
        trusted_by(None, "https://")
        return choose_credential(choose_cloud(config.cloud.name))

    return choose


@contextmanager
def session(
    ctx: click.Context,
    *,
    journal_url: str | None = None,
    needs_journal: bool = False,
    reads_only: bool = False,
    existing: bool = False,
    deadline: int | None = None,
    wave: str | None = None,
    **selectors: tuple[str, ...],
) -> Iterator[Session]:
    """Open configuration and journal, and close the journal again.

    Args:
        ctx: has the global options.
        journal_url: instead of the configured one.
        needs_journal: the command does nothing without one.
        reads_only: nothing is written, so no lock is taken and no estate folder made.
        existing: the command goes on with what a journal holds, so none is made.
        deadline: seconds from now.
        wave: only if the wave has this name.
        **selectors: each as often as it was given.

    Raises:
        ConfigurationError: no journal is named although the command needs one, or there is none
            where there must be.
    """
    config = configuration(ctx)
    if journal_url:
        config = replace(config, journal_url=journal_url)
    if needs_journal and not config.journal_url:
        raise ConfigurationError(
            "This command needs a journal; nothing was read or changed.",
            advice='Name an estate folder: --journal estate/, or url = "estate" under [journal].',
        )
    wanted = Filter(wave=wave or "", **{name: tuple(each) for name, each in selectors.items()})
    journal = _journal(config, reads_only=reads_only, existing=existing)
    end = datetime.now(timezone.utc) + timedelta(seconds=deadline) if deadline else None
    try:
        staging = Staging(None, config, journal=journal, progress=progress_line(), deadline=end)
        yield Session(config=config, staging=staging, wanted=wanted)
    finally:
        if journal is not None:
            journal.close()


def _journal(config: Configuration, *, reads_only: bool, existing: bool) -> Journal | None:
    url, credential = config.journal_url, blob_credential(config)
    if not url:
        return None
    if reads_only:
        return Journal.read(url, credential=credential)
    if existing and not is_url(url):
        Journal.read(url)  # refuses where there is none
    journal = Journal.open(url, credential=credential)
    if existing and journal.head[0] < 0:
        journal.close()
        raise no_journal(url)
    return journal


def no_journal(url: str) -> ConfigurationError:
    """Return what is said of a place that holds no journal, such as one that was mistyped."""
    place = url.partition("?")[0]  # what follows may sign it
    return ConfigurationError(
        f"There is no journal at {display(place)}; nothing was read or changed.",
        advice="Name the place that it was planned in: --journal, or url under [journal].",
    )


def progress_line() -> Callable[[str, int, int], None]:
    """Return a progress callback: one updating line on a terminal, nothing elsewhere.

    The line goes away when its step is done, or when something else is written.
    """
    if not sys.stderr.isatty():
        return lambda _step, _done, _total: None

    def show(step: str, done: int, total: int) -> None:
        if done < total:
            show_progress(f"{step}: {done} of {total}")
        else:
            clear_progress()

    return show
