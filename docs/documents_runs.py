"""What a staging run prints as JSON, and the files that it acts on: findings, plans, releases.

A key that is here and not in what is printed, or the other way round, fails a test that runs the
commands. Inventory, report, diff and drift have schemas of their own.
"""

from schema_parts import (
    COMPLETE,
    SHAPES,
    STRING,
    Document,
    Keys,
    arm_id,
    count,
    digest,
    flag,
    listed,
    maybe,
    shapes,
    text,
    time,
    values,
    word,
)
from schema_shapes import Schema, closed, described

from azstaging.model.backlog import ActionKind, Choice, Level
from azstaging.model.decisions import GateClosed, GateOpen
from azstaging.model.findings import Finding, Outcome
from azstaging.model.plans import (
    Approval,
    Attempt,
    Held,
    Plan,
    PlannedRequest,
    Receipt,
    ReceiptState,
)
from azstaging.rules.preflight import NOT_OK, OK, UNKNOWN, PreflightRow
from azstaging.rules.status import Status

_FINDING = SHAPES.properties(
    Finding,
    outcome="Only pass is good.",
    at="When it was found.",
    lifetime_seconds="How long it counts as evidence.",
)
_FINDINGS = Document(
    name="findings",
    about="What azstaging check -o json prints: every finding of the run, also what passed.",
    keys={
        "at": time("When the checks ran."),
        "run": text("Id of the run; its records in the journal have it too."),
        **COMPLETE,
        "findings": listed(
            closed(_FINDING | {"name": text("Name of the machine or workload.")}),
            "Sorted by subject and check.",
        ),
    },
    row={
        "outcome": word(*values(Outcome)),
        "name": text("Of the machine or workload."),
        "check": text("Id of the check."),
        "detail": text("One sentence."),
        "next_step": text("What to do about it; empty for a pass."),
    },
)


def _decision(kind: type, gate: str) -> Schema:
    return closed({"gate": {"const": gate}} | SHAPES.properties(kind, at="When it was decided."))


_DECISIONS = Document(
    name="decisions",
    about="What azstaging plan -o json prints: every gate, open or with why not.",
    keys={
        "at": time("When the gates were decided."),
        "open": count("Number of open gates."),
        "closed": count("Number of closed gates."),
        "decisions": listed(
            {"anyOf": [_decision(GateOpen, "open"), _decision(GateClosed, "closed")]},
            "One per workload, by name.",
        ),
    },
    row={
        "gate": word("open", "closed"),
        "workload": text(),
        "items": count("Number of its items."),
        "reasons": count("Number of reasons why it is closed."),
        "first_reason": text("Empty when it is open."),
        "next_step": text("What to do about the first reason."),
    },
)


def _plan_keys(reason: str) -> Keys:
    keys = SHAPES.properties(
        Plan,
        journal_id="Of the journal whose evidence it relies on.",
        wave="Name of the wave.",
        planner="Who planned; somebody else approves.",
        workloads="What is released whole.",
        items="In the order of their ids.",
        policy_digest="Of the gate's settings; another [gate] refuses the plan.",
    )
    return {name: each for name, each in keys.items() if name != "schema"} | {
        "digest": digest("Over the whole file without itself; approvals bind to it."),
        "content": digest(keys["content"]["description"]),
        "policy_digest": digest(keys["policy_digest"]["description"]),
        "reason": text(reason),
    }


_PLANNED_ROW: Keys = {
    "name": text("Of the machine."),
    "workloads": text("Separated by commas."),
    "provider": text("instanceType of the replication."),
    "request": text("HTTP method of the stop."),
    "evidence": count("Number of journal records relied on."),
    "id": arm_id("Of the replicated item."),
}
_PLANS = [
    Document(
        name="plan",
        about="The plan file that azstaging plan --out writes: canonical JSON, never edited.",
        keys=_plan_keys("Empty: a release needs none."),
    ),
    Document(
        name="abandon",
        about="The plan file that azstaging abandon --out writes: canonical JSON.",
        keys=_plan_keys("Why the replications are given up."),
    ),
    Document(
        name="abandon-planned",
        about="What azstaging abandon --out -o json prints: what it has planned.",
        keys={
            "digest": digest("Of the plan file; approvals bind to it."),
            "items": listed(closed(_PLANNED_ROW), "In the order of the plan."),
        },
        row=_PLANNED_ROW,
    ),
]
_APPROVED: Keys = {
    "plan": digest("Of the plan that is approved."),
    "approver": text("Tenant and object id of the approver, tid/oid, in lower case."),
    "name": text("The approver's name, as the token has it."),
    "comment": text("Why."),
    "at": time("When it was approved."),
    "expires": time("Until when it holds."),
    "items": count("Number of items of the plan."),
}
_APPROVALS = [
    Document(
        name="approved",
        about="What azstaging approve -o json prints: the approval that is in the journal now.",
        keys=_APPROVED,
        row=_APPROVED,
    ),
    Document(
        name="approval",
        about="What is signed by azstaging approve --out: the payload of its DSSE envelope.",
        keys=SHAPES.properties(
            Approval,
            plan_digest="Of the plan that is approved.",
            comment="Why.",
            at="When it was approved.",
            expires="Until when it holds, cut to the hours of the policy.",
        ),
    ),
]
_RELEASE = Document(
    name="release",
    about="What azstaging release and abandon print with -o json: what was, or would be, sent.",
    keys={
        "plan_digest": digest("Of the plan."),
        "executed": flag("False for a dry run: nothing was sent."),
        "clean": flag("All that was planned is done, or would be sent by a real run."),
        "requests": listed(
            closed({"item_id": arm_id()} | SHAPES.properties(PlannedRequest)),
            "In the order in which they were or would be sent, to the letter.",
        ),
        "receipts": shapes(Receipt, "Of this run; earlier open attempts settled by it included."),
        "held": shapes(Held, "Items of the plan that were not sent."),
        "open_attempts": shapes(Attempt, "Sent, but not settled before the deadline."),
        "out_of_time": flag("Some were held only because the deadline was near; run again."),
        "next_at": {
            "anyOf": [time(), {"type": "null"}],
            "description": "When the next may go; null unless the pace of an hour held some.",
        },
    },
    row={
        "state": word(
            *values(ReceiptState), "open", "would be sent", "held", about="What became of it."
        ),
        "name": text("Of the machine."),
        "request": text("Method and the end of the URL; empty when none was sent in this run."),
        "note": text("Why it was held or failed, or empty."),
    },
)
_STATUS = Document(
    name="status",
    about="What azstaging status -o json prints: what the journal says is planned, done and open.",
    keys=SHAPES.properties(
        Status,
        at="When it was asked.",
        approvals="Every approval on record.",
        receipts="The latest of each item and generation.",
    ),
    row={
        "what": word("open attempt", "receipt", "workload", "plan"),
        "state": text(
            "Of an attempt: unknown. Of a receipt: done, none, failed, unknown or abandoned. Of a "
            "workload: begun. Of a plan: approved or not approved."
        ),
        "name": text("Of the machine or workload; of a plan, the start of its digest."),
        "at": time(),
        "note": text("Job, witnesses, reason, what is left, or how far a plan is approved."),
    },
)
_PREFLIGHT = Document(
    name="preflight",
    about="What azstaging preflight -o json prints: everything that could stop a release.",
    keys={
        "at": time("When it was looked at."),
        "ok": flag("Every condition is known to be met."),
        **COMPLETE,
        "checks": shapes(PreflightRow, "What is not ok first."),
    },
    row={
        "state": word(OK, NOT_OK, UNKNOWN),
        "what": text("The condition."),
        "on": text("On which machine, vault or place."),
        "detail": text("Why; empty when it is ok and there is nothing to say."),
    },
)


def _unless_unread(about: str) -> Schema:
    return maybe("integer", f"{about} Null: nothing could be read.") | {"minimum": 0}


_DOCTOR = Document(
    name="doctor",
    about="What azstaging doctor -o json prints: who asks, what is visible, what is missing.",
    keys={
        "facts": closed(
            {
                "cloud": text("Name of the cloud, or the endpoint that stands in for it."),
                "credential": text("Kind of credential that gave the token."),
                "tenant": text("Its id, as the token says or confirmed; or why it is unknown."),
                "identity": text("Name or object id, as the token says or confirmed; or unknown."),
                "can plan, approve, release": flag("The token tells who asks."),
                "visible subscriptions": {
                    "type": ["array", "null"],
                    "items": STRING,
                    "description": "Name and id of each; null when they could not be told.",
                },
                "vaults read": _unless_unread("Number of vaults read to the end."),
                "items read": _unless_unread("Number of items read."),
                "gaps": _unless_unread("Number of things that could not be read."),
                "missing actions": {
                    "type": ["array", "null"],
                    "items": STRING,
                    "description": "Exact strings, for a role definition; null when not known.",
                },
                "failures": listed(STRING, "What failed, and how: its facts are unknown or null."),
                "proxy in effect": text("Its URL without login, or none."),
                "certificate authorities": text("The file or store that is trusted."),
            }
        )
        | {
            "patternProperties": {
                "(?i)^(https?_proxy|no_proxy|(requests|curl)_ca_bundle|ssl_cert_file)$": text(
                    "The environment variable, where it is set; a proxy without login."
                )
            }
        }
    },
    row={
        "fact": text("A key of facts."),
        "value": described({}, "Its value; of a list one line each."),
    },
)
_BOARDS_ROW: Keys = {
    "action": word(*values(ActionKind)),
    "work_item_id": maybe("integer", "Null while there is none."),
    "level": {"enum": [*values(Level), None], "description": "What the work item stands for."},
    "type": maybe("string", "Work item type."),
    "title": text(),
    "state": maybe("string", "As it is."),
    "new_state": maybe("string", "As it should be; null when it stays."),
    "changes": listed(STRING, "Fields that are, or would be, written."),
    "conflicts": listed(STRING, "Fields that somebody else changed."),
    "changed_by": maybe("string", "Who, where Boards tells."),
    "reason": text("Why nothing is done, or empty."),
    "key": text("What the work item is found by."),
}
_BOARDS = Document(
    name="boards",
    about="What azstaging boards -o json prints: the backlog as it would be, or was, written.",
    keys={
        "applied": flag("False for a preview: nothing was written."),
        "actions": listed(closed(_BOARDS_ROW), "One per work item."),
        "conflicts": listed(
            closed(
                {
                    "work_item_id": count(),
                    "revision": count("Revision that was read; 0 for one that is gone."),
                    "title": text(),
                    "field": text("What somebody changed."),
                    "found": text("What it says."),
                    "wanted": text("What the evidence says it should."),
                    "evidence": text("What the evidence says, one clause."),
                    "changed_by": maybe("string", "Who, where Boards tells."),
                    "changed_at": {
                        "anyOf": [time(), {"type": "null"}],
                        "description": "When, where Boards tells.",
                    },
                    "choice": word(*values(Choice), about="What is done about it now."),
                    "choices": listed(word(*values(Choice)), "What can be chosen."),
                }
            )
        ),
        **COMPLETE,
    },
    row=_BOARDS_ROW,
)
DOCUMENTS = (
    _FINDINGS,
    _DECISIONS,
    *_PLANS,
    *_APPROVALS,
    _RELEASE,
    _STATUS,
    _PREFLIGHT,
    _DOCTOR,
    _BOARDS,
)
