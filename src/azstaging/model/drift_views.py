"""Drift as rows for people and as a document for machines. Pure."""

from azstaging.model.drift import Drift
from azstaging.model.inventory import Inventory
from azstaging.model.times import format_time
from azstaging.model.views import Document, Row, gap_documents, plain


def drift_rows(drift: Drift, inventory: Inventory | None = None) -> list[Row]:
    """Return one row per changed value, names from the inventory, else from the ids."""
    names = {row.id: row.name for row in inventory or ()}
    return [
        {
            "name": names.get(row.item_id, row.item_id.name),
            "side": row.side,
            "field": row.field,
            "staged": row.staged,
            "now": row.now,
            "who": row.actor.caller if row.actor else "",
            "when": format_time(row.actor.at) if row.actor else "",
            "note": row.note,
        }
        for row in drift
    ]


def drift_document(drift: Drift, inventory: Inventory) -> Document:
    """Return the drift as the JSON contract ``azstaging/drift/1``."""
    return {
        "schema": "azstaging/drift/1",
        "at": plain(drift.at),
        "complete": inventory.complete and not drift.gaps and not drift.unknown,
        "gaps": gap_documents((*inventory.gaps, *drift.gaps)),
        "not_compared": [{"item_id": item.text, "reason": why} for item, why in drift.unknown],
        "rows": [
            row | {"name": flat["name"]}
            for row, flat in zip(drift.rows(), drift_rows(drift, inventory), strict=True)
        ],
    }
