"""Files that tell of source machines: RVTools exports, CMDB tables, and what their columns mean."""

from collections.abc import Iterable
from pathlib import Path

from azstaging.config_fields import Table as Settings
from azstaging.config_fields import read_toml
from azstaging.errors import ConfigurationError
from azstaging.rules.quantities import UNITS
from azstaging.rules.source_import import COLUMNS, ColumnMap, Imported, Table, read_sources
from azstaging.sheets import read_sheet

_UNITS_OF = ("memory", "disk_size")


def import_sources(
    files: Iterable[Path], columns: Path | None = None, *, option: str = "--source"
) -> Imported:
    """Read tables of machines, disks and adapters; and of facts, for either side.

    Args:
        files: CSV or XLSX, each with a header.
        columns: a TOML file: ``name = "Host"``, ``memory_unit = "GiB"``, ``[facts]``; see
            docs/diff.md.
        option: what named the files, for messages.

    Raises:
        ConfigurationError: a file cannot be read, or the map names what there is not.
    """
    known = read_column_map(columns) if columns is not None else ColumnMap()
    tables = [
        Table(
            name=file.name,
            rows=[(row.number, row.cells) for row in read_sheet(file, option, needs=())],
        )
        for file in files
    ]
    return read_sources(tables, known)


def read_column_map(file: Path) -> ColumnMap:
    """Read a column map.

    Raises:
        ConfigurationError: it cannot be read, or has an unknown key or unit.
    """
    settings = Settings(read_toml(file), "")
    columns = {name: header for name in COLUMNS if (header := settings.text(name))}
    units = {name: unit for name in _UNITS_OF if (unit := settings.text(f"{name}_unit"))}
    for name, unit in units.items():
        if unit.casefold() not in UNITS:
            raise ConfigurationError(f"{file.name}: {name}_unit is {unit!r}; write MiB, GiB, ...")
    facts = settings.table("facts").all_texts()
    settings.finish()
    return ColumnMap(columns=columns, units=units, facts=facts)
