"""The policy and its waivers, linted before anything runs."""

import difflib
from collections.abc import Iterable
from datetime import datetime

from azstaging.checks import CHECKS
from azstaging.config_fields import Table
from azstaging.errors import ConfigurationError
from azstaging.model.decisions import Policy, Waiver
from azstaging.model.ids import parse_id
from azstaging.model.waves import Workload
from azstaging.rules.gate import NEVER_WAIVABLE, WAIVER_LIFETIME

DEFAULT_REQUIRED = (
    "baseline-present",
    "diff-clean",
    "no-running-job",
    "phase-staged",
    "source-off",
    "target-placement",
    "target-running",
    "test-migration-cleaned",
)


def policy_from(table: Table) -> Policy:
    """Read ``[gate]``.

    Raises:
        ConfigurationError: a value is wrong, or a check does not exist.
    """
    policy = Policy(
        required=table.texts("required", DEFAULT_REQUIRED),
        advisory=table.texts("advisory"),
        lifetimes=table.lifetimes("lifetimes"),
        flaky_passes=table.integer("flaky_passes", 2, least=2),
        approvals=table.integer("approvals", 1, least=1),
        approval_hours=table.integer("approval_hours", 8, least=1, most=72),
        plan_hours=table.integer("plan_hours", 24, least=1, most=168),
        settle_seconds=table.integer("settle_seconds", 900, least=1, most=86_400),
        max_stops_per_hour=table.optional_integer("max_stops_per_hour", least=1),
        accept_unprovable_target=table.flag("accept_unprovable_target", default=False),
    )
    table.finish()
    for key in ("required", "advisory"):
        for listed in getattr(policy, key):
            _require_check(listed, table.name(key))
    for listed, _ in policy.lifetimes:
        _require_check(listed, table.name("lifetimes"))
    return policy


def waiver_from(table: Table, workloads: Iterable[Workload]) -> Waiver:
    """Read one ``[[waiver]]``.

    Raises:
        ConfigurationError: a value is missing or wrong, the check does not exist or cannot be
            waived, the waiver ends before it begins or lasts too long, or what it is for is
            none of the workloads and no resource id.
    """
    item = table.text("item")
    created: datetime = table.required_time("created")
    waiver = Waiver(
        check=table.required_text("check"),
        subject=item or table.required_text("workload"),
        reason=table.required_text("reason"),
        category=table.required_text("category"),
        approver=table.required_text("approver"),
        ticket=table.required_text("ticket"),
        created=created,
        expires=table.required_time("expires"),
    )
    table.finish()
    _require_check(waiver.check, table.name("check"))
    if waiver.expires <= waiver.created:
        raise ConfigurationError(f"{table.name('expires')} is not later than its created.")
    if waiver.check in NEVER_WAIVABLE:
        raise ConfigurationError(f"The check {waiver.check} cannot be waived.")
    if waiver.expires - waiver.created > WAIVER_LIFETIME:
        raise ConfigurationError(
            f"The waiver of {waiver.check} lasts longer than {WAIVER_LIFETIME.days} days."
        )
    if not item:
        _require_workload(waiver.subject, table.name("workload"), workloads)
    elif parse_id(item) is None:
        raise ConfigurationError(
            f"{table.name('item')} {item!r} is no resource id: a name may belong to another item.",
            advice="azstaging inventory -o json shows the id of each item.",
        )
    return waiver


def _require_workload(name: str, where: str, workloads: Iterable[Workload]) -> None:
    known = [workload.name for workload in workloads]
    if name.casefold() not in {each.casefold() for each in known}:
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        hint = f"; did you mean {near[0]!r}?" if near else "."
        raise ConfigurationError(f"{where}: there is no workload {name!r}{hint}")


def _require_check(id: str, where: str) -> None:
    """Refuse a check that does not exist: a misspelt one would waive or require nothing."""
    known = [check.id for check in CHECKS]
    if id not in known:
        near = difflib.get_close_matches(id, known, n=1, cutoff=0.5)
        hint = f"; did you mean {near[0]!r}?" if near else ". docs/checks.md lists them."
        raise ConfigurationError(f"{where}: there is no check {id!r}{hint}")
