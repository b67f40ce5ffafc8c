"""An azstaging.toml for an emulated estate: what a user would write for a real one."""

import json
from datetime import datetime, timedelta
from pathlib import Path

from azstaging.emulator.addresses import Addresses
from azstaging.emulator.estate import Estate
from azstaging.errors import ConfigurationError
from azstaging.files import write_whole
from azstaging.model.times import format_time

EXPECTED_FILE = "expected.csv"
_OURS = "# Made for an emulated estate."


def write_config(file: Path, estate: Estate, *, arm_endpoint: str, now: datetime) -> Path:
    """Write a configuration that fits the estate, and beside it the list of expected items.

    A list of ids accounts for each item by itself: what lies in an unreadable vault is then
    covered by that vault's gap. A bare count would close every gate.
    """
    if file.exists() and not file.read_text("utf-8", errors="replace").startswith(_OURS):
        raise ConfigurationError(
            f"{file} is there already and was not made for an emulated estate; it was left alone.",
            advice="Name another file.",
        )
    addresses = Addresses(estate)
    rows = ["id", *(addresses.item(machine) for machine in estate.machines), *estate.copied_items]
    write_whole(
        file.parent / EXPECTED_FILE, ("\n".join(rows) + "\n").encode(), what="expected list"
    )
    text = estate_toml(estate, arm_endpoint=arm_endpoint, now=now)
    return write_whole(file, text.encode(), what="configuration")


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


def estate_toml(estate: Estate, *, arm_endpoint: str, now: datetime) -> str:
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
        f"expected = {json.dumps(EXPECTED_FILE)}",
        "",
        "[boards]",
        f"organization = {json.dumps(estate.boards.organization)}",
        f"project = {json.dumps(estate.boards.project)}",
        "",
        "[journal]",
        'url = "estate"',
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
