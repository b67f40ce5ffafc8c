"""Four readers, four views: which sections each of them wants, in which order."""

from dataclasses import dataclass

import msgspec

from azstaging.errors import ConfigurationError
from azstaging.model.ids import parse_id
from azstaging.reports.document import Completeness, Document, Gap, Reason, Waiver, Workload

# What a scope may be and still name no machine.
_NAMELESS = {
    "",
    "microsoft.recoveryservices/vaults",
    "microsoft.datareplication/replicationvaults",
    "microsoft.migrate/migrateprojects",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One view.

    Attributes:
        sections: names of sections after the first page, in order.
        names_machines: False for a reader who wants no machine names.
        prints_one_page: the print is the summary, on one page of A4; the screen has everything.
    """

    name: str
    title: str
    purpose: str
    sections: tuple[str, ...]
    names_machines: bool = True
    prints_one_page: bool = False


VIEWS: tuple[View, ...] = (
    View(
        name="operations",
        title="Operations hand-over",
        purpose="What runs where now, what is open, and what changed on the way.",
        sections=(
            "status",
            "workloads",
            "acts",
            "changes",
            "items",
            "waivers",
            "gaps",
            "timeline",
            "integrity",
        ),
    ),
    View(
        name="auditor",
        title="Audit record",
        purpose="What was in scope, what was required, what was proven, and by whom.",
        sections=(
            "gaps",
            "status",
            "policy",
            "checks",
            "evidence",
            "waivers",
            "plans",
            "receipts",
            "timeline",
            "integrity",
        ),
    ),
    View(
        name="manager",
        title="Project status",
        purpose="Ready, held and released against the plan; no machine names.",
        sections=("progress", "status", "calendar", "phases", "waivers", "gaps", "integrity"),
        names_machines=False,
        prints_one_page=True,
    ),
    View(
        name="engineer",
        title="Engineering",
        purpose="Everything, filterable, with the next step for each blocker.",
        sections=(
            "status",
            "items",
            "checks",
            "open-checks",
            "diff",
            "workloads",
            "progress",
            "phases",
            "gaps",
            "waivers",
            "receipts",
            "timeline",
            "integrity",
        ),
    ),
)


def find_view(name: str) -> View:
    """Return a view by its name.

    Raises:
        ConfigurationError: there is no such view.
    """
    for view in VIEWS:
        if view.name == name:
            return view
    known = ", ".join(view.name for view in VIEWS)
    raise ConfigurationError(f"There is no view {name!r}. The views are {known}.")


def for_view(document: Document, view: View) -> Document:
    """Return the document as a view may show it: without machines where it names none."""
    if view.names_machines:
        return document
    return msgspec.structs.replace(
        document,
        items=[],
        findings=[],
        diff=[],
        receipts=[],
        timeline=[],
        jobs=None,
        workloads=[_nameless_workload(workload) for workload in document.workloads],
        waivers=[_nameless_waiver(waiver) for waiver in document.waivers],
        completeness=_nameless_completeness(document.completeness),
    )


def _nameless_workload(workload: Workload) -> Workload:
    reasons = [_nameless_reason(reason) for reason in workload.reasons]
    return msgspec.structs.replace(workload, reasons=reasons)


def _nameless_reason(reason: Reason) -> Reason:
    return msgspec.structs.replace(
        reason, detail=reason.title, item_id=None, item_name="", command=""
    )


def _nameless_waiver(waiver: Waiver) -> Waiver:
    if not waiver.subject.startswith("/"):
        return waiver
    return msgspec.structs.replace(waiver, subject="", name="one item")


def _nameless_completeness(found: Completeness) -> Completeness:
    hidden = [msgspec.structs.replace(s, selector="one selector") for s in found.unresolved]
    return msgspec.structs.replace(
        found,
        gaps=[_nameless_gap(gap) for gap in found.gaps],
        unresolved=hidden,
        ambiguous=[],
        unexpected=[],
    )


def _nameless_gap(gap: Gap) -> Gap:
    scope = parse_id(gap.scope)
    if scope is not None and scope.resource_type in _NAMELESS:
        return msgspec.structs.replace(gap, detail="")
    return msgspec.structs.replace(gap, scope="one resource", detail="")
