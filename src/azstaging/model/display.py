"""Rows as an HTML table for a notebook: escaped, readable by a screen reader, without scripts.

Colours come from the notebook's own theme, and every state is also a word.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from azstaging.model.text import display

MOST_ROWS = 100
_LONGEST = 200
# The column whose values are counted above the table; the first that there is.
_COUNTED = ("phase", "outcome", "class", "gate", "action", "state")
_BAR_WIDTH, _BAR_HEIGHT = 160, 14


def html_table(rows: Sequence[Mapping[str, Any]], *, caption: str, remarks: Sequence[str]) -> str:
    """Return a table with a caption, a count of its states and what the reader must know.

    Args:
        rows: all with the same keys; the first `MOST_ROWS` are shown, the rest is counted.
        caption: what it is.
        remarks: sentences below the table, such as what could not be read.
    """
    parts = [_counts(rows), _table(rows[:MOST_ROWS], caption)]
    if len(rows) > MOST_ROWS:
        more = f"{len(rows) - MOST_ROWS:,} more rows; .rows() and .to_pandas() have them all."
        parts.append(f"<p>{more}</p>")
    parts += [f"<p>{_text(remark)}</p>" for remark in remarks]
    return f'<div class="azstaging">{"".join(parts)}</div>'


def _table(rows: Sequence[Mapping[str, Any]], caption: str) -> str:
    columns = list(rows[0]) if rows else []
    heads = "".join(f'<th scope="col">{_text(name.replace("_", " "))}</th>' for name in columns)
    body = "".join(
        f"<tr>{''.join(f'<td>{_text(row.get(name))}</td>' for name in columns)}</tr>"
        for row in rows
    )
    return (
        f'<table style="text-align:left"><caption>{_text(caption)}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
    )


def _counts(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return how often each state occurs, as bars with their numbers beside them."""
    name = next((each for each in _COUNTED if rows and each in rows[0]), None)
    if name is None:
        return ""
    counts = Counter(str(row[name]) for row in rows).most_common()
    most = counts[0][1]
    lines = "".join(
        f'<tr><th scope="row">{_text(value)}</th><td>{count:,}</td>'
        f"<td>{_bar(round(_BAR_WIDTH * count / most))}</td></tr>"
        for value, count in counts
    )
    head = f'<tr><th scope="col">{_text(name)}</th><th scope="col">rows</th><td></td></tr>'
    return f'<table style="text-align:left">{head}{lines}</table>'


def _bar(width: int) -> str:
    return (
        f'<svg width="{_BAR_WIDTH}" height="{_BAR_HEIGHT}" aria-hidden="true" focusable="false">'
        f'<rect width="{max(width, 1)}" height="{_BAR_HEIGHT}" fill="currentColor" opacity="0.6"/>'
        "</svg>"
    )


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        value = ", ".join(str(each) for each in value)
    return escape(display(str(value), limit=_LONGEST))
