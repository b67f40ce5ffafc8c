"""What a run may do: the decisions and the request of one verb. The order of things is the same.

Release and abandon differ in their preconditions and in the words of the request; nothing else.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from azstaging.model.decisions import GateClosed
from azstaging.model.inventory import InventoryItem
from azstaging.model.items import ReplicatedItem, StopRequest
from azstaging.model.plans import Plan
from azstaging.providers import abandon_request_of, stop_request_of
from azstaging.rules import abandon, readiness
from azstaging.rules.gate import Case, decide
from azstaging.rules.history import History
from azstaging.rules.readiness import Readiness


class SortOut(Protocol):
    """Sorts a plan's items into ready, held and done."""

    def __call__(self, plan: Plan, case: Case, past: History, *, now: datetime) -> Readiness:
        """Sort at ``now``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """The decisions of one verb.

    Attributes:
        why_not: why a freshly read row may not go at this time, or "".
        request_of: the one request, or None when there is none for this item.
    """

    sort_out: SortOut
    why_not: Callable[[Case, InventoryItem, datetime], str]
    request_of: Callable[[ReplicatedItem], StopRequest | None]


def _closed_gate(case: Case, row: InventoryItem, now: datetime) -> str:
    closed: list[GateClosed] = [
        d for d in decide(case, now=now).closed if d.workload in row.workloads
    ]
    if not closed:
        return ""
    why = "; ".join(reason.detail for reason in closed[0].reasons[:3])
    return f"the gate of {closed[0].workload} is closed now: {why}"


def _not_to_be_abandoned(case: Case, row: InventoryItem, now: datetime) -> str:
    reasons = abandon.reasons(row, case.inventory, now=now)
    return "; ".join(reason.detail for reason in reasons[:3])


RELEASE = Rulebook(sort_out=readiness.sort_out, why_not=_closed_gate, request_of=stop_request_of)
ABANDON = Rulebook(
    sort_out=abandon.sort_out, why_not=_not_to_be_abandoned, request_of=abandon_request_of
)
