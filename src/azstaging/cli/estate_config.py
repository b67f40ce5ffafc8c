"""An azstaging.toml for an emulated estate: what a user would write for a real one."""

import json
from datetime import datetime, timedelta
from pathlib import Path

from azstaging.config import FILE_NAME
from azstaging.emulator.addresses import Addresses
from azstaging.emulator.estate import Estate
from azstaging.errors import ConfigurationError
from azstaging.files import write_whole
from azstaging.model.times import format_time

_OURS = "# Made for an emulated estate."


def write_config(file: Path, estate: Estate, *, arm_endpoint: str, now: datetime) -> Path:
    """Write a configuration that fits the estate, and beside it the list of expected items.

    A list of ids accounts for each item by itself: what lies in an unreadable vault is then
    covered by that vault's gap. A bare count would close every gate.
    """
    expected, journal = _beside(file)
    _leave_alone(file, expected)
    addresses = Addresses(estate)
    rows = ["id", *(addresses.item(machine) for machine in estate.machines), *estate.copied_items]
    write_whole(expected, ("\n".join(rows) + "\n").encode(), what="expected list")
    text = estate_toml(
        estate, arm_endpoint=arm_endpoint, now=now, expected=expected.name, journal=journal
    )
    return write_whole(file, text.encode(), what="configuration")


def _beside(file: Path) -> tuple[Path, str]:
    """Return list and estate folder of a configuration: its own, where there may be a real one.

    Evidence of a copy names the same items as the real estate's; it must never count there.
    """
    if file.name == FILE_NAME:
        return file.parent / "expected.csv", "estate"
    return file.parent / f"{file.stem}-expected.csv", f"{file.stem}-estate"


def _leave_alone(file: Path, expected: Path) -> None:
    """Refuse to replace what somebody else wrote."""
    ours = file.exists() and file.read_text("utf-8", errors="replace").startswith(_OURS)
    if file.exists() and not ours:
        raise ConfigurationError(
            f"{file} is there already and was not made for an emulated estate; it was left alone.",
            advice="Name another file.",
        )
    if expected.exists() and not ours:
        raise ConfigurationError(
            f"{expected} is there already, and no configuration that was made for an emulated "
            "estate is beside it; it was left alone.",
            advice="Name another file, or one in a folder of its own.",
        )


# Hyper-V and classic agent items do not name their source machine, so nobody can read whether it
# is off: a person looks, and says so in a waiver.
_LOOKED_AT_BY_HAND = (
    "Billing",
    "Directory",
    "Intranet",
    "Invoicing",
    "Laboratory",
    "Mail",
    "Monitoring",
    "Ticketing",
)


def estate_toml(
    estate: Estate,
    *,
    arm_endpoint: str,
    now: datetime,
    expected: str = "expected.csv",
    journal: str = "estate",
) -> str:
    """Return a configuration that fits the estate; JSON strings are valid TOML strings."""
    addresses = Addresses(estate)
    machines = {machine.key: machine for machine in estate.machines}
    lines = [
        f"{_OURS} No secrets belong in here.",
        "[cloud]",
        f"arm_endpoint = {json.dumps(arm_endpoint)}",
        f"boards_url = {json.dumps(arm_endpoint)}",
        "vault_reads_per_second = 200   # an emulated vault needs no sparing",
        "",
        "[wave]",
        f"name = {json.dumps(estate.name)}",
        f"expected = {json.dumps(expected)}",
        "",
        "[boards]",
        f"organization = {json.dumps(estate.boards.organization)}",
        f"project = {json.dumps(estate.boards.project)}",
        "",
        "[journal]",
        f"url = {json.dumps(journal)}",
    ]
    names = {workload.name for workload in estate.workloads}
    for name in (name for name in _LOOKED_AT_BY_HAND if name in names):
        lines += ["", *_waiver_lines(name, now)]
    for workload in estate.workloads:
        ids = [
            addresses.item(machines[key]) if key in machines else key for key in workload.machines
        ]
        lines += [
            "",
            "[[workload]]",
            f"name = {json.dumps(workload.name)}",
            f"owner = {json.dumps(workload.owner)}",
            f"criticality = {json.dumps(workload.criticality)}",
            "items = [",
            *(f"  {json.dumps(item_id)}," for item_id in ids),
            "]",
        ]
    return "\n".join(lines) + "\n"


def _waiver_lines(workload: str, now: datetime) -> list[str]:
    return [
        "[[waiver]]",
        'check = "source-off"',
        f"workload = {json.dumps(workload)}",
        'reason = "Seen powered off in the hypervisor\'s console."',
        'category = "mitigated-elsewhere"',
        'approver = "operations lead"',
        'ticket = "CHG-4471"',
        f"created = {format_time(now - timedelta(hours=1))}",
        f"expires = {format_time(now + timedelta(days=14))}",
    ]
