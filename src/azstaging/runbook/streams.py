"""The streams of an Azure Automation job: stdout alone, told apart by how a line begins.

Azure Automation routes lines of a Python runbook that begin with ``ERROR:``, ``WARNING:``,
``VERBOSE:`` or ``DEBUG:`` to the stream of that name, does not support ``sys.stderr``, and takes
records up to 1 MiB, of which the portal shows 200 KB
(https://learn.microsoft.com/azure/automation/automation-runbook-output-and-messages).
"""

import contextlib
import io
import logging
import platform
import sys
import warnings
from collections.abc import Iterator
from typing import TextIO

from azstaging.azure.redaction import redact
from azstaging.model.text import display

RECORD_BYTES = 200_000
_WIDEST = 4  # bytes of one character in UTF-8
_LEVELS = ((logging.ERROR, "ERROR: "), (logging.WARNING, "WARNING: "), (logging.INFO, "VERBOSE: "))


class Streams:
    """Writes records: one line each, never longer than a record may be."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = sys.stdout if out is None else out

    def output(self, text: str) -> None:
        """Write to the output stream."""
        self._write("", text)

    def warning(self, text: str) -> None:
        """Write to the warning stream."""
        self._write("WARNING: ", text)

    def error(self, text: str) -> None:
        """Write to the error stream."""
        self._write("ERROR: ", text)

    def verbose(self, text: str) -> None:
        """Write to the verbose stream, which an account keeps only when told to."""
        self._write("VERBOSE: ", text)

    def debug(self, text: str) -> None:
        """Write to the debug stream."""
        self._write("DEBUG: ", text)

    def _write(self, prefix: str, text: str) -> None:
        """Write every line with the prefix; a line too long for a record becomes several."""
        for line in text.splitlines():
            shown = display(line)
            size = (RECORD_BYTES - len(prefix) - 1) // _WIDEST
            for start in range(0, max(len(shown), 1), size):
                piece = prefix + shown[start : start + size] + "\n"
                encoding = getattr(self._out, "encoding", None) or "utf-8"
                self._out.write(piece.encode(encoding, "backslashreplace").decode(encoding))
        self._out.flush()


class _Handler(logging.Handler):
    """Sends log records to the stream of their level, redacted."""

    def __init__(self, streams: Streams) -> None:
        super().__init__(logging.INFO)
        self._streams = streams

    def emit(self, record: logging.LogRecord) -> None:
        text = redact(f"{record.name}: {record.getMessage()}")
        for level, prefix in _LEVELS:
            if record.levelno >= level:
                self._streams._write(prefix, text)  # noqa: SLF001 - one module, one job
                return


class _Complaints(io.TextIOBase):
    """What libraries write to stderr becomes warnings."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams

    def write(self, text: str) -> int:
        if text.strip():
            self._streams.warning(redact(text))
        return len(text)


def start_no_process() -> None:
    """Answer for the processor, which ``platform`` would ask the program uname for.

    azure-core puts ``platform.platform()`` into its User-Agent, and that asks for it. The value
    is kept where ``functools.cached_property`` keeps its own.
    """
    vars(platform.uname()).setdefault("processor", "")


@contextlib.contextmanager
def nothing_on_stderr(streams: Streams) -> Iterator[None]:
    """Send logs, warnings and whatever is written to stderr to the streams instead."""
    start_no_process()
    handler = _Handler(streams)
    loggers = [logging.getLogger(name) for name in ("azstaging", "azure")]
    with contextlib.redirect_stderr(_Complaints(streams)), warnings.catch_warnings():
        warnings.showwarning = lambda message, category, *_rest, **_more: streams.warning(
            f"{category.__name__}: {message}"
        )
        for logger in loggers:
            logger.addHandler(handler)
        try:
            yield
        finally:
            for logger in loggers:
                logger.removeHandler(handler)
