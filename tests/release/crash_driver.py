"""Runs releases in children of this process, and kills them where it is told to.

Arguments: configuration, plan file, estate folder, token. One line on stdin is one run:
``append N`` kills after the N-th journal append, ``request N`` after the answer to the N-th
request that follows the inventory has come and before anybody looks at it, ``none 0`` never.
Each run is answered with one line of JSON.
"""

import json
import os
import signal
import sys
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path

import azstaging
from azstaging.azure.credentials import StaticCredential
from azstaging.azure.transport import SingleSendTransport
from azstaging.cli import exit_codes
from azstaging.errors import StagingError
from azstaging.journal.file import FileJournal
from azstaging.model.records import RecordType
from azstaging.rules.plan import plan_from


class Counted:
    """Counts, tells the parent, and dies when the count is reached."""

    def __init__(self, kind: str, limit: int, pipe: int) -> None:
        self.kind = kind
        self.limit = limit
        self.pipe = pipe
        self.counts = {"append": 0, "request": 0}
        self.reading = True
        self.lock = threading.Lock()

    def count(self, kind: str) -> None:
        with self.lock:
            self.counts[kind] += 1
            os.write(self.pipe, f"{kind}\n".encode())
            if kind == self.kind and self.counts[kind] == self.limit:
                os.kill(os.getpid(), signal.SIGKILL)


class FastClock:
    """Waits a hundredth of what it is told and believes that it was all of it."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(timezone.utc) + self.ahead

    def sleep(self, seconds: float) -> None:
        threading.Event().wait(seconds / 100)
        self.ahead += timedelta(seconds=seconds * 0.99)


def watch(counted: Counted) -> None:
    append, send = FileJournal.append, SingleSendTransport.send

    def counted_append(self, records, **kw):
        written = append(self, records, **kw)
        counted.count("append")
        if any(record.type is RecordType.INVENTORY for record in records):
            counted.reading = False
        return written

    def counted_send(self, request, **kw):
        answer = send(self, request, **kw)
        if not counted.reading:
            counted.count("request")
        return answer

    FileJournal.append = counted_append
    SingleSendTransport.send = counted_send


def run(counted: Counted) -> int:
    config, plan, estate, token = sys.argv[1:5]
    clock = FastClock()
    watch(counted)
    with azstaging.Journal.open(estate) as journal:
        staging = azstaging.Staging(
            StaticCredential(token),
            azstaging.load_configuration(config),
            journal=journal,
            clock=clock,
            sleep=clock.sleep,
        )
        try:
            result = staging.release(plan_from(Path(plan).read_bytes()), execute=True)
        except StagingError as error:
            print(type(error).__name__, error, file=sys.stderr, flush=True)
            return exit_codes.exit_code_of(error)
        return exit_codes.of_release(result)


def main() -> None:
    for line in sys.stdin:
        kind, limit = line.split()
        if kind == "ready":
            print(json.dumps({"ready": True}), flush=True)
            continue
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            code = 99
            try:
                code = run(Counted(kind, int(limit), writing))
            finally:
                os._exit(code)
        os.close(writing)
        with os.fdopen(reading) as stream:
            told = stream.read().split()
        _, status = os.waitpid(child, 0)
        said = {
            "killed": os.WIFSIGNALED(status),
            "exit": -1 if os.WIFSIGNALED(status) else os.WEXITSTATUS(status),
            "appends": told.count("append"),
            "requests": told.count("request"),
        }
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
