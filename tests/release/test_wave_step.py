"""A step of an Azure Migrate wave: completed once, and only by gates that are decided again."""

from collections.abc import Callable
from typing import Any

import pytest

from azstaging.emulator.waves import WaveStep
from azstaging.errors import ConfigurationError, ConflictError, GateClosedError
from azstaging.model.records import RecordType

Make = Callable[..., Any]
FILES = {"Files": ("file-01",)}


@pytest.fixture
def wave(bench: Make) -> Any:
    """One healthy workload with an open gate, and two steps that wait."""
    b = bench(FILES, also={"releaser": ("Microsoft.Migrate/*",)})
    subscription = b.azure.estate.subscriptions[0].id
    project = f"/subscriptions/{subscription}/resourceGroups/rg/providers/Microsoft.Migrate/"
    b.execution = f"{project}migrateProjects/p/runbooks/wave-1/executions/e1"
    b.steps = {"verify": WaveStep(), "approve": WaveStep(kind="Approval")}
    b.state.executions[b.execution.casefold()] = b.steps
    return b


def complete(wave: Any, staging: Any, step: str = "verify", **options: Any) -> Any:
    return staging.complete_step(wave.execution, step, ["Files"], **options)


def test_a_step_is_completed_once_with_evidence_that_is_on_record(wave: Any) -> None:
    wave.check(wave.as_("planner"))
    staging = wave.as_("releaser")
    dry = complete(wave, staging, report_url="https://reports.contoso.example/1")
    assert wave.steps["verify"] == WaveStep(), "a dry run"
    assert not wave.changes
    done = complete(wave, staging, execute=True)
    assert wave.steps["verify"] == WaveStep(state="Succeeded", comments=[done.comment])
    for part in ("gate open for Files", "https://reports.contoso.example/1"):
        assert part in dry.comment
    sequence, digest = staging.journal.head
    assert f"journal: record {sequence}, {digest}" in done.comment
    last = wave.records(RecordType.DECISION)[-1]
    assert last.seq == sequence, "the decision that the comment names"
    with pytest.raises(ConflictError):
        complete(wave, staging, execute=True)
    assert len(wave.changes) == 2


def test_a_decision_that_was_open_before_is_not_believed(wave: Any) -> None:
    decisions = wave.check(wave.as_("planner"))
    assert [each.workload for each in decisions.open] == ["Files"]
    staging = wave.as_("releaser")
    complete(wave, staging)
    # Its evidence is no longer fresh; the value that said "open" still lies around.
    wave.clock.sleep(30 * 24 * 3600)
    staging = wave.as_("releaser")
    for execute in (False, True):
        with pytest.raises(GateClosedError, match="Nothing was sent"):
            complete(wave, staging, execute=execute)
    assert wave.steps["verify"] == WaveStep()
    assert not wave.changes


def test_what_azure_says_now_decides_and_not_what_was_read_before(wave: Any) -> None:
    wave.check(wave.as_("planner"))
    staging = wave.as_("releaser")
    complete(wave, staging)
    item = wave.state.item_id("file-01")
    wave.state.change(item, {"properties.migrationState": "MigrationFailed"})
    with pytest.raises(GateClosedError):
        complete(wave, staging, execute=True)
    assert not wave.changes


def test_without_checks_or_without_a_journal_nothing_is_completed(wave: Any) -> None:
    staging = wave.as_("releaser")
    with pytest.raises(GateClosedError):
        complete(wave, staging, execute=True)
    staging.journal = None
    with pytest.raises(ConfigurationError, match="needs a journal"):
        complete(wave, staging, execute=True)
    assert not wave.changes


def test_an_approval_is_refused_by_the_service_and_said(wave: Any) -> None:
    wave.check(wave.as_("planner"))
    with pytest.raises(ConflictError):
        complete(wave, wave.as_("releaser"), "approve", execute=True)
    assert wave.steps["approve"] == WaveStep(kind="Approval")


def test_a_run_that_looks_through_something_completes_no_step(wave: Any) -> None:
    wave.check(wave.as_("planner"))
    staging = wave.as_("releaser")
    staging.look_through(lambda azure: azure)
    head = staging.journal.head
    with pytest.raises(ConfigurationError, match="complete_step cannot change Azure through"):
        complete(wave, staging, execute=True)
    assert staging.journal.head == head
    assert wave.steps["verify"] == WaveStep()
    assert not wave.changes
    assert complete(wave, staging).comment, "a dry run is reading"
