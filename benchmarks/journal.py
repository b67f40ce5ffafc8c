"""What the journal costs beside the bare work: verify, and a durable append.

python benchmarks/journal.py [RECORDS] [APPENDS]
"""

import hashlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

from azstaging.journal import Journal
from azstaging.model.records import NewRecord, RecordType

AT = datetime(2026, 1, 31, 8, tzinfo=timezone.utc)


def _note(number: int) -> NewRecord:
    data = {"number": number, "text": "x" * 300, "list": [1, 2, 3]}
    return NewRecord(type=RecordType.RUN, data=data)


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _bare(path: Path) -> None:
    with path.open("rb") as stream:
        for line in stream:
            json.loads(line)
            hashlib.sha256(line[:-75]).hexdigest()


def main(records: int, appends: int) -> None:
    """Print both ratios, each the median of interleaved pairs."""
    with tempfile.TemporaryDirectory() as folder, Journal.open(Path(folder) / "e") as journal:
        for first in range(0, records, 1000):
            notes = [_note(n) for n in range(first, min(records, first + 1000))]
            journal.append(notes, at=AT, run="r", actor="t/o")
        path = next((Path(folder) / "e" / "journal").glob("*.jsonl"))
        pairs = [(_seconds(lambda: _bare(path)), _seconds(journal.verify)) for _ in range(5)]
        share = statistics.median(bare / ours for bare, ours in pairs)
        print(f"verify: {share:.0%} of the speed of bare parse-and-hash, {records:,} records")

        block = path.read_bytes().splitlines(keepends=True)[-1]
        bare_fd = os.open(Path(folder) / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        times: list[tuple[float, float]] = []
        for number in range(appends):
            note = [_note(number)]
            bare = _seconds(lambda: (os.write(bare_fd, block), os.fsync(bare_fd)))
            start = time.perf_counter()
            journal.append(note, at=AT, run="r", actor="t/o")
            times.append((bare, time.perf_counter() - start))
        os.close(bare_fd)
        ratio = statistics.median(o for _, o in times) / statistics.median(b for b, _ in times)
        print(f"append: {ratio:.2f} times a bare write + fsync, {appends:,} appends")


if __name__ == "__main__":
    numbers = [int(text) for text in sys.argv[1:]]
    main(*(numbers + [100_000, 1000][len(numbers) :]))
