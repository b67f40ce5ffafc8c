"""Source machines out of the tables that people have of them: RVTools, a CMDB. Pure.

Three kinds of tables are told apart by their columns: machines (cores or memory); disks (a size);
adapters (a MAC address). What cannot be read is a problem that is named, never a
guess: a number without unit, two rows of one machine, a name that several items have.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

from azstaging.model.ids import ResourceId
from azstaging.model.inventory import InventoryItem
from azstaging.model.machines import SourceDisk, SourceMachine, SourceNic
from azstaging.rules.diff_names import generation, os_family, product_of
from azstaging.rules.diff_rules import facts
from azstaging.rules.quantities import Quantity, quantity_of, unit_in
from azstaging.rules.usage import FACTS as USAGE_FACTS

_MIB = 1024**2
# Headers as RVTools writes them (its vInfo, vDisk and vNetwork tabs, unverified beyond published
# exports), then plain words. The first that a table has counts.
_HEADERS: Mapping[str, tuple[str, ...]] = {
    "name": ("vm", "name", "machine name", "machine", "server name", "display name"),
    "cores": ("cpus", "cores", "vcpus", "vcpu", "cpu count", "cpu"),
    "memory": ("memory", "memory mib", "memory mb", "memory gib", "memory gb", "ram"),
    "os_name": (
        "os according to the vmware tools",
        "os according to the configuration file",
        "operating system",
        "os",
    ),
    "firmware": ("firmware", "boot type"),
    "power": ("powerstate", "power state"),
    "host_name": ("dns name", "fqdn", "host name", "hostname"),
    "bios_id": ("smbios uuid", "bios uuid"),
    "addresses": ("ipv4 address", "primary ip address", "ip address", "ip addresses"),
    "disk_size": ("capacity mib", "capacity mb", "capacity gib", "capacity gb", "disk size"),
    "disk_name": ("disk", "disk name", "disk label"),
    "disk_id": ("disk uuid", "disk id"),
    "disk_controller": ("controller",),
    "disk_lun": ("unit #", "lun"),
    "mac": ("mac address", "mac"),
    "network": ("network", "port group"),
}
COLUMNS = tuple(_HEADERS)
_POWER = {"poweredon": "on", "on": "on", "running": "on", "poweredoff": "off", "off": "off"}
_FIRMWARE = {"V1": "bios", "V2": "uefi"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMap:
    """What a table calls the columns; what is not named here is looked for by its usual names.

    Attributes:
        columns: our name (one of ``COLUMNS``) -> header.
        units: ``memory`` or ``disk_size`` -> unit of numbers that carry none.
        facts: fact (`diff_facts.toml`) -> header.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table: its name for messages, and its rows as (number, cells by casefolded header)."""

    name: str
    rows: Sequence[tuple[int, Mapping[str, str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What tables tell.

    Attributes:
        machines: in the order of the tables; ids are names until they are matched.
        problems: one sentence each: what was not read, and where.
    """

    machines: tuple[SourceMachine, ...]
    problems: tuple[str, ...] = ()


class _Reader:
    """One table being read."""

    def __init__(self, table: Table, known: ColumnMap, problems: list[str]) -> None:
        self._table, self._map, self._problems = table, known, problems
        headers = {header for _, cells in table.rows for header in cells}
        self._is_rvtools = {"vm", "powerstate"} <= headers
        self.columns = {
            ours: header
            for ours, usual in _HEADERS.items()
            if (header := self._header(ours, usual, headers))
        }
        self._facts = {
            fact: header
            for fact in {*facts(), *USAGE_FACTS, *known.facts}
            for header in (known.facts.get(fact, "").casefold(), fact, fact.replace("_", " "))
            if header in headers
        }

    def _header(self, ours: str, usual: Iterable[str], headers: set[str]) -> str:
        named = self._map.columns.get(ours, "").casefold()
        if named:
            if named not in headers:
                self._problems.append(f"{self._table.name} has no column {named}, mapped to {ours}")
            return named if named in headers else ""
        return next((header for header in usual if header in headers), "")

    def text(self, cells: Mapping[str, str], ours: str) -> str:
        header = self.columns.get(ours)
        return cells.get(header, "").strip() if header is not None else ""

    def number(self, cells: Mapping[str, str], ours: str, at: int) -> int | None:
        text = self.text(cells, ours)
        if not text:
            return None
        if not text.isascii() or not text.isdigit():
            self._problem(at, ours, f"{text!r:.40} is no whole number")
            return None
        return int(text)

    def size_bytes(self, cells: Mapping[str, str], ours: str, at: int) -> int | None:
        text = self.text(cells, ours)
        if not text:
            return None
        unit = self._map.units.get(ours, "") or unit_in(self.columns[ours])
        if not unit and self._is_rvtools:
            unit = "MiB"
        found: Quantity = quantity_of(text, unit)
        if found.size_bytes is None:
            self._problem(at, ours, found.problem)
        return found.size_bytes

    def facts(self, cells: Mapping[str, str]) -> dict[str, str]:
        told = {fact: cells.get(header, "").strip() for fact, header in self._facts.items()}
        return {fact: value for fact, value in sorted(told.items()) if value}

    def _problem(self, at: int, ours: str, what: str) -> None:
        self._problems.append(f"{self._table.name}, row {at}, {self.columns[ours]}: {what}")


def read_sources(tables: Iterable[Table], known: ColumnMap) -> Imported:
    """Read tables of machines, disks and adapters; disks and adapters join by machine name."""
    problems: list[str] = []
    machines: dict[str, list[SourceMachine]] = {}
    disks: dict[str, list[SourceDisk]] = {}
    nics: dict[str, list[SourceNic]] = {}
    for table in tables:
        reader = _Reader(table, known, problems)
        if "name" not in reader.columns:
            problems.append(f"{table.name} has no column that names the machine")
            continue
        for at, cells in table.rows:
            key = reader.text(cells, "name").casefold()
            if not key:
                problems.append(f"{table.name}, row {at}: no machine is named")
            elif {"cores", "memory"} & reader.columns.keys():
                machines.setdefault(key, []).append(_machine(reader, cells, at))
            elif "disk_size" in reader.columns:
                disks.setdefault(key, []).append(_disk(reader, cells, at))
            elif "mac" in reader.columns:
                nics.setdefault(key, []).append(_nic(reader, cells))
            else:
                machines.setdefault(key, []).append(_machine(reader, cells, at))
    for key in {*disks, *nics} - set(machines):
        machines[key] = [SourceMachine(id=_place(key), name=key)]
    found = [
        replace(each, disks=tuple(disks.get(key, ())), nics=tuple(nics.get(key, ())) or each.nics)
        for key, told in machines.items()
        for each in told
    ]
    return Imported(machines=tuple(found), problems=tuple(problems))


def _place(name: str) -> ResourceId:
    return ResourceId(f"/imports/{name.replace('/', '_')}")


def _machine(reader: _Reader, cells: Mapping[str, str], at: int) -> SourceMachine:
    name, os_name = reader.text(cells, "name"), reader.text(cells, "os_name")
    memory = reader.size_bytes(cells, "memory", at)
    addresses = _many(reader.text(cells, "addresses"))
    return SourceMachine(
        id=_place(name),
        name=name,
        cores=reader.number(cells, "cores", at),
        memory_mib=None if memory is None else memory // _MIB,
        os_family=_family(os_name),
        os_name=os_name,
        firmware=_FIRMWARE.get(generation(reader.text(cells, "firmware")), ""),
        power=_POWER.get(reader.text(cells, "power").casefold(), ""),
        host_name=reader.text(cells, "host_name"),
        bios_id=reader.text(cells, "bios_id"),
        nics=(SourceNic(id="", addresses=addresses),) if addresses else (),
        facts=reader.facts(cells),
    )


def _family(os_name: str) -> str:
    product = product_of(os_name)
    if product is None:
        return os_family(os_name) if "linux" in os_name.casefold() else ""
    return "windows" if product.name.startswith("windows") else "linux"


def _disk(reader: _Reader, cells: Mapping[str, str], at: int) -> SourceDisk:
    return SourceDisk(
        id=reader.text(cells, "disk_id"),
        name=reader.text(cells, "disk_name"),
        size_bytes=reader.size_bytes(cells, "disk_size", at),
        lun=reader.number(cells, "disk_lun", at),
        controller=reader.text(cells, "disk_controller"),
    )


def _nic(reader: _Reader, cells: Mapping[str, str]) -> SourceNic:
    return SourceNic(
        id="",
        mac_address=reader.text(cells, "mac"),
        addresses=_many(reader.text(cells, "addresses")),
        network=reader.text(cells, "network"),
    )


def _many(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.replace(";", ",").split(",") if part.strip())


def match_sources(
    rows: Iterable[InventoryItem], imported: Imported
) -> tuple[dict[ResourceId, SourceMachine], tuple[str, ...]]:
    """Find the imported machine of each item: by BIOS id, else by a name that is unique.

    Returns:
        Item -> what the import tells of it; and one sentence for each that was not matched.
    """
    by_bios, by_name = _index(imported.machines, "bios_id"), _index(imported.machines, "name")
    rows = list(rows)
    named = _names(rows)
    found: dict[ResourceId, SourceMachine] = {}
    notes: list[str] = []
    for row in rows:
        bios = row.source.bios_id.casefold() if row.source else ""
        candidates = by_bios.get(bios, []) if bios else []
        if len(candidates) != 1:
            candidates = by_name.get(row.name.casefold(), [])
            if candidates and named[row.name.casefold()] > 1:
                notes.append(
                    f"{row.name}: several items have this name, and no BIOS id tells which"
                )
                continue
        if len(candidates) == 1:
            found[row.id] = candidates[0]
        elif candidates:
            notes.append(f"{row.name}: the import tells it {len(candidates)} times")
        else:
            notes.append(f"{row.name}: the import does not tell it")
    used = {id(machine) for machine in found.values()}
    unused = [each.name for each in imported.machines if id(each) not in used]
    notes += [f"{name}: no item of the inventory is this machine" for name in unused]
    return found, tuple(notes)


def _index(machines: Iterable[SourceMachine], by: str) -> dict[str, list[SourceMachine]]:
    found: dict[str, list[SourceMachine]] = {}
    for machine in machines:
        key = str(getattr(machine, by)).casefold()
        if key:
            found.setdefault(key, []).append(machine)
    return found


def _names(rows: Iterable[InventoryItem]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.name.casefold()] = counts.get(row.name.casefold(), 0) + 1
    return counts


_KEPT = frozenset({"id", "name", "is_deleted", "updated_at", "body", "facts"})


def filled(
    source: SourceMachine | None, imported: SourceMachine, item: InventoryItem
) -> SourceMachine:
    """Return a source with what only the import tells; what discovery tells stands.

    Args:
        source: what discovery or an earlier baseline tells, or None.
        imported: what the import tells.
        item: whose source it is.
    """
    if source is None:
        return replace(imported, id=item.item.source_id or imported.id)
    told = {
        each.name: getattr(imported, each.name)
        for each in fields(SourceMachine)
        if each.name not in _KEPT
        and getattr(source, each.name) in (None, "", ())
        and getattr(imported, each.name) not in (None, "", ())
    }
    return replace(source, facts={**imported.facts, **source.facts}, **told)


def conflicts(source: SourceMachine | None, imported: SourceMachine) -> tuple[str, ...]:
    """Say which numbers discovery and the import tell otherwise; those of discovery stand."""
    if source is None:
        return ()
    return tuple(
        f"{source.name}: {name}: discovery tells {ours}, the import {theirs}"
        for name in ("cores", "memory_mib", "firmware")
        if (ours := getattr(source, name)) not in (None, "")
        and (theirs := getattr(imported, name)) not in (None, "")
        and ours != theirs
    )
