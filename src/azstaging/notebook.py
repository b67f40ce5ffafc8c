"""Jupyter: ``%load_ext azstaging.notebook``.

Values show themselves as tables without it. The extension adds ``az`` (the package) and
``progress``, which shows one line per step and takes it away again. Everything is synchronous, so
a cell needs no ``await`` and no event loop of its own.
"""

from html import escape
from typing import Any

import azstaging


class Progress:
    """A progress callback for a cell: ``az.Staging(..., progress=progress)``.

    It shows one bar for the step at hand, at most a hundred times, and nothing once it is done.

    Args:
        show: returns a handle with ``update``; IPython's ``display`` with an id when not given.
    """

    def __init__(self, show: Any = None) -> None:
        self._show = show or _show
        self._handle: Any = None
        self._shown: tuple[str, int] | None = None

    def __call__(self, step: str, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` are done; 0 of 0 is a step of unknown length."""
        at = (step, 100 * done // total if total else 0)
        if at == self._shown:
            return
        self._shown = at
        html = "" if total and done >= total else _line(step, done, total)
        if self._handle is None:
            if not html:
                return
            self._handle = self._show(html)
        else:
            self._handle.update(_Html(html))


class _Html:
    """A piece of HTML that a notebook shows as it is."""

    def __init__(self, html: str) -> None:
        self._html = html

    def _repr_html_(self) -> str:
        return self._html

    def __repr__(self) -> str:
        return ""


def _line(step: str, done: int, total: int) -> str:
    what = f"{step}: {done:,} of {total:,}" if total else f"{step}: {done:,}"
    bar = f' max="{total}" value="{done}"' if total else ""
    return f"<label>{escape(what)} <progress{bar}></progress></label>"


def _show(html: str) -> Any:
    from IPython.display import display  # noqa: PLC0415 - only in a notebook

    return display(_Html(html), display_id=True)


def load_ipython_extension(ipython: Any) -> None:
    """Put ``az`` and ``progress`` into the notebook's names."""
    ipython.push({"az": azstaging, "progress": Progress()})


def unload_ipython_extension(ipython: Any) -> None:
    """Take them away again."""
    for name in ("az", "progress"):
        ipython.user_ns.pop(name, None)
