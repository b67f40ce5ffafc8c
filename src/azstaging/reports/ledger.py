"""What was read, done and decided, as tables: gaps, waivers, plans, receipts, the timeline."""

from azstaging.reports.document import Document
from azstaging.reports.table import Column, Table, yes


def gaps(document: Document) -> Table:
    """What could not be read, and selectors that match nothing."""
    found = document.completeness
    rows = [
        (g.reason, g.scope, g.detail, g.permission, "items" if g.covers_items else "details only")
        for g in found.gaps
    ]
    rows += [
        (j.reason, j.scope, f"replication jobs: {j.detail}", j.permission, "timeline only")
        for j in (document.jobs.unread if document.jobs else ())
    ]
    rows += [
        ("no match", s.workload, f"{s.selector} matches no item", "", "workload")
        for s in found.unresolved
    ]
    rows += [
        ("several matches", s.workload, f"{s.selector} is the name of several machines", "", "note")
        for s in found.ambiguous
    ]
    rows += [
        ("not expected", item_id, "read, though nobody expected it", "", "note")
        for item_id in found.unexpected
    ]
    return Table(
        name="gaps",
        title="What could not be read, or was not as expected",
        empty="Everything that was asked for was read."
        if found.complete
        else "No read failed, and yet nothing was read that proves anything.",
        columns=(
            Column(key="reason", label="Reason", facet=True),
            Column(key="scope", label="Scope", kind="id"),
            Column(key="detail", label="Detail"),
            Column(key="permission", label="Missing permission", kind="id"),
            Column(key="covers", label="Covers"),
        ),
        rows=rows,
    )


def waivers(document: Document) -> Table:
    """Every waiver, in force or not."""
    return Table(
        name="waivers",
        title="Waivers",
        empty="No waiver is on record.",
        columns=(
            Column(key="in_force", label="In force", facet=True),
            Column(key="check", label="Check"),
            Column(key="name", label="Item or workload"),
            Column(key="category", label="Category"),
            Column(key="reason", label="Reason"),
            Column(key="approver", label="Approver"),
            Column(key="ticket", label="Ticket"),
            Column(key="created", label="Created", kind="time", shown=False),
            Column(key="expires", label="Expires", kind="time"),
            Column(key="age_days", label="Age in days", kind="int"),
            Column(key="days_left", label="Days left", kind="int"),
            Column(key="subject", label="Subject", kind="id", shown=False),
        ),
        rows=[
            (
                yes(w.in_force),
                w.check,
                w.name,
                w.category,
                w.reason,
                w.approver,
                w.ticket,
                w.created,
                w.expires,
                w.age_days,
                w.days_left,
                w.subject,
            )
            for w in document.waivers
        ],
    )


def timeline(document: Document) -> Table:
    """What happened, the earliest first."""
    return Table(
        name="timeline",
        title="Timeline",
        columns=(
            Column(key="at", label="When", kind="time"),
            Column(key="what", label="What", facet=True),
            Column(key="name", label="Item"),
            Column(key="detail", label="Detail"),
            Column(key="actor", label="By"),
            Column(key="evidence", label="Evidence", kind="int"),
            Column(key="item_id", label="Item id", kind="id", shown=False),
        ),
        rows=[
            (e.at, e.what, e.name, e.detail, e.actor, e.evidence, e.item_id or "")
            for e in document.timeline
        ],
    )


def receipts(document: Document) -> Table:
    """What became of every attempt."""
    return Table(
        name="receipts",
        title="Receipts",
        empty="Nothing was attempted.",
        columns=(
            Column(key="state", label="Outcome", kind="state", facet=True),
            Column(key="name", label="Item"),
            Column(key="at", label="When", kind="time"),
            Column(key="reason", label="Reason"),
            Column(key="job_id", label="Job", kind="id"),
            Column(key="witnesses", label="Proven by"),
            Column(key="plan_digest", label="Plan", kind="id", shown=False),
            Column(key="item_id", label="Item id", kind="id", shown=False),
        ),
        rows=[
            (
                f"receipt-{r.state}",
                r.name,
                r.at,
                r.reason,
                r.job_id,
                "; ".join(r.witnesses),
                r.plan_digest,
                r.item_id,
            )
            for r in document.receipts
        ],
    )


def plans(document: Document) -> Table:
    """Plans and who approved them."""
    approved = {
        plan.digest: "; ".join(
            f"{a.approver}, {a.at[:16].replace('T', ' ')} UTC{': ' if a.comment else ''}{a.comment}"
            for a in document.approvals
            if a.plan_digest == plan.digest
        )
        for plan in document.plans
    }
    return Table(
        name="plans",
        title="Plans and approvals",
        empty="No plan was made.",
        columns=(
            Column(key="created", label="Made", kind="time"),
            Column(key="planner", label="Planner"),
            Column(key="items", label="Items", kind="int"),
            Column(key="workloads", label="Workloads"),
            Column(key="approvals", label="Approved by"),
            Column(key="expires", label="Expires", kind="time"),
            Column(key="digest", label="Digest", kind="id"),
            Column(key="content", label="Digest of the content", kind="id", shown=False),
            Column(key="policy_digest", label="Digest of the policy", kind="id", shown=False),
        ),
        rows=[
            (
                p.created,
                p.planner,
                p.items,
                "; ".join(p.workloads),
                approved[p.digest] or "nobody",
                p.expires,
                p.digest,
                p.content,
                p.policy_digest,
            )
            for p in document.plans
        ],
    )


def policy(document: Document) -> Table:
    """What the gates required."""
    found = document.policy
    return Table(
        name="policy",
        title="Checks of the policy",
        empty="No policy is on record: no gate can be open.",
        columns=(
            Column(key="check", label="Check"),
            Column(key="required", label="Required"),
            Column(key="lifetime", label="Lifetime", kind="seconds"),
        ),
        rows=[
            (c.check, yes(c.required), c.lifetime_seconds) for c in (found.checks if found else ())
        ],
    )


def summary(document: Document) -> Table:
    """The first page in two columns."""
    found = document.completeness
    head = document.integrity
    return Table(
        name="summary",
        title="Summary",
        columns=(
            Column(key="what", label="What"),
            Column(key="value", label="Value"),
        ),
        rows=[
            ("Answer", document.answer.headline),
            ("Why", document.answer.why),
            ("Completeness", found.statement),
            ("Workloads ready", str(document.answer.ready)),
            ("Workloads held", str(document.answer.held)),
            ("Workloads released", str(document.answer.released)),
            ("Wave", document.wave),
            ("Inventory read at", document.read_at),
            ("Report made at", document.made_at),
            ("azstaging", document.tool_version),
            ("Journal", head.journal_id),
            ("Journal record", "" if head.seq is None else str(head.seq)),
            ("Hash of that record", head.hash),
            ("Ids and addresses masked", yes(document.masked)),
            *((f"Items {tally.name}", str(tally.count)) for tally in document.phases),
            *((f"Blocker: {b.title}", b.next_step) for b in document.blockers),
        ],
    )
