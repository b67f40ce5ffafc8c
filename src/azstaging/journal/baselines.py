"""Baseline files of the estate folder: written whole, read back only as the journal recorded."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from azstaging.errors import ConfigurationError, JournalError, PlanRefusedError
from azstaging.files import read_bytes, write_all
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import InventoryItem
from azstaging.model.machines import SourceMachine
from azstaging.model.plans import Plan, PlanItem
from azstaging.model.records import NewRecord
from azstaging.rules.baseline import Frozen, freeze, read_frozen
from azstaging.rules.records import Baseline


def write_baselines(
    folder: Path,
    rows: Iterable[InventoryItem],
    earlier: Mapping[str, Frozen],
    imported: Mapping[ResourceId, SourceMachine],
) -> tuple[tuple[Path, ...], tuple[NewRecord, ...]]:
    """Write one file per row; all are on disk before the first takes its place.

    Returns:
        Paths and records, in the order of the rows.

    Raises:
        ConfigurationError: one cannot be written; none is half-written.
    """
    made = [freeze(row, earlier.get(row.id.key), imported.get(row.id)) for row in rows]
    write_all(folder, {name: data for name, data, _ in made}, what="baseline")
    return tuple(folder / name for name, _, _ in made), tuple(record for *_, record in made)


def read_baselines(folder: Path, recorded: Iterable[Baseline]) -> dict[str, Frozen]:
    """Read the files of some recorded baselines, by casefolded item id.

    Raises:
        JournalError: a file is missing, or is not what the journal recorded.
    """
    ids = ((ResourceId(each.item_id), each) for each in recorded)
    return {item_id.key: _read(folder, each, item_id.name) for item_id, each in ids}


def require_baselines(folder: Path, recorded: Mapping[str, Baseline], plan: Plan) -> None:
    """Refuse a plan unless every item has a baseline of its generation that can be trusted.

    Raises:
        PlanRefusedError: one has none, or its file is not what the journal recorded.
    """
    mine = [(item.name, _baseline_of(item, recorded)) for item in plan.items]
    try:
        for name, each in mine:  # one at a time: a wave's hundred MiB of them are only looked at
            _read(folder, each, name)
    except JournalError as error:
        raise PlanRefusedError(
            f"{error} Nothing was sent.", code="no-baseline", advice=error.advice()
        ) from error


def _baseline_of(item: PlanItem, recorded: Mapping[str, Baseline]) -> Baseline:
    found = recorded.get(ResourceId(item.id).key)
    if found is None or found.generation != item.generation:
        raise PlanRefusedError(
            f"No baseline of {item.name} in {ResourceId(item.vault_id).name} is frozen. After "
            "replication has stopped nothing else tells what its source was. Nothing was sent.",
            code="no-baseline",
            advice="Run azstaging baseline, check, and make a new plan.",
        )
    return found


def _read(folder: Path, recorded: Baseline, name: str) -> Frozen:
    file = folder / recorded.file
    try:
        return read_frozen(read_bytes(file, what="baseline"), recorded)
    except (ConfigurationError, ValueError, KeyError, TypeError) as error:
        unread = isinstance(error, ConfigurationError)  # which names the file itself
        raise JournalError(
            f"The baseline of {name} cannot be trusted. "
            + (str(error) if unread else f"{file}: {error}."),
            seq=recorded.seq,
            advice="Put the file back from a copy of the estate folder; "
            "azstaging baseline --again freezes what is left to read.",
        ) from error
