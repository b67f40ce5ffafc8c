"""stdout and stderr: a reader may go away, a disk may be full, a code page may lack a letter.

A reader that goes away (``| head -1``) ends the printing and not the work, so that the exit code
still says how the work ended. Data that cannot be written is an error.
"""

import contextlib
import os
import sys
from typing import Any

import click

from azstaging.errors import ConfigurationError
from azstaging.model.text import display


def write(text: str) -> None:
    """Write data to stdout, and a line end.

    Raises:
        ConfigurationError: it could not be written, e.g. to a full disk.
    """
    clear_progress()
    try:
        click.echo(text)
    except BrokenPipeError:
        _forget(sys.stdout)
    except OSError as error:
        _forget(sys.stdout)
        raise ConfigurationError(
            f"The output could not be written: {error.strerror or error}. What was printed is "
            "not whole.",
            advice="Make room, or send stdout elsewhere, and run again.",
        ) from error


def write_line(text: str) -> None:
    """Write one line of data that moves no cursor to stdout."""
    write(display(text))


def say(text: str) -> None:
    """Write one line for people to stderr; what would move the cursor is shown instead."""
    clear_progress()
    _to_stderr(display(text))


def show_progress(text: str) -> None:
    """Show a line on the terminal that the next line replaces."""
    clear_progress()
    _to_stderr(display(text), nl=False)


def clear_progress() -> None:
    """Take the progress line away, if there is a terminal that shows one."""
    if sys.stderr.isatty():
        _to_stderr("\r\x1b[K", nl=False)


def _to_stderr(text: str, *, nl: bool = True) -> None:
    # Nobody is left who could be told that stderr is gone.
    try:
        click.echo(text, nl=nl, err=True)
    except OSError:
        _forget(sys.stderr)


def _forget(stream: Any) -> None:
    """Let what is still in a broken stream go nowhere, also at the end of the process."""
    with contextlib.suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def never_fail_on_letters() -> None:
    """Write letters that the terminal's code page lacks as escapes instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
