"""Tables as JSON inside HTML: by column, each in its smallest form, so that 20,000 rows load fast.

A column is a list of values; or ``{"d": column, "i": indices}`` where values repeat; or
``{"p": starts, "i": indices, "v": ends}`` for ids, whose long starts repeat.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from markupsafe import Markup

from azstaging.model.text import display
from azstaging.reports.table import Column, Table, Value

_LONGEST = 2_000
# Digests are cut in HTML; report.json has them whole.
DIGITS = 16
# What could end a script element or start a comment in it.
_UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}


def embedded(value: Any) -> Markup:
    """Return JSON that is safe inside a script element."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    for char, escape in _UNSAFE.items():
        text = text.replace(char, escape)
    return Markup(text)  # noqa: S704 - nothing of HTML is left in it


def columnar(table: Table) -> dict[str, Any]:
    """Return a table by columns, texts as they will be shown."""
    columns = list(zip(*table.rows, strict=True)) if table.rows else [()] * len(table.columns)
    return {
        "rows": len(table.rows),
        "columns": [_heading(column) for column in table.columns],
        "cells": [_packed(cells, c) for cells, c in zip(columns, table.columns, strict=True)],
        "anchors": list(table.anchors),
    }


def _heading(column: Column) -> dict[str, Any]:
    return {
        "label": display(column.label),
        "kind": column.kind,
        "shown": column.shown,
        "facet": column.facet,
    }


def _packed(cells: Sequence[Value], column: Column) -> Any:
    if column.is_number:
        return list(cells)
    # What repeats is looked at once.
    shown = {cell: _text(str(cell), column) for cell in dict.fromkeys(cells)}
    if len(shown) * 2 > len(cells):
        texts = [shown[cell] for cell in cells]
        return _split(texts) if column.kind == "id" else texts
    places = {cell: place for place, cell in enumerate(shown)}
    values = _split(shown.values()) if column.kind == "id" else list(shown.values())
    return {"d": values, "i": [places[cell] for cell in cells]}


def _text(text: str, column: Column) -> str:
    text = display(text, limit=_LONGEST)
    return text[:DIGITS] if column.kind == "digest" else text


def _split(texts: Iterable[str]) -> dict[str, Any]:
    starts: dict[str, int] = {}
    places, ends = [], []
    for text in texts:
        cut = text.rfind("/") + 1
        places.append(starts.setdefault(text[:cut], len(starts)))
        ends.append(text[cut:])
    return {"p": list(starts), "i": places, "v": ends}
