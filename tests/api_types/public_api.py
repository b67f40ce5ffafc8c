"""The public API as its users' type checkers see it. Checked by mypy, never run.

A signature that changes in a way that breaks callers fails here first.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from azure.core.credentials import TokenCredential
from typing_extensions import assert_type

import azstaging as az
from azstaging.model.findings import Finding
from azstaging.model.inventory import Gap, InventoryItem
from azstaging.model.plans import PlannedRequest, Principal, Receipt
from azstaging.model.report import JobHistory
from azstaging.rules.status import Status


def configuration(environ: Mapping[str, str]) -> az.Configuration:
    """A configuration comes from a file, from the working folder, or from defaults."""
    assert_type(az.load_configuration("azstaging.toml"), az.Configuration)
    assert_type(az.load_configuration(Path("azstaging.toml"), environ=environ), az.Configuration)
    config = az.Configuration()
    config.journal_url = "estate"  # type: ignore[misc]  # frozen
    return config


def journal(path: str | Path) -> None:
    """A journal is opened for writing or for reading, and closes itself."""
    with az.Journal.open(path) as opened:
        assert_type(opened, az.Journal)
        assert_type(opened.id, str)
        assert_type(opened.head, tuple[int, str])
        assert_type(opened.folder, Path)
    assert_type(az.Journal.read(path).verify().ok, bool)
    assert_type(az.Journal.verify_at(path, head="0" * 64).count, int)
    assert_type(az.Journal.read(path).export("estate.zip"), Path)
    az.Journal.adopt(path)  # type: ignore[call-arg]  # needs a reason
    assert_type(az.Journal.adopt(path, reason="moved to the new server"), az.Journal)


def construction(
    credential: TokenCredential,
    config: az.Configuration,
    opened: az.Journal,
    progress: Callable[[str, int, int], None],
    deadline: datetime,
) -> az.Staging:
    """Everything has a default; the credential is any of azure-core."""
    az.Staging()
    az.Staging(credential)
    az.Staging(credential, config, opened)  # type: ignore[call-arg]  # the journal is named
    az.Staging("a token")  # type: ignore[arg-type]  # a token is no credential
    return az.Staging(credential, config, journal=opened, progress=progress, deadline=deadline)


def reading(staging: az.Staging) -> None:
    """What is read, compared and found."""
    inventory = staging.inventory()
    assert_type(inventory, az.Inventory)
    assert_type(inventory.complete, bool)
    assert_type(inventory.expected, int | None)
    assert_type(inventory.gaps, tuple[Gap, ...])
    assert_type(inventory.find("/subscriptions/0"), InventoryItem | None)
    assert_type([row.id for row in inventory], list[az.ResourceId])
    assert_type(inventory.rows(wide=True), list[dict[str, Any]])
    assert_type(dict(inventory.columns(wide=True)), dict[str, type])
    inventory.items = ()  # type: ignore[misc]  # frozen
    assert_type(staging.baseline(inventory), tuple[Path, ...])

    diff = staging.diff(inventory)
    assert_type(diff, az.Diff)
    assert_type(diff.where("act", "suspicious"), az.Diff)
    assert_type(staging.drift(inventory), az.Drift)
    assert_type(diff.counts(), dict[str, int])

    assert_type(staging.check(inventory), az.Findings)
    assert_type(staging.check(inventory, diff), az.Findings)
    assert_type(staging.evidence(), az.Findings)
    assert_type(staging.evidence().not_passed(), tuple[Finding, ...])


def deciding(
    staging: az.Staging,
    inventory: az.Inventory,
    findings: az.Findings,
    diff: az.Diff,
    policy: az.Policy,
) -> None:
    """What is decided, and what is made of it."""
    decisions = staging.decide(inventory, findings, diff)
    assert_type(decisions, az.Decisions)
    assert_type(staging.decide(inventory), az.Decisions)
    assert_type(staging.decide(inventory, policy=policy), az.Decisions)
    assert_type(decisions.open, tuple[az.GateOpen, ...])
    assert_type(decisions.closed, tuple[az.GateClosed, ...])
    for decision in decisions:
        if isinstance(decision, az.GateOpen):
            assert_type(decision.item_ids, tuple[az.ResourceId, ...])
        else:
            assert_type(decision, az.GateClosed)
            assert_type(decision.reasons[0].next_step, str)

    paths = staging.report("out/", inventory, findings, diff, decisions)
    assert_type(paths, tuple[Path, ...])
    jobs = staging.job_history(inventory)
    assert_type(jobs, JobHistory)
    staging.report("out/", inventory, findings, diff, decisions, jobs=jobs, views=["manager"])
    assert_type(staging.boards(inventory, findings, diff, decisions), az.BoardsResult)
    assert_type(staging.boards(inventory, findings, diff, decisions, apply=True), az.BoardsResult)


def releasing(staging: az.Staging, decisions: az.Decisions) -> None:
    """What is planned, approved and released: in this order, from the values before."""
    plan = staging.plan(decisions.open)
    assert_type(plan, az.Plan)
    staging.plan(decisions.closed)  # type: ignore[arg-type]  # a closed gate cannot be planned
    staging.plan(decisions)  # type: ignore[arg-type]  # nor can all of them
    assert_type(az.plan_bytes(plan), bytes)
    assert_type(az.plan_from(b"", expected_digest="sha256:0"), az.Plan)

    staging.approve(plan)  # type: ignore[call-arg]  # an approval says why
    assert_type(staging.approve(plan, comment="CHG-4471"), az.Approval)
    assert_type(staging.principal(), Principal | None)

    staging.release(plan, True)  # type: ignore[call-arg]  # what cannot be undone is spelt out
    result = staging.release(plan, execute=True)
    assert_type(result, az.ReleaseResult)
    assert_type(staging.preview(plan), az.ReleaseResult)
    assert_type(result.receipts, tuple[Receipt, ...])
    assert_type(result.requests, tuple[tuple[str, PlannedRequest], ...])
    assert_type(staging.status(), Status)


def giving_up(staging: az.Staging, item: az.ResourceId, inventory: az.Inventory) -> None:
    """What was not migrated is given up by a verb of its own; and what helps around a release."""
    staging.plan_abandon([item])  # type: ignore[call-arg]  # giving up says why
    plan = staging.plan_abandon([item, "/subscriptions/0"], reason="CHG-7")
    assert_type(plan, az.Plan)
    staging.abandon(plan, True)  # type: ignore[call-arg]  # what cannot be undone is spelt out
    assert_type(staging.abandon(plan, execute=True), az.ReleaseResult)
    assert_type(staging.approve(plan, comment="CHG-7", hours=4), az.Approval)
    assert_type(staging.sign_approval(plan, comment="CHG-7"), bytes)
    assert_type(staging.accept_approval(plan, b""), az.Approval)
    assert_type(staging.preflight(inventory).ok, bool)
    assert_type(staging.residue().known, bool)


def failing(staging: az.Staging, plan: az.Plan) -> str:
    """What is raised, and what it carries."""
    try:
        staging.release(plan)
    except az.PlanRefusedError as refused:
        assert_type(refused.code, str)
        assert_type(refused.changes, tuple[str, ...])
    except az.AccessDeniedError as denied:
        assert_type(denied.permission, str)
    except az.ThrottledError as throttled:
        assert_type(throttled.retry_after_seconds, float)
    except az.ServiceError as said_no:
        assert_type(said_no.status, int | None)
    except az.StagingError as error:
        assert_type(error.effect, az.Effect)
        return error.advice()
    return az.__version__


az.Stagin()  # type: ignore[attr-defined]  # a misspelt name is not a public one
