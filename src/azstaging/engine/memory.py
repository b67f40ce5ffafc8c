"""Keeps the garbage collector from looking at ten thousand items again and again.

What an inventory reads is kept, and holds no cycles: looking through it for garbage is a third of
the processor time of a large read, and finds nothing.
"""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_RARELY = 200_000
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
                gc.set_threshold(*_usual)
