"""One healthy item as plain JSON, and a way to change it by path."""

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from azstaging.model.inventory import InventoryItem
from azstaging.rules.canonical import from_plain

CASES = Path(__file__).parent.parent / "cases"


class Rows:
    """Builds inventory rows: the healthy one with some paths changed.

    A path is ``target.disks.0.size_gib``; numbers are places in lists.
    """

    def __init__(self) -> None:
        self.healthy = json.loads((CASES / "healthy_row.json").read_text("utf-8"))

    def __call__(self, changes: Mapping[str, Any] | None = None) -> InventoryItem:
        document = copy.deepcopy(self.healthy)
        for path, value in (changes or {}).items():
            *parents, last = [int(p) if p.isdigit() else p for p in path.split(".")]
            place = document
            for name in parents:
                place = place[name]
            place[last] = value
        return from_plain(InventoryItem, document)


@pytest.fixture(scope="session")
def rows() -> Rows:
    """Return the builder of rows."""
    return Rows()
