"""Files that tell of source machines: RVTools exports, CMDB tables, and what their columns mean."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from azstaging.config_fields import Table as Settings
from azstaging.config_fields import read_toml
from azstaging.errors import ConfigurationError
from azstaging.rules.quantities import UNITS
from azstaging.rules.source_import import COLUMNS, ColumnMap, Imported, Table, read_sources
from azstaging.sheets import read_sheet, tabs_of

_UNITS_OF = ("memory", "disk_size")
# The other tabs tell the same again, or of hosts.
_RVTOOLS = ("vinfo", "vdisk", "vnetwork")


def import_sources(
    files: Iterable[Path], columns: Path | None = None, *, option: str = "--source"
) -> Imported:
    """Read tables of machines, disks and adapters; and of facts, for either side.

    Args:
        files: CSV or XLSX, each with a header; of a workbook the first sheet, of one that RVTools
            wrote the tabs vInfo, vDisk and vNetwork.
        columns: a TOML file: ``name = "Host"``, ``memory_unit = "GiB"``, ``[facts]``; see
            docs/diff.md.
        option: what named the files, for messages.

    Raises:
        ConfigurationError: a file cannot be read, or the map names what there is not.
    """
    known = read_column_map(columns) if columns is not None else ColumnMap()
    tables = [table for file in files for table in _tables(file, option)]
    return read_sources(tables, known)


def _tables(file: Path, option: str) -> Iterator[Table]:
    """Yield a file's only or first table; of a workbook of RVTools, those of machines."""
    tabs = {tab.casefold(): tab for tab in tabs_of(file, option)}
    if _RVTOOLS[0] not in tabs:
        yield _table(file, option, file.name)
        return
    for key in _RVTOOLS:
        if key in tabs:
            yield _table(file, option, f"{file.name}, {tabs[key]}", tab=tabs[key])


def _table(file: Path, option: str, name: str, *, tab: str | None = None) -> Table:
    rows = read_sheet(file, option, needs=(), tab=tab)
    return Table(name=name, rows=[(row.number, row.cells) for row in rows])


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
