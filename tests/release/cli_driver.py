"""Starts ``python -m azstaging`` again and again, each time as a child that has it loaded already.

One line of JSON on stdin is one command: its arguments, its environment, the file that takes its
streams, and after which journal append it is killed (0: never). It is answered with two lines:
the process id of the child once it is about to start, and how it ended.
"""

import json
import os
import runpy
import signal
import sys

import azstaging.cli.release
import azstaging.staging  # noqa: F401 - loaded before the first child
from azstaging.journal.file import FileJournal


def kill_at(limit: int) -> None:
    append, written = FileJournal.append, 0

    def append_and_die(self, records, **kw):
        nonlocal written
        done = append(self, records, **kw)
        written += 1
        if written == limit:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    FileJournal.append = append_and_die


def command(told) -> None:
    os.chdir(told["folder"])
    os.environ.update(told["environment"])
    streams = os.open(told["streams"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for descriptor in (1, 2):
        os.dup2(streams, descriptor)
    sys.argv = ["azstaging", *told["arguments"]]
    if told["append"]:
        kill_at(told["append"])
    runpy.run_module("azstaging", run_name="__main__", alter_sys=True)


def main() -> None:
    for line in sys.stdin:
        told = json.loads(line)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            code = 99
            try:
                # Until whoever kills it knows its process id.
                os.read(reading, 1)
                command(told)
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else 98
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        print(child, flush=True)
        if sys.stdin.readline().strip() == "go":
            os.write(writing, b"x")
        _, status = os.waitpid(child, 0)
        os.close(reading)
        os.close(writing)
        code = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        print(code, flush=True)


if __name__ == "__main__":
    main()
