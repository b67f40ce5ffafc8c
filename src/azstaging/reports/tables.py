"""What is: workloads, blockers, checks and differences as tables."""

from itertools import accumulate

from azstaging.reports.document import Document
from azstaging.reports.table import Column, Table, workload_anchor, yes
from azstaging.reports.words import some


def workloads(document: Document) -> Table:
    """Workloads with their state and their first reason."""
    return Table(
        name="workloads",
        title="Workloads",
        empty="The wave has no workload.",
        columns=(
            Column(key="state", label="Gate", kind="state", facet=True),
            Column(key="name", label="Workload"),
            Column(key="owner", label="Owner", facet=True),
            Column(key="criticality", label="Criticality", facet=True),
            Column(key="items", label="Items", kind="int"),
            Column(key="reasons", label="Reasons", kind="int"),
            Column(key="first_blocker", label="First blocker"),
            Column(key="next_step", label="Next step"),
            Column(key="command", label="Next command", kind="id", shown=False),
            Column(key="all_reasons", label="All reasons", shown=False),
            Column(key="evidence", label="Evidence relied on", shown=False),
        ),
        rows=[
            (
                w.state,
                w.name,
                w.owner,
                w.criticality,
                len(w.item_ids),
                len(w.reasons),
                w.reasons[0].title if w.reasons else "",
                w.reasons[0].next_step if w.reasons else "",
                next((r.command for r in w.reasons if r.command), ""),
                "; ".join(r.detail for r in w.reasons),
                ", ".join(str(seq) for seq in w.evidence),
            )
            for w in document.workloads
        ],
        anchors=[workload_anchor(w.name) for w in document.workloads],
    )


def blockers(document: Document) -> Table:
    """What holds the held workloads."""
    everything = sum(b.workloads for b in document.blockers)
    return Table(
        name="blockers",
        title="What holds the held workloads",
        empty="Nothing is held.",
        columns=(
            Column(key="title", label="Blocker"),
            Column(key="workloads", label="Workloads", kind="int"),
            Column(key="cumulative", label="Of all, cumulated (%)", kind="int"),
            Column(key="items", label="Items", kind="int"),
            Column(key="checks", label="Checks", shown=False),
            Column(key="owners", label="Owners"),
            Column(key="next_step", label="Next step"),
            Column(key="waivable", label="Waivable", shown=False),
            Column(key="code", label="Code", shown=False),
        ),
        rows=[
            (
                b.title,
                b.workloads,
                so_far * 100 // (everything or 1),
                b.items,
                some(b.checks),
                some(b.owners),
                b.next_step,
                yes(b.waivable),
                b.code,
            )
            for b, so_far in zip(
                document.blockers, accumulate(b.workloads for b in document.blockers), strict=True
            )
        ],
    )


def findings(document: Document) -> Table:
    """What every check is worth for every item and workload."""
    return Table(
        name="findings",
        title="Checks and their evidence",
        empty="No check applies to what is not released.",
        columns=(
            Column(key="standing", label="Standing", kind="state", facet=True),
            Column(key="check", label="Check", facet=True),
            Column(key="name", label="Item or workload"),
            Column(key="workloads", label="Workloads"),
            Column(key="required", label="Required", facet=True),
            Column(key="detail", label="Detail"),
            Column(key="next_step", label="Next step", shown=False),
            Column(key="at", label="Taken", kind="time"),
            Column(key="expires", label="Expires", kind="time", shown=False),
            Column(key="evidence", label="Evidence", kind="int"),
            Column(key="digest", label="Digest of the record", kind="digest", shown=False),
            Column(key="subject", label="Subject", kind="id", shown=False),
        ),
        rows=[
            (
                f.standing,
                f.check,
                f.name,
                "; ".join(f.workloads),
                yes(f.required),
                f.detail,
                "" if f.standing == "passed" else f.next_step,
                f.at,
                f.expires,
                f.evidence,
                f.digest,
                f.subject,
            )
            for f in document.findings
        ],
    )


def heat_map(document: Document) -> Table:
    """Workload x check: the worst standing, and how many passed."""
    columns = [Column(key="workload", label="Workload")]
    required = {f.check for f in document.findings if f.required}
    columns += [
        Column(
            key=check,
            label=check if check in required else f"{check} (advisory)",
            kind="standing",
        )
        for check in document.checks
    ]
    return Table(
        name="checks",
        title="Workloads by check: the worst standing, and passed of all",
        empty="No check applies.",
        columns=tuple(columns),
        rows=[
            (
                w.name,
                *(f"{c.standing} {c.passed}/{c.total}" if c.total else "" for c in w.cells),
            )
            for w in document.workloads
            if any(c.total for c in w.cells)
        ],
    )


def diff(document: Document) -> Table:
    """Fields that differ: source, intended, actual."""
    return Table(
        name="diff",
        title="Fields that differ",
        empty="No compared field differs.",
        columns=(
            Column(key="class", label="Class", kind="state", facet=True),
            Column(key="name", label="Item"),
            Column(key="area", label="Area", facet=True),
            Column(key="field", label="Field"),
            Column(key="source", label="Source"),
            Column(key="intended", label="Intended"),
            Column(key="actual", label="Actual"),
            Column(key="reason", label="Why"),
            Column(key="due", label="Due", kind="time", shown=False),
            Column(key="rule", label="Rule", shown=False),
            Column(key="item_id", label="Item id", kind="id", shown=False),
        ),
        rows=[
            (
                d.cls,
                d.name,
                d.area,
                d.field,
                d.source,
                d.intended,
                d.actual,
                d.reason,
                d.due,
                d.rule,
                d.item_id,
            )
            for d in document.diff
        ],
    )


def areas(document: Document) -> Table:
    """Compared fields by area and class."""
    return Table(
        name="areas",
        title="Compared fields by area",
        empty="Nothing was compared.",
        columns=(
            Column(key="area", label="Area"),
            Column(key="suspicious", label="Suspicious", kind="int"),
            Column(key="act", label="Act", kind="int"),
            Column(key="unknown", label="Unknown", kind="int"),
            Column(key="expected", label="Expected", kind="int"),
            Column(key="same", label="Same", kind="int"),
        ),
        rows=[(a.area, a.suspicious, a.act, a.unknown, a.expected, a.same) for a in document.areas],
    )


def phases(document: Document) -> Table:
    """Items per phase."""
    return Table(
        name="phases",
        title="Items by phase",
        empty="No item was read.",
        columns=(
            Column(key="phase", label="Phase", kind="state"),
            Column(key="items", label="Items", kind="int"),
        ),
        rows=[(tally.name, tally.count) for tally in document.phases],
    )
