"""The command line against recorded Azure: one variable is all it needs."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from azstaging.model.inventory import Inventory

pytestmark = pytest.mark.corpus

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def azstaging(replay: Any, tmp_path: Path) -> Run:
    """Run the command in an empty folder, with the endpoint as its only configuration."""
    kept = {"PATH", "HOME", "SYSTEMROOT", "PYTHONPATH", "VIRTUAL_ENV"}
    environment = {name: value for name, value in os.environ.items() if name in kept}

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        program = "import sys; from azstaging.cli import main; sys.exit(main())"
        return subprocess.run(
            [sys.executable, "-c", program, *arguments],
            cwd=tmp_path,
            env=environment | {"AZSTAGING_ARM_ENDPOINT": replay.url},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


def test_the_inventory_is_printed_whole_and_exits_3_for_its_gaps(
    azstaging: Run, inventory: Inventory
) -> None:
    done = azstaging("inventory", "-o", "json")
    assert done.returncode == 3, done.stderr
    document = json.loads(done.stdout)
    assert document["schema"] == "azstaging/inventory/1"
    assert document["complete"] is False
    assert [each["id"] for each in document["items"]] == [str(row.id) for row in inventory]
    assert [each["raw"] for each in document["items"]] == [row.item.raw for row in inventory]
    assert {each["scope"] for each in document["gaps"]} == {str(g.scope) for g in inventory.gaps}


@pytest.mark.parametrize("output", ["table", "jsonl", "tsv"])
def test_other_formats_show_every_item(azstaging: Run, inventory: Inventory, output: str) -> None:
    done = azstaging("inventory", "-o", output)
    assert done.returncode == 3, done.stderr
    headings = 0 if output == "jsonl" else 1
    assert len(done.stdout.splitlines()) == inventory.read + headings
    assert f"{inventory.read} items read" in done.stderr


def test_a_query_and_a_filter_narrow_it(azstaging: Run) -> None:
    done = azstaging("inventory", "--item", "win2k*", "-o", "json", "--query", "items[].name")
    assert done.returncode == 3, done.stderr
    assert sorted(json.loads(done.stdout)) == ["Win2k16", "win2k10-02-c", "win2k12-01"]
