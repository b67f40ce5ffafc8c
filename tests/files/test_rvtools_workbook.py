"""A workbook as RVTools writes it: the tabs that tell of machines are read, the others are not."""

from pathlib import Path

import openpyxl
import pytest

from azstaging.errors import ConfigurationError
from azstaging.source_files import import_sources

INFO = [
    ["VM", "Powerstate", "CPUs", "Memory", "OS according to the VMware Tools", "Firmware"],
    ["WIKI-02", "poweredOff", 2, 8192, "Ubuntu Linux (64-bit)", "efi"],
]
CPU = [["VM", "Powerstate", "CPUs", "Sockets"], ["WIKI-02", "poweredOff", 2, 1]]
DISK = [
    ["VM", "Powerstate", "Disk", "Capacity MiB", "Unit #"],
    ["WIKI-02", "poweredOff", "Hard disk 1", 65536, 0],
    ["WIKI-02", "poweredOff", "Hard disk 2", "many", 1],
]
NETWORK = [
    ["VM", "Powerstate", "NIC label", "Network", "Mac Address", "IPv4 Address"],
    ["WIKI-02", "poweredOff", "Network adapter 1", "VM Network", "00:50:56:02:75:01", "10.10.0.24"],
]


def workbook(folder: Path, **tabs: list[list[object]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in tabs.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    file = folder / "RVTools_export_all.xlsx"
    book.save(file)
    return file


def test_machines_disks_and_adapters_come_from_their_tabs(tmp_path):
    file = workbook(tmp_path, vInfo=INFO, vCPU=CPU, vDisk=DISK, vNetwork=NETWORK)
    told = import_sources([file])
    (machine,) = told.machines
    assert (machine.name, machine.cores, machine.memory_mib) == ("WIKI-02", 2, 8192)
    assert next((disk.name, disk.size_bytes) for disk in machine.disks) == (
        "Hard disk 1",
        64 * 1024**3,
    )
    assert [nic.mac_address for nic in machine.nics] == ["00:50:56:02:75:01"]
    (problem,) = told.problems
    assert problem.startswith("RVTools_export_all.xlsx, vDisk, row 3, capacity mib: ")


def test_tabs_are_known_in_any_place_and_case_and_one_may_be_missing(tmp_path):
    told = import_sources([workbook(tmp_path, vCPU=CPU, VDISK=DISK[:2], vinfo=INFO)])
    (machine,) = told.machines
    assert len(machine.disks) == 1
    assert told.problems == ()


def test_another_workbook_has_its_first_sheet_read(tmp_path):
    told = import_sources([workbook(tmp_path, Servers=INFO, Notes=DISK)])
    (machine,) = told.machines
    assert machine.disks == ()


def test_a_workbook_without_a_sheet_is_refused(tmp_path):
    file = tmp_path / "empty.xlsx"
    file.write_bytes(b"PK\x03\x04 no archive")
    with pytest.raises(ConfigurationError, match="no readable XLSX file"):
        import_sources([file])
