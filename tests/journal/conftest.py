"""Small journals and child processes."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest

from azstaging.journal import Journal
from azstaging.model.records import NewRecord, Record, RecordType

AT = datetime(2026, 1, 31, 8, tzinfo=timezone.utc)


def note(number: int, **more: object) -> NewRecord:
    """Return a record that says little."""
    return NewRecord(type=RecordType.RUN, data={"number": number, **more})


@pytest.fixture
def estate(tmp_path: Path) -> Path:
    """Return a place for an estate folder."""
    return tmp_path / "estate"


@pytest.fixture
def append() -> Callable[..., tuple[Record, ...]]:
    """Append notes by number, one append for all of them."""

    def append_notes(journal: Journal, *numbers: int, **more: object) -> tuple[Record, ...]:
        notes = [note(number, **more) for number in numbers]
        return journal.append(notes, at=AT, run="run", actor="t/o")

    return append_notes


@pytest.fixture
def journal(estate: Path) -> Iterator[Journal]:
    """Open a journal for writing."""
    with Journal.open(estate) as opened:
        yield opened


@pytest.fixture
def segment(estate: Path) -> Path:
    """Return the first segment file."""
    return estate / "journal" / "000000000000.jsonl"


@pytest.fixture
def child() -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Start children that run some Python; those left are killed."""
    children: list[subprocess.Popen[str]] = []

    def start(code: str, *arguments: object) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-c", code, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        children.append(process)
        return process

    yield start
    for process in children:
        process.kill()
        process.communicate()
