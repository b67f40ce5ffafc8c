"""All checks, listed one by one. A new check is one file, one line here, and its cases."""

from azstaging.checks.backup_item import backup_item
from azstaging.checks.baseline_present import baseline_present
from azstaging.checks.boot_diagnostics import boot_diagnostics
from azstaging.checks.console import console
from azstaging.checks.diff_clean import diff_clean
from azstaging.checks.encryption import encryption
from azstaging.checks.endpoint_reachable import endpoint_reachable
from azstaging.checks.guest_command import guest_command
from azstaging.checks.imported_results import imported_results
from azstaging.checks.interface import Check, ItemContext, WorkloadContext
from azstaging.checks.licence import licence
from azstaging.checks.locks import locks
from azstaging.checks.managed_identity import managed_identity
from azstaging.checks.migration_notes import migration_notes
from azstaging.checks.monitoring_agent import monitoring_agent
from azstaging.checks.no_running_job import no_running_job
from azstaging.checks.performance import performance
from azstaging.checks.phase_staged import phase_staged
from azstaging.checks.recovery_point import recovery_point
from azstaging.checks.replication_health import replication_health
from azstaging.checks.source_off import source_off
from azstaging.checks.tags import tags
from azstaging.checks.target_placement import target_placement
from azstaging.checks.target_running import target_running
from azstaging.checks.test_migration_cleaned import test_migration_cleaned
from azstaging.checks.workload_suite import workload_suite
from azstaging.model.decisions import Policy

ITEM_CHECKS: tuple[Check[ItemContext], ...] = (
    backup_item,
    baseline_present,
    boot_diagnostics,
    console,
    diff_clean,
    encryption,
    licence,
    locks,
    managed_identity,
    migration_notes,
    monitoring_agent,
    no_running_job,
    performance,
    phase_staged,
    recovery_point,
    replication_health,
    source_off,
    tags,
    target_placement,
    target_running,
    test_migration_cleaned,
)
"""The checks of one item, sorted by id."""

WHOLE_WORKLOAD_CHECKS: tuple[Check[WorkloadContext], ...] = (
    endpoint_reachable,
    guest_command,
    workload_suite,
)
"""The checks of a whole workload, sorted by id."""

IMPORTED_CHECKS: tuple[Check[WorkloadContext], ...] = (imported_results,)
"""Checks of a workload that only an import makes findings of."""

CHECKS: tuple[Check[ItemContext] | Check[WorkloadContext], ...] = tuple(
    sorted((*ITEM_CHECKS, *WHOLE_WORKLOAD_CHECKS, *IMPORTED_CHECKS), key=lambda check: check.id)
)
"""Every check, sorted by id."""

WORKLOAD_CHECKS = frozenset(check.id for check in (*WHOLE_WORKLOAD_CHECKS, *IMPORTED_CHECKS))
"""Ids of the checks whose subject is a workload, not an item."""


def check_by_id(id: str) -> Check[ItemContext] | Check[WorkloadContext] | None:
    """Return the check with this id, or None."""
    return next((check for check in CHECKS if check.id == id), None)


def item_checks(policy: Policy) -> tuple[Check[ItemContext], ...]:
    """Return the checks of an item that run under a policy, sorted by id."""
    listed = {*policy.required, *policy.advisory}
    return tuple(each for each in ITEM_CHECKS if not each.on_request or each.id in listed)


def workload_checks(policy: Policy) -> tuple[Check[WorkloadContext], ...]:
    """Return the checks of a workload that run under a policy, sorted by id."""
    listed = {*policy.required, *policy.advisory}
    return tuple(each for each in WHOLE_WORKLOAD_CHECKS if not each.on_request or each.id in listed)
