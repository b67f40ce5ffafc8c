"""What is read around the targets before they are checked, and only where a policy asks for it."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from azstaging.engine.keeping import Keep, kept_nowhere
from azstaging.engine.ports import Clock, ConsoleReader, MetricsReader, SurroundingsReader
from azstaging.errors import StagingError
from azstaging.model.console import ConsoleData, ConsoleSeen
from azstaging.model.decisions import Policy
from azstaging.model.ids import ResourceId, parse_id
from azstaging.model.inventory import InventoryItem, Phase
from azstaging.model.surroundings import Backup, Surroundings
from azstaging.model.usage import Usage
from azstaging.providers import metrics
from azstaging.providers.backup import backup_from
from azstaging.rules.baseline import Frozen, is_of
from azstaging.rules.serial_log import stuck_at
from azstaging.rules.usage import source_usage

BACKUP_ITEM = "backup-item"
PERFORMANCE = "performance"
CONSOLE = "console"
_THREADS = 8


def read_surroundings(
    azure: object,
    rows: Iterable[InventoryItem],
    policy: Policy,
    *,
    clock: Clock,
    frozen: Mapping[str, Frozen] | None = None,
    keep: Keep = kept_nowhere,
) -> dict[str, Surroundings]:
    """Read around the targets of items that are not released.

    Args:
        azure: where to read; what is no `SurroundingsReader` or `MetricsReader` reads nothing,
            and nothing is known.
        rows: the items.
        policy: only what its checks need is read.
        clock: ends the time whose metrics are read.
        frozen: baselines by casefolded item id; they tell how hard the sources worked.
        keep: keeps console pictures and serial logs.

    Returns:
        By casefolded item id. What could not be read is None in it, with the problem; it does
        not raise for that.
    """
    listed = {*policy.required, *policy.advisory}
    staged = [row for row in rows if row.phase is not Phase.RELEASED and row.target is not None]
    found: dict[str, Surroundings] = {}
    if BACKUP_ITEM in listed and isinstance(azure, SurroundingsReader):
        found = _backups_around(azure, staged)
    if PERFORMANCE in listed and isinstance(azure, MetricsReader):
        reader = partial(_usage_around, azure, clock(), frozen or {})
        with ThreadPoolExecutor(_THREADS) as threads:
            for row, (usage, problem, source) in zip(
                staged, threads.map(reader, staged), strict=True
            ):
                found[row.id.key] = replace(
                    found.get(row.id.key, Surroundings()),
                    usage=usage,
                    usage_problem=problem,
                    source_usage=source,
                )
    if CONSOLE in listed and isinstance(azure, ConsoleReader):
        look = partial(_console_around, azure)
        with ThreadPoolExecutor(_THREADS) as threads:
            for row, (data, problem) in zip(staged, threads.map(look, staged), strict=True):
                seen = None if data is None else _kept(data, keep)
                around = found.get(row.id.key, Surroundings())
                found[row.id.key] = replace(around, console=seen, console_problem=problem)
    return found


def _console_around(azure: ConsoleReader, row: InventoryItem) -> tuple[ConsoleData | None, str]:
    if row.target is None:
        return None, ""
    try:
        return azure.get_console(row.target.id), ""
    except StagingError as error:
        return None, f"its console could not be read: {_why(error)}"


def _kept(data: ConsoleData, keep: Keep) -> ConsoleSeen:
    pairs = (("console", data.picture), ("serial-log", data.log))
    artefacts = tuple(keep(name, content) for name, content in pairs if content)
    return ConsoleSeen(artefacts=artefacts, stuck=stuck_at(data.log))


def _usage_around(
    azure: MetricsReader, now: datetime, frozen: Mapping[str, Frozen], row: InventoryItem
) -> tuple[Usage | None, str, Usage | None]:
    """Return how hard the target worked, why that is not known, and how hard the source did."""
    facts = dict(row.source.facts) if row.source else {}
    known = frozen.get(row.id.key)
    if known is not None and is_of(known, row) and known.source is not None:
        facts |= known.source.facts
    source = source_usage(facts)
    if row.target is None:
        return None, "", source
    try:
        body = azure.get_metrics(
            row.target.id,
            metrics.NAMES,
            now - timedelta(hours=metrics.HOURS),
            now,
            interval_seconds=metrics.INTERVAL_SECONDS,
        )
    except StagingError as error:
        return None, f"its metrics could not be read: {_why(error)}", source
    return *metrics.usage_from(body, memory_mib=row.target.memory_mib), source


def _backups_around(
    azure: SurroundingsReader, rows: Iterable[InventoryItem]
) -> dict[str, Surroundings]:
    targets = {row.id.key: row.target.id for row in rows if row.target is not None}
    subscriptions = {target.subscription_id or "" for target in targets.values()}
    read = {each: _backups_of(azure, each) for each in sorted(subscriptions)}
    return {key: _of_target(target, read) for key, target in targets.items()}


_Read = tuple[dict[ResourceId, list[Backup]], str]
"""Backups by machine, and why they are not all."""


def _of_target(target: ResourceId, read: Mapping[str, _Read]) -> Surroundings:
    backups, problem = read[target.subscription_id or ""]
    found = tuple(backups.get(target, ()))
    if problem:
        # A backup that was found is one; that there is none is not known.
        return Surroundings(backups=found or None, backups_problem=problem)
    return Surroundings(backups=found)


def _backups_of(azure: SurroundingsReader, subscription_id: str) -> _Read:
    """Read every vault of a subscription; one that cannot be read leaves a problem, not a hole."""
    found: dict[ResourceId, list[Backup]] = {}
    problem = ""
    try:
        vaults = azure.list_vaults(subscription_id)
    except StagingError as error:
        return {}, f"the vaults could not be listed: {_why(error)}"
    for body in vaults:
        vault = parse_id(body.get("id"))
        if vault is None:
            problem = "a vault came without an id"
            continue
        try:
            items = azure.list_backup_items(vault)
        except StagingError as error:
            problem = f"the backup items of {vault.name} could not be read: {_why(error)}"
            continue
        for item in items:
            if (pair := backup_from(item, vault)) is not None:
                found.setdefault(pair[0], []).append(pair[1])
    return found, problem


def _why(error: StagingError) -> str:
    """Name the missing action where Azure named it; its message may be long."""
    return getattr(error, "permission", "") or type(error).__name__
