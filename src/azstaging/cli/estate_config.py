"""An azstaging.toml for an emulated estate: what a user would write for a real one."""

import json
from pathlib import Path

from azstaging.emulator.addresses import Addresses
from azstaging.emulator.estate import Estate
from azstaging.files import write_whole

EXPECTED_FILE = "expected.csv"


def write_config(file: Path, estate: Estate, *, arm_endpoint: str) -> Path:
    """Write a configuration that fits the estate, and beside it the list of expected items.

    A list of ids accounts for each item by itself: what lies in an unreadable vault is then
    covered by that vault's gap. A bare count would close every gate.
    """
    addresses = Addresses(estate)
    rows = ["id", *(addresses.item(machine) for machine in estate.machines)]
    write_whole(
        file.parent / EXPECTED_FILE, ("\n".join(rows) + "\n").encode(), what="expected list"
    )
    text = estate_toml(estate, arm_endpoint=arm_endpoint)
    return write_whole(file, text.encode(), what="configuration")


def estate_toml(estate: Estate, *, arm_endpoint: str) -> str:
    """Return a configuration that fits the estate; JSON strings are valid TOML strings."""
    addresses = Addresses(estate)
    machines = {machine.key: machine for machine in estate.machines}
    lines = [
        "# Made for an emulated estate. No secrets belong in here.",
        "[cloud]",
        f"arm_endpoint = {json.dumps(arm_endpoint)}",
        f"boards_url = {json.dumps(arm_endpoint)}",
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
    for workload in estate.workloads:
        ids = [addresses.item(machines[key]) for key in workload.machines]
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
