"""What reports of many machines cost: time, size and memory.

    python benchmarks/report.py [MACHINES]

MACHINES (20,000) x 40 filled columns, in processes of their own:

- xlsx: CPU of our workbook over that of XlsxWriter (constant_memory) writing the same cells;
- html: size of the engineer's page, and CPU over that of ``json.dumps`` of the rows it shows;
- memory: VmHWM of a process that reads report.json and writes every view in every format.

Medians of five rounds, the two sides in turn. Exits 1 when a target is missed. Linux only.
"""

import gc
import io
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import msgspec
import xlsxwriter

from azstaging import reports
from azstaging.model.decisions import Decisions
from azstaging.model.differences import Diff
from azstaging.model.findings import Findings
from azstaging.model.inventory import Inventory
from azstaging.model.report import Report
from azstaging.model.times import parse_time
from azstaging.model.waves import Wave
from azstaging.reports import document as doc
from azstaging.reports import html, xlsx
from azstaging.reports.sections import page
from azstaging.reports.table import Table
from azstaging.reports.wide import WIDE

ROUNDS = 5
AT = datetime(2026, 11, 24, 16, tzinfo=timezone.utc)
VAULT = (
    "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg-migrate/providers/"
    "Microsoft.RecoveryServices/vaults/vault-{}"
)


def machine(number: int, side: str) -> doc.Machine:
    """Return one side of one machine."""
    target = side == "target"
    return doc.Machine(
        id=f"{VAULT.format(0).partition('/providers')[0]}/providers/Microsoft.Compute/"
        f"virtualMachines/vm-{number:05d}"
        if target
        else f"{VAULT.format(0).partition('/providers')[0]}/providers/Microsoft.OffAzure/"
        f"vmwareSites/site-1/machines/10-20-{number:05d}",
        name=f"{'vm' if target else 'srv'}-{number:05d}",
        size=f"Standard_D{2 << number % 4}s_v5" if target else "",
        cores=2 << number % 4,
        memory_mib=8192 << number % 3,
        os=("Windows Server 2022", "Ubuntu 22.04", "RHEL 8.9")[number % 3],
        firmware="uefi" if number % 2 else "bios",
        power="running" if target else "off",
        place=f"westeurope, zone {number % 3 + 1}" if target else f"esx-{number % 40:02d}",
        resource_group=f"rg-app-{number % 200:03d}" if target else "",
        addresses=[f"10.{20 if target else 10}.{number >> 8 & 255}.{number & 255}"],
        disks=[
            doc.Disk(name=f"disk-{n}", size_bytes=64 << 30, kind="Premium_LRS", is_os=n == 0)
            for n in range(2)
        ],
        provisioning_state="Succeeded" if target else "",
        agent="ready" if target else "",
        licence_type="Windows_Server" if target else "",
        vm_id=f"00000000-0000-4000-8000-{number:012d}" if target else "",
        tags={"owner": f"team-{number % 50}"} if target else {},
        extensions={},
        identity="identity SystemAssigned" if target else "",
        backup="backup VMSnapshot Succeeded" if target else "",
        monitoring="no monitoring extension" if target else "",
        patching="patching not told" if target else "",
    )


def item(number: int) -> doc.Item:
    """Return one item; what it does not tell leaves 40 or more columns filled."""
    vault = VAULT.format(number % 4)
    held = number % 5 == 0
    return doc.Item(
        id=f"{vault}/replicationFabrics/fabric/replicationProtectionContainers/container/"
        f"replicationMigrationItems/00000000-0000-4000-8000-{number:012d}",
        name=f"srv-{number:05d}",
        provider="VMwareCbt" if number % 3 else "InMageRcm",
        phase="staged",
        phase_evidence=["the migration succeeded"],
        workloads=[f"workload-{number // 8:04d}"],
        gate="held" if held else "ready",
        first_reason=f"target-running: vm-{number:05d} is deallocated" if held else "",
        health="Normal",
        lag_seconds=number % 900,
        vault_id=vault,
        generation=f"{number:032x}",
        raw={},
        allowed_operations=["DisableMigration"],
        running_job="",
        health_errors=[],
        source=machine(number, "source"),
        source_note="",
        target=machine(number, "target"),
        target_note="",
        test_machines=[],
        locks=[],
        checks_passed=11 if held else 12,
        checks_total=12,
        checks_worst="failed" if held else "passed",
        evidence_at="2026-11-24T15:00:00Z",
        same=30,
        expected=6,
        act=number % 3,
        suspicious=0,
        unknown=1,
        phase_since=f"2026-11-{number % 20 + 1:02d}T10:00:00Z",
    )


def make(machines: int, path: Path) -> None:
    """Write report.json of so many machines."""
    empty = Report(
        made_at=AT,
        tool_version="0",
        wave=Wave(name="benchmark"),
        inventory=Inventory(read_at=AT, items=(), gaps=(), wave="benchmark", expected=machines),
        findings=Findings(at=AT, run="r", findings=()),
        diff=Diff(at=AT, rows_=()),
        decisions=Decisions(at=AT, decisions=()),
    )
    whole = reports.make_document(empty)
    items = [item(number) for number in range(machines)]
    path.write_bytes(reports.seal(msgspec.structs.replace(whole, items=items)).data)


def floor(tables: list[Table]) -> bytes:
    """Write the same cells with XlsxWriter and nothing else."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"constant_memory": True, "remove_timezone": True})
    style = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    for table in tables:
        sheet = book.add_worksheet(table.name)
        for index, column in enumerate(table.columns):
            sheet.write_string(0, index, column.label)
        for place, row in enumerate(table.rows, start=1):
            for index, (value, column) in enumerate(zip(row, table.columns, strict=True)):
                if value is None or value == "":
                    continue
                if isinstance(value, int):
                    sheet.write_number(place, index, value)
                elif column.kind == "time":
                    sheet.write_datetime(place, index, parse_time(value), style)
                else:
                    sheet.write_string(place, index, value)
    book.close()
    return out.getvalue()


def in_turn(ours: Callable[[], Any], theirs: Callable[[], Any]) -> tuple[float, float]:
    """CPU seconds of both, medians, taken in turn."""
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for side, work in zip(taken, (ours, theirs), strict=True):
            gc.collect()
            start = time.process_time()
            work()
            side.append(time.process_time() - start)
    return statistics.median(taken[0]), statistics.median(taken[1])


def measure_xlsx(path: Path) -> dict[str, float]:
    made = reports.unseal(path.read_bytes())
    tables = [table(made.document) for table in WIDE]
    ours, theirs = in_turn(lambda: xlsx.render(made, reports.VIEWS[0]), lambda: floor(tables))
    cells = sum(value not in {None, ""} for t in tables for row in t.rows for value in row)
    return {"ours": ours, "theirs": theirs, "cells": cells}


def measure_html(path: Path) -> dict[str, float]:
    made = reports.unseal(path.read_bytes())
    view = reports.find_view("engineer")
    shown = [p for s in page(made.document, view).sections for p in s.parts if isinstance(p, Table)]
    rows = [[c.label for c in t.columns] + list(t.rows) for t in shown]
    ours, theirs = in_turn(lambda: html.render(made, view), lambda: json.dumps(rows))
    size = len(html.render(made, view)["engineer.html"])
    return {"ours": ours, "theirs": theirs, "size": size}


def measure_memory(path: Path) -> dict[str, float]:
    made = reports.unseal(path.read_bytes())
    start, size = time.process_time(), 0
    for _, data in reports.render_each(made, formats=reports.FORMAT_NAMES):
        size += len(data)
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    status = dict(line.split(":", 1) for line in lines)
    return {
        "peak": int(status["VmHWM"].split()[0]) / 1024,
        "seconds": time.process_time() - start,
        "size": size,
    }


CASES = {"xlsx": measure_xlsx, "html": measure_html, "memory": measure_memory}


def child(case: str, path: Path) -> dict[str, float]:
    """Measure one case in a process of its own."""
    command = [sys.executable, __file__, "--child", case, str(path)]
    found: dict[str, float] = json.loads(subprocess.check_output(command))
    return found


def main(machines: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.json"
        subprocess.run([sys.executable, __file__, "--make", str(machines), str(path)], check=True)
        book, web, memory = (child(case, path) for case in CASES)
    over, dumps = book["ours"] / book["theirs"], web["ours"] / web["theirs"]
    size = web["size"] / 1e6
    print(f"{machines:,} machines, Python {platform.python_version()}, {platform.machine()}")
    rows = [
        ("XLSX", f"{book['ours']:.2f} s, {book['cells']:,.0f} cells", over, 1.3, "x XlsxWriter"),
        ("HTML", f"{web['ours']:.2f} s", dumps, 5, "x json.dumps"),
        ("HTML", "the engineer's page", size, 15, "MB"),
        (
            "all",
            f"{memory['seconds']:.1f} s, {memory['size'] / 1e6:.0f} MB",
            memory["peak"],
            300,
            "MiB",
        ),
    ]
    for name, told, value, most, unit in rows:
        mark = "ok  " if value <= most else "MISS"
        print(f"{mark}  {name:5} {value:7.2f} {unit:13} (at most {most:g})  {told}")
    return int(any(value > most for _, _, value, most, _ in rows))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--make"]:
        make(int(sys.argv[2]), Path(sys.argv[3]))
    elif sys.argv[1:2] == ["--child"]:
        print(json.dumps(CASES[sys.argv[2]](Path(sys.argv[3]))))
    else:
        sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000))
