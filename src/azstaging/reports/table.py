"""One table: what every format that has rows and columns is made from."""

from collections.abc import Sequence
from dataclasses import dataclass

from azstaging.model.text import safe_filename, short_digest, slug

Value = str | int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column.

    Attributes:
        kind: text, id (an ARM id or a hash), digest (a hash that narrow formats cut), int,
            seconds, time (RFC 3339 UTC), state (a word of `marks`) or standing (a state, then
            ``passed/total``).
        shown: False for what only wide formats and the details of a row show.
        facet: offers a choice of its values as a filter.
        short: label for a narrow heading, or "".
    """

    key: str
    label: str
    kind: str = "text"
    shown: bool = True
    facet: bool = False
    short: str = ""

    @property
    def is_number(self) -> bool:
        """Tell whether values are integers or None."""
        return self.kind in {"int", "seconds"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under columns.

    Attributes:
        name: stable, used for sheets, files and links.
        title: caption.
        anchors: one link target per row, or empty.
        empty: what to say when there is no row.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: Sequence[tuple[Value, ...]]
    anchors: Sequence[str] = ()
    empty: str = "None."

    @property
    def shown(self) -> tuple[int, ...]:
        """Indices of the columns that narrow formats show."""
        return tuple(index for index, column in enumerate(self.columns) if column.shown)


def item_anchor(name: str, item_id: str) -> str:
    """Return the link target of an item: a slug of its name and the hash of its id."""
    return f"item-{slug(name) or 'name'}-{short_digest(item_id.casefold())}"


def workload_anchor(name: str) -> str:
    """Return the link target of a workload."""
    return f"workload-{safe_filename(name)}"


def yes(value: bool) -> str:
    """Return ``yes`` or ``no``."""
    return "yes" if value else "no"
