"""A container's journal that grows over the end of a segment, appended to one record at a time.

Sixty appends by default; `nox -s long-journal` makes 60,000 over the boundary at 40,000 blocks.
"""

import os
import time
from datetime import datetime, timezone

from azstaging.journal import Journal
from azstaging.journal.blob import SEGMENT_BLOCKS, BlobJournal
from azstaging.journal.segments import segment_name
from azstaging.model.records import NewRecord, RecordType

APPENDS = int(os.environ.get("AZSTAGING_LONG_JOURNAL", "60"))
AT = datetime(2026, 1, 31, 8, tzinfo=timezone.utc)


def append(journal, number):
    new = NewRecord(type=RecordType.RUN, data={"number": number})
    (record,) = journal.append([new], at=AT, run="run", actor="t/o")
    return record


def test_appends_go_on_over_the_end_of_a_segment(container, url):
    boundary = min(SEGMENT_BLOCKS, APPENDS * 2 // 3)
    journal = BlobJournal(container, segment_blocks=boundary)
    start, prev = time.monotonic(), None
    for number in range(APPENDS):
        record = append(journal, number)
        assert record.seq == number + 1
        assert prev is None or record.prev == prev
        prev = record.hash
        if (number + 1) % 1000 == 0:
            print(f"{number + 1:,} appends, {time.monotonic() - start:,.0f} s", flush=True)
    # Record 0 goes with the first append, in one block.
    names = [segment_name(0), segment_name(boundary + 1)]
    assert journal.source.names() == names
    blocks = [container.read(f"journal/{name}", 0, 1).blocks for name in names]
    assert blocks == [boundary, APPENDS - boundary]
    read = Journal.read(url)
    found = [r.data["number"] for r in read.records() if r.type == RecordType.RUN.value]
    assert found == list(range(APPENDS))
    result = Journal.verify_at(url, head=f"{APPENDS} {prev}")
    assert (result.ok, result.count) == (True, APPENDS + 1)
    another = append(BlobJournal(container, segment_blocks=boundary), APPENDS)
    assert (another.seq, another.prev) == (APPENDS + 1, prev)
