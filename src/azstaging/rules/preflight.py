"""Preflight: everything that could stop a release, listed at once, before the plan. Pure.

It decides nothing: the gate does, and the request itself. It saves the round in which a missing
permission or a lock on a resource group is only found by the refusal.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from azstaging.model.frames import Tabular
from azstaging.model.inventory import InventoryItem, Phase
from azstaging.model.items import StopRequest
from azstaging.rules.evidence import FindingIndex, Standing, Verdict, is_unread, item_subject
from azstaging.rules.gate import Case, waiver_for, weigh_under
from azstaging.rules.roles import stop_action

OK, NOT_OK, UNKNOWN = "ok", "not ok", "unknown"
# What is judged by evidence, because it takes more than one look: check -> what it is called.
_JUDGED = {
    "source-off": "source is off",
    "recovery-point": "recovery point of the target",
    "baseline-present": "baseline",
}
# What the check says itself of the thing as it is now; the others say that it must run again.
_SAID = {Standing.FAILED, Standing.ERROR, Standing.INCONCLUSIVE, Standing.SKIPPED}
# Condition -> what follows the name of a thing where it is not met, and where nobody knows.
_SENTENCES = {
    "permission to stop": (
        ": this identity may not stop what is in it",
        ": whether this identity may stop what is in it is not known",
    ),
    "no lock": (" is locked", ": whether it is locked is not known"),
    "no running job": (": a job runs on it", ": whether a job runs on it is not known"),
    "source is off": (": the source is not off", ": whether the source is off is not known"),
    "recovery point of the target": (
        ": its recovery point is too old",
        ": whether its recovery point is young enough is not known",
    ),
    "baseline": (": it has no baseline", ": whether it has a baseline is not known"),
    "journal takes records": (": the journal takes no record", ""),
    "lease is free": (": its lease cannot be taken", ""),
    "room this hour": (": an hour has too little room", ""),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PreflightRow:
    """One condition on one thing; ``state`` is ok, not ok or unknown."""

    what: str
    on: str
    state: str
    detail: str = ""
    next_step: str = ""

    @property
    def sentence(self) -> str:
        """What is not met, or not known, for people."""
        not_met, not_known = _SENTENCES[self.what]
        said = self.on + (not_met if self.state == NOT_OK else not_known)
        return f"{said}: {self.detail}" if self.detail else said


@dataclass(frozen=True, slots=True, kw_only=True)
class Preflight(Tabular):
    """All conditions, what is not ok first."""

    at: datetime
    checks: tuple[PreflightRow, ...]

    @property
    def ok(self) -> bool:
        """True when every condition is known to be met."""
        return bool(self.checks) and all(check.state == OK for check in self.checks)

    def not_ok(self) -> tuple[PreflightRow, ...]:
        """Return what is not met, or not known."""
        return tuple(check for check in self.checks if check.state != OK)

    def rows(self) -> list[dict[str, Any]]:
        """Return one dict per condition."""
        return [
            {"state": each.state, "what": each.what, "on": each.on, "detail": each.detail}
            for each in self.checks
        ]

    def __repr__(self) -> str:
        return f"Preflight({len(self.checks)} conditions, {len(self.not_ok())} not met or unknown)"


Permissions = Mapping[str, Sequence[Mapping[str, Any]] | None]
"""Casefolded vault id -> what ARM says the caller may do there, or None when it is unread."""


def preflight(
    case: Case,
    requests: Mapping[str, StopRequest],
    *,
    permissions: Permissions,
    places: Iterable[PreflightRow],
    now: datetime,
) -> Preflight:
    """List every condition of a release.

    Args:
        case: inventory, evidence and policy; items in no workload, or released, are left out.
        requests: the stop of each item, by casefolded id.
        permissions: by casefolded vault id.
        places: what was tried of journal and leases.
        now: aware UTC.
    """
    rows = [r for r in case.inventory.items if r.workloads and r.phase is not Phase.RELEASED]
    index = FindingIndex(case.findings)
    checks = [
        *places,
        *_permissions(rows, requests, permissions),
        *(check for row in rows for check in _locks(row)),
        *(check for row in rows for check in _jobs(row)),
        *(check for row in rows for check in _judged(row, case, index, now)),
    ]
    order = {NOT_OK: 0, UNKNOWN: 1, OK: 2}
    return Preflight(
        at=now, checks=tuple(sorted(_folded(checks), key=lambda each: order[each.state]))
    )


def allows(permissions: Iterable[Mapping[str, Any]], action: str) -> bool:
    """Tell whether a list of ARM permissions grants an action; deny assignments are not in it."""
    return any(
        _matches(entry.get("actions"), action) and not _matches(entry.get("notActions"), action)
        for entry in permissions
    )


def _matches(globs: object, action: str) -> bool:
    given = globs if isinstance(globs, list) else []
    return any(
        isinstance(each, str) and fnmatchcase(action.casefold(), each.casefold()) for each in given
    )


def _permissions(
    rows: Iterable[InventoryItem], requests: Mapping[str, StopRequest], permissions: Permissions
) -> Iterable[PreflightRow]:
    needed = {
        (row.item.vault_id, stop_action(requests[row.id.key]))
        for row in rows
        if row.id.key in requests
    }
    for vault, action in sorted(needed):
        given = permissions.get(vault.key)
        if given is None:
            state, detail = UNKNOWN, f"{action}: what this identity may do could not be read"
        elif allows(given, action):
            state, detail = OK, action
        else:
            state, detail = NOT_OK, f"this identity lacks {action}"
        yield PreflightRow(
            what="permission to stop",
            on=vault.name,
            state=state,
            detail=detail,
            next_step="The identity that releases needs it; azstaging rbac prints the role.",
        )


def _locks(row: InventoryItem) -> Iterable[PreflightRow]:
    if not row.locks:
        yield PreflightRow(what="no lock", on=row.name, state=OK)
    for lock in row.locks:
        inherited = "" if lock.scope == row.id else f", inherited from {lock.scope.name}"
        yield PreflightRow(
            what="no lock",
            on=row.name,
            state=NOT_OK,
            detail=f"{lock.id.name} ({lock.level}){inherited}",
            next_step="Have its owner remove it, and put it back afterwards.",
        )


def _jobs(row: InventoryItem) -> Iterable[PreflightRow]:
    state = {True: OK, False: NOT_OK, None: UNKNOWN}[row.facts.idle]
    job = row.item.running_job
    detail = f"job {job}" if job and state != OK else ""
    yield PreflightRow(
        what="no running job",
        on=row.name,
        state=state,
        detail=detail,
        next_step="Wait until the job has ended.",
    )


def _judged(
    row: InventoryItem, case: Case, index: FindingIndex, now: datetime
) -> Iterable[PreflightRow]:
    for check, what in _JUDGED.items():
        subject, unread = item_subject(row), is_unread((row,))
        verdict = weigh_under(check, subject, case.policy, index, now, unread=unread)
        if verdict.standing is Standing.PASSED:
            state, detail = OK, ""
        elif verdict.standing is Standing.MISSING:
            state, detail = UNKNOWN, "not checked"
        elif all(waiver_for(verdict, name, case.waivers, now) for name in row.workloads):
            state, detail = OK, "waived"
        elif verdict.standing is Standing.FAILED:
            state, detail = NOT_OK, verdict.detail
        else:
            state, detail = UNKNOWN, verdict.detail
        yield PreflightRow(
            what=what,
            on=row.name,
            state=state,
            detail=detail,
            next_step=_next_step(verdict),
        )


def _next_step(verdict: Verdict) -> str:
    if verdict.finding is None:
        return "Run azstaging check."
    said = verdict.finding.next_step if verdict.standing in _SAID else ""
    return said or "Run azstaging check again."


def _folded(checks: Iterable[PreflightRow]) -> Iterable[PreflightRow]:
    """Fold what is ok of many items into one row per condition; the rest stays apart."""
    good: dict[tuple[str, str], list[str]] = {}
    for check in checks:
        if check.state == OK:
            good.setdefault((check.what, check.detail), []).append(check.on)
        else:
            yield check
    for (what, detail), on in good.items():
        one = on[0] if len(on) == 1 else f"{len(on):,} of them"
        yield PreflightRow(what=what, on=one, state=OK, detail=detail)
