"""A release, and the state of an estate, as rows and documents; see `views`."""

from typing import Any

from azstaging.model.ids import id_key
from azstaging.model.names import names_of
from azstaging.model.plans import Plan, PlannedRequest, ReleaseResult
from azstaging.model.times import format_time
from azstaging.model.views import Document, Row, plain


def release_rows(result: ReleaseResult) -> list[Row]:
    """Return one row per item: the requests in their order, then what was held."""
    receipts = {id_key(receipt.item_id): receipt for receipt in result.receipts}
    waiting = {id_key(attempt.item_id) for attempt in result.open_attempts}
    rows, name_of = [], names_of(result)
    for item_id, request in result.requests:
        receipt = receipts.pop(id_key(item_id), None)
        # A dry run tells what an earlier run left open, which these requests are not.
        state = "open" if result.executed and id_key(item_id) in waiting else "would be sent"
        rows.append(
            {
                "state": receipt.state.value if receipt else state,
                "name": name_of(item_id),
                "request": f"{request.method} {_tail(request.url)}",
                "note": receipt.reason if receipt else "",
            }
        )
    rows += [
        {
            "state": each.state.value,
            "name": name_of(each.item_id),
            "request": "",
            "note": each.reason,
        }
        for each in receipts.values()
    ]
    rows += [
        {"state": "held", "name": name_of(held.item_id), "request": "", "note": held.reason}
        for held in result.held
    ]
    return rows


def _tail(url: str, *, most: int = 72) -> str:
    """Return the end of a URL, which tells items apart; the document has all of it."""
    return url if len(url) <= most else "…" + url[1 - most :]


def release_document(result: ReleaseResult) -> Document:
    """Return what a release, or its dry run, did as JSON."""
    return {
        "schema": "azstaging/release/1",
        "plan_digest": result.plan_digest,
        "executed": result.executed,
        "clean": result.clean,
        "requests": [
            {"item_id": item_id} | _request(request) for item_id, request in result.requests
        ],
        "receipts": plain(result.receipts),
        "held": plain(result.held),
        "open_attempts": plain(result.open_attempts),
        "out_of_time": result.out_of_time,
        "next_at": format_time(result.next_at) if result.next_at else None,
    }


def _request(request: PlannedRequest) -> Document:
    """Return a request to the letter: ``plain`` leaves out bodies, as those of reads."""
    body = None if request.body is None else plain(request.body)
    return {"method": request.method, "url": request.url, "body": body}


def _plan(plan: Plan) -> Document:
    document: Document = plain(plan)
    document["items"] = [plain(item) | {"request": _request(item.request)} for item in plan.items]
    return document


def status_document(status: Any) -> Document:
    """Return the state of an estate as JSON."""
    body: Document = plain(status)
    body["live_plans"] = [_plan(plan) for plan in status.live_plans]
    return {"schema": "azstaging/status/1"} | body
