"""Memory while ten thousand items are read: what is kept, and what goes back.

What an inventory reads is kept, and holds no cycles: looking through it for garbage is a third of
the processor time of a large read, and finds nothing. What it does not keep are pages of a
megabyte, which the C library of Linux would hold on to.
"""

import contextlib
import ctypes
import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_RARELY = 200_000
# Some versions freeze a few hundred objects of their own; whoever freezes, has more.
_OF_PYTHON = 1_000
_lock = threading.Lock()
_running = 0
_usual = (0, 0, 0)


@contextmanager
def few_collections() -> Iterator[None]:
    """Collect garbage rarely while the block runs; may be entered by several threads."""
    global _running, _usual  # noqa: PLW0603 - the collector is one per process
    with _lock:
        if not _running:
            _usual = gc.get_threshold()
            # 0 means that somebody has switched it off: it stays off.
            gc.set_threshold(_RARELY if _usual[0] else 0, *_usual[1:])
        _running += 1
    try:
        yield
    finally:
        with _lock:
            _running -= 1
            if not _running:
                _grow_old()
                gc.set_threshold(*_usual)


def _grow_old() -> None:
    """Put what is alive among the old objects, instead of looking through all of it at once.

    Without it the next object that is made would pay for all that were not looked at so far.
    """
    if gc.get_freeze_count() < _OF_PYTHON:
        gc.freeze()
        gc.unfreeze()


# Of malloc.h. Their default grows with the largest block that was ever freed, to 32 MiB, and every
# eight threads of a processor have a pool of their own.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_LARGE_BYTES = 128 * 1024


def return_what_is_freed() -> None:
    """Let large blocks go back to the system when they are freed; for a process of our own.

    Elsewhere than with glibc nothing is done.

    Source: https://man7.org/linux/man-pages/man3/mallopt.3.html
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
        mallopt(_M_TRIM_THRESHOLD, _LARGE_BYTES)
        mallopt(_M_ARENA_MAX, 1)
