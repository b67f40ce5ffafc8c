"""Tables as JSON inside HTML: by column, each in its smallest form, so that 20,000 rows load fast.

A column is a list of values; or ``{"d": values, "i": indices}`` where few values repeat; or
``{"p": starts, "i": indices, "v": ends}`` for ids, whose long starts repeat.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any

from markupsafe import Markup

from azstaging.model.text import display
from azstaging.reports.table import Column, Table, Value

_LONGEST = 2_000
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
    texts = [display(str(cell), limit=_LONGEST) for cell in cells]
    distinct = dict.fromkeys(texts)
    if len(distinct) * 2 <= len(texts):
        places = {text: place for place, text in enumerate(distinct)}
        return {"d": list(distinct), "i": [places[text] for text in texts]}
    if column.kind == "id":
        return _split(texts)
    return texts


def _split(texts: Sequence[str]) -> Any:
    starts: dict[str, int] = {}
    cut: Callable[[str], int] = lambda text: text.rfind("/") + 1  # noqa: E731 - one expression
    places = [starts.setdefault(text[: cut(text)], len(starts)) for text in texts]
    return {"p": list(starts), "i": places, "v": [text[cut(text) :] for text in texts]}
