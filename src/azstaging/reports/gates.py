"""Workloads with their reasons, the blockers behind them, and the one answer of the first page."""

from collections import Counter, defaultdict

from azstaging.model import decisions as model
from azstaging.model.decisions import GateClosed, GateOpen
from azstaging.reports import document as doc
from azstaging.reports.commands import command_for
from azstaging.reports.lookup import Lookup
from azstaging.reports.standings import Standings, cells
from azstaging.reports.words import WORKLOAD_STATES, count, is_or_are, title

_UNDECIDED = model.Reason(
    code="not-decided",
    detail="no decision was made for this workload",
    next_step="Run azstaging status.",
)
# What is to be done then is the check's own to say: what one check found, another's does not mend.
_OF_ONE_CHECK = frozenset(
    {"evidence-error", "evidence-failed", "evidence-inconclusive", "evidence-skipped"}
)


def workload_rows(lookup: Lookup, standings: Standings) -> list[doc.Workload]:
    """Return every workload: held first, then ready, then released, each by name."""
    rows = [_workload(name, lookup, standings) for name in lookup.names]
    return sorted(rows, key=lambda w: (WORKLOAD_STATES.index(w.state), w.name.casefold(), w.name))


def _workload(name: str, lookup: Lookup, standings: Standings) -> doc.Workload:
    decision = lookup.decisions.get(name)
    state = lookup.workload_state(name)
    config = lookup.workloads.get(name)
    return doc.Workload(
        name=name,
        state=state,
        owner=lookup.owner(name),
        criticality=config.criticality if config else "",
        item_ids=[str(row.id) for row in lookup.members.get(name, ())],
        reasons=[_reason(r, name, lookup) for r in _reasons(name, lookup)]
        if state == "held"
        else [],
        evidence=list(decision.evidence) if isinstance(decision, GateOpen) else [],
        cells=cells(name, lookup, standings),
    )


def _reasons(name: str, lookup: Lookup) -> tuple[model.Reason, ...]:
    decision = lookup.decisions.get(name)
    return decision.reasons if isinstance(decision, GateClosed) else (_UNDECIDED,)


def _reason(reason: model.Reason, workload: str, lookup: Lookup) -> doc.Reason:
    return doc.Reason(
        code=reason.code,
        title=title(reason.code),
        detail=reason.detail,
        next_step=reason.next_step,
        item_id=str(reason.item_id) if reason.item_id else None,
        item_name=lookup.item_name(reason.item_id),
        check=reason.check,
        evidence=reason.evidence,
        waivable=reason.waivable,
        command=command_for(
            reason.code, workload=workload, item_id=str(reason.item_id) if reason.item_id else None
        ),
    )


def blocker_rows(workloads: list[doc.Workload]) -> list[doc.Blocker]:
    """Return what holds the held workloads, the most frequent first; each failing check apart."""
    grouped: dict[tuple[str, str], list[tuple[doc.Workload, doc.Reason]]] = defaultdict(list)
    for workload in workloads:
        for reason in workload.reasons:
            check = reason.check if reason.code in _OF_ONE_CHECK else ""
            grouped[reason.code, check].append((workload, reason))
    rows = [_blocker(code, check, held) for (code, check), held in grouped.items()]
    return sorted(
        rows, key=lambda b: (-b.workloads, -b.items, _is_evidence(b.code), b.code, b.title)
    )


def _is_evidence(code: str) -> bool:
    """Tell what of the same weight comes later: what a machine is comes before evidence of it."""
    return code.startswith("evidence-")


def _blocker(code: str, check: str, held: list[tuple[doc.Workload, doc.Reason]]) -> doc.Blocker:
    steps = Counter(reason.next_step for _, reason in held)
    return doc.Blocker(
        code=code,
        checks=sorted({reason.check for _, reason in held if reason.check}),
        title=f"{title(code)}: {check}" if check else title(code),
        workloads=len({workload.name for workload, _ in held}),
        items=len({reason.item_id for _, reason in held if reason.item_id}),
        waivable=all(reason.waivable for _, reason in held),
        owners=sorted({workload.owner for workload, _ in held if workload.owner}),
        next_step=min(steps, key=lambda step: (-steps[step], step)),
    )


def answer(workloads: list[doc.Workload]) -> doc.Answer:
    """Say whether anything can be released, and if not, why."""
    states = Counter(workload.state for workload in workloads)
    ready, held, released = states["ready"], states["held"], states["released"]
    state, headline = _headline(ready, held, released)
    return doc.Answer(
        state=state,
        headline=headline,
        why=_why(held, workloads),
        ready=ready,
        held=held,
        released=released,
        workloads=len(workloads),
    )


def _headline(ready: int, held: int, released: int) -> tuple[str, str]:
    everything = ready + held + released
    if not everything:
        return "empty", "Nothing can be released: the wave has no workload."
    if released == everything:
        return "released", f"{_all(released)} {is_or_are(released)} released."
    if not ready:
        return "held", f"Nothing can be released: {count(held, 'workload')} held."
    if not held:
        rest = " remaining" if released else ""
        return "ready", f"{_all(ready, rest)} can be released."
    return "partly", f"{ready:,} of {count(everything, 'workload')} can be released."


def _all(number: int, rest: str = "") -> str:
    return f"The{rest} workload" if number == 1 else f"All {number:,}{rest} workloads"


def _why(held: int, workloads: list[doc.Workload]) -> str:
    """Name what holds most workloads. All checks that failed are one reason here, not each."""
    codes = Counter(code for w in workloads for code in {reason.code for reason in w.reasons})
    if not held or not codes:
        return ""
    code = min(codes, key=lambda each: (-codes[each], _is_evidence(each), each))
    cause = _sentence(title(code))
    if held == 1:
        return f"One is held, because {cause}."
    return f"{held:,} are held, most often because {cause} ({count(codes[code], 'workload')})."


def _sentence(text: str) -> str:
    return text[:1].lower() + text[1:]
