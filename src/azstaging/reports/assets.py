"""The asset table: the inventory joined with what the journal and the configuration know of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from azstaging.model.backlog import BacklogSettings, Level
from azstaging.model.decisions import Waiver
from azstaging.model.frames import Tabular
from azstaging.model.ids import ResourceId, id_key
from azstaging.model.inventory import InventoryItem
from azstaging.model.report import Report
from azstaging.model.times import format_time, parse_time
from azstaging.reports import document as doc
from azstaging.reports.lookup import Lookup, look_up
from azstaging.reports.machines import item_row
from azstaging.reports.standings import weigh_all
from azstaging.reports.words import duration
from azstaging.rules.backlog_wishes import key_of
from azstaging.rules.gate import waiver_holds
from azstaging.rules.plan import policy_digest

_FIRST = ("mark", "name", "workloads", "wave", "phase", "provider")
_JOINED = ("gate", "first_reason", "checks", "diff", "evidence_age")
_LAST = ("test_machines", "health", "lag_seconds")
_GATES = {"ready": "open", "held": "closed", "none": "no workload", "released": "released"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Assets(Tabular):
    """Every item with its gate, its checks, its differences, its evidence and its waivers.

    Evidence counts as the gate counts it: what has expired or is void is shown as that.

    Attributes:
        report: what was read and decided; without a journal nothing is decided.
        work_items: key of a work item -> its id, as the journal recorded the last syncs.
        backlog: how keys of work items are made.
        shown: the items to show, or None for all; gates are decided over all of them.
    """

    report: Report = field(repr=False)
    work_items: Mapping[str, int] = field(default_factory=dict, repr=False)
    backlog: BacklogSettings = field(default_factory=BacklogSettings, repr=False)
    shown: frozenset[ResourceId] | None = field(default=None, repr=False)

    def rows(self, *, wide: bool = False) -> list[dict[str, Any]]:
        """Return one dict per item: the columns that fit a laptop, or all of them."""
        lookup = look_up(self.report)
        standings = weigh_all(lookup)
        plain = self.report.inventory.rows(wide=wide)
        return [
            self._row(row, known, item_row(row, lookup, standings), lookup, wide=wide)
            for row, known in zip(self.report.inventory, plain, strict=True)
            if self.shown is None or row.id in self.shown
        ]

    def columns(self) -> Mapping[str, type]:
        """Return what each column of ``rows()`` holds, also where there is no row."""
        return dict.fromkeys((*_FIRST, *_JOINED, *_LAST), str) | {"lag_seconds": int}

    def _row(
        self,
        row: InventoryItem,
        known: dict[str, Any],
        item: doc.Item,
        lookup: Lookup,
        *,
        wide: bool,
    ) -> dict[str, Any]:
        joined = self._joined(item) if self.report.journal else _unjoined(known)
        joined["diff"] = self._diff(row, item)
        narrow = {name: (known | joined)[name] for name in (*_FIRST, *_JOINED, *_LAST)}
        return narrow | known | self._wide(row, item, lookup) | joined if wide else narrow

    def _joined(self, item: doc.Item) -> dict[str, Any]:
        return {
            "gate": _GATES[item.gate],
            "first_reason": item.first_reason.removeprefix(f"{item.name}: "),
            "checks": _checks(item),
            "evidence_age": _age(item.evidence_at, self.report.decisions.at),
        }

    def _diff(self, row: InventoryItem, item: doc.Item) -> str:
        """Return how many fields are to act on, suspicious and unknown."""
        found = item.same + item.expected + item.act + item.suspicious + item.unknown
        if not found and not self.report.diff.same.get(row.id):
            return "" if item.gate == "released" else "not compared"
        return f"{item.act}/{item.suspicious}/{item.unknown}"

    def _wide(self, row: InventoryItem, item: doc.Item, lookup: Lookup) -> dict[str, Any]:
        owners = dict.fromkeys(filter(None, map(lookup.owner, row.workloads)))
        waivers = [w for w in self.report.waivers if _covers(w, row)]
        policy = self.report.decisions.policy
        work_item = self.work_items.get(key_of(self.backlog, Level.ITEM, row.id.key))
        return {
            "evidence_at": item.evidence_at,
            "phase_since": item.phase_since,
            "owner": ", ".join(owners),
            "work_item": work_item,
            "waivers": "; ".join(_waiver(w, self.report.decisions.at) for w in waivers),
            "target_backup": item.target.backup if item.target else "",
            "target_monitoring": item.target.monitoring if item.target else "",
            "policy": policy_digest(policy) if policy else "",
        }

    def __repr__(self) -> str:
        number = len(self.report.inventory if self.shown is None else self.shown)
        return f"Assets({number} items)"


def _unjoined(known: Mapping[str, Any]) -> dict[str, Any]:
    """Say that there is no journal, and so neither evidence nor a gate; the note is the item's."""
    return {
        "gate": "not decided",
        "first_reason": known["note"],
        "checks": "not checked",
        "evidence_age": "",
    }


def _checks(item: doc.Item) -> str:
    if item.gate == "released":
        return ""
    if not item.checks_total:
        return "none required"
    return f"{item.checks_passed}/{item.checks_total} {item.checks_worst}"


def _age(evidence_at: str, now: datetime) -> str:
    made = parse_time(evidence_at) if evidence_at else None
    return duration(max(0, int((now - made).total_seconds()))) if made else ""


def _covers(waiver: Waiver, row: InventoryItem) -> bool:
    if waiver.subject.startswith("/"):
        return id_key(waiver.subject) == row.id.key
    return waiver.subject.casefold() in {name.casefold() for name in row.workloads}


def _waiver(waiver: Waiver, now: datetime) -> str:
    until = "until" if waiver_holds(waiver, now) else "not in force, until"
    ends = format_time(waiver.expires.astimezone(timezone.utc))
    return f"{waiver.check} {waiver.ticket} {until} {ends}"
