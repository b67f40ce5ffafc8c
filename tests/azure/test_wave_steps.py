"""Evidence on a step of an Azure Migrate wave: for open gates only, and once."""

from collections.abc import Iterator
from datetime import datetime, timezone

import msgspec
import pytest

from azstaging.azure import connect
from azstaging.azure.connection import AzureConnection
from azstaging.azure.wavesteps import WaveSteps
from azstaging.config import CloudSettings
from azstaging.emulator.estate import Identity
from azstaging.emulator.sample import sample_estate
from azstaging.emulator.server import Emulator
from azstaging.emulator.waves import WaveStep
from azstaging.engine.wave_steps import complete_step
from azstaging.errors import ConfigurationError, ConflictError, GateClosedError
from azstaging.model.decisions import Decisions, GateClosed, GateOpen, Reason
from azstaging.model.ids import ResourceId
from azstaging.rules.wave_step import COMMENT_CHARACTERS, StepCompletion, completion_of

AT = datetime(2026, 3, 18, 9, 0, tzinfo=timezone.utc)
SUBSCRIPTION = "/subscriptions/11111111-0000-4000-8000-000000000001"
PROJECT = f"{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Migrate/migrateProjects/p"
EXECUTION = ResourceId(f"{PROJECT}/runbooks/wave-1/executions/e1")
HEAD = (968, "ab" * 32)


def opened(name: str) -> GateOpen:
    return GateOpen(workload=name, at=AT, item_ids=(EXECUTION,), evidence=(1,))


def decisions(*names: str, closed: tuple[str, ...] = ()) -> Decisions:
    reason = Reason(code="missing-evidence", detail="none", next_step="Run the check.")
    shut = [GateClosed(workload=n, at=AT, item_ids=(), reasons=(reason,)) for n in closed]
    return Decisions(at=AT, decisions=(*map(opened, names), *shut))


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    mover = Identity(
        name="mover", oid="m", upn="m@contoso.example", actions=("Microsoft.Migrate/*",)
    )
    with Emulator(msgspec.structs.replace(sample_estate(), identities=(mover,))) as azure:
        subscription = next(iter(azure.estate.subscriptions)).id
        global_id = str(EXECUTION).replace(SUBSCRIPTION, f"/subscriptions/{subscription}")
        azure.state.executions[global_id.casefold()] = {
            "verify": WaveStep(),
            "approve": WaveStep(kind="Approval"),
        }
        yield azure


@pytest.fixture
def execution(emulator: Emulator) -> ResourceId:
    return ResourceId(next(iter(emulator.state.executions)))


@pytest.fixture
def azure(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[AzureConnection]:
    monkeypatch.setenv("AZSTAGING_TOKEN", emulator.token("mover"))
    with connect(CloudSettings(arm_endpoint=emulator.url), None) as connection:
        yield connection


def test_a_step_is_completed_with_the_evidence(
    emulator: Emulator, azure: AzureConnection, execution: ResourceId
) -> None:
    step = emulator.state.executions[execution.key]["verify"]
    port = WaveSteps(azure.session)
    gates = decisions("payroll")

    def complete(*, execute: bool) -> StepCompletion:
        return complete_step(
            port,
            execution,
            "verify",
            ["payroll"],
            gates,
            report_url="https://reports.contoso.example/1",
            head=HEAD,
            execute=execute,
        )

    dry = complete(execute=False)
    assert (step.state, step.comments) == ("AwaitingUserAction", []), "a dry run"
    complete(execute=True)
    assert (step.state, step.comments) == ("Succeeded", [dry.comment])
    for part in ("gate open for payroll", "https://reports.contoso.example/1", "record 968, abab"):
        assert part in dry.comment
    with pytest.raises(ConflictError):
        complete(execute=True)
    assert len(step.comments) == 1


@pytest.mark.parametrize(
    ("workloads", "known"),
    [
        (["payroll"], decisions(closed=("payroll",))),
        (["payroll", "intranet"], decisions("payroll", closed=("intranet",))),
        (["payroll"], decisions("intranet")),
        (["payroll"], decisions()),
    ],
)
def test_a_gate_that_is_not_open_completes_nothing(
    emulator: Emulator,
    azure: AzureConnection,
    execution: ResourceId,
    workloads: list[str],
    known: Decisions,
) -> None:
    with pytest.raises(GateClosedError, match="Nothing was sent"):
        complete_step(WaveSteps(azure.session), execution, "verify", workloads, known, execute=True)
    assert azure.counts == {}
    assert emulator.state.executions[execution.key]["verify"].comments == []


def test_an_approval_is_refused_by_the_service_and_said(
    azure: AzureConnection, execution: ResourceId
) -> None:
    with pytest.raises(ConflictError):
        complete_step(
            WaveSteps(azure.session), execution, "approve", ["a"], decisions("a"), execute=True
        )


@pytest.mark.parametrize(
    ("id_", "step"),
    [
        (PROJECT, "verify"),
        (str(EXECUTION).replace("executions", "definitions"), "verify"),
        (f"{EXECUTION}/more", "verify"),
        (str(EXECUTION), ".."),
        (str(EXECUTION), ""),
    ],
)
def test_what_is_no_step_of_an_execution_is_refused(id_: str, step: str) -> None:
    with pytest.raises(ConfigurationError):
        completion_of(ResourceId(id_), step, ["a"], decisions("a"))
    with pytest.raises(ConfigurationError, match="none was named"):
        completion_of(EXECUTION, "verify", [], decisions("a"))


def test_a_comment_is_bounded_and_hostile_names_are_text() -> None:
    names = [f"workload-{number:04}" for number in range(300)]
    comment = completion_of(EXECUTION, "verify", names, decisions(*names), head=HEAD).comment
    assert len(comment) <= COMMENT_CHARACTERS
    assert "more" in comment
    assert comment.endswith(HEAD[1]), "the proof is never what is cut"
    hostile = "pay\nroll\u202e\x1b[2J"
    lines = completion_of(EXECUTION, "v", [hostile], decisions(hostile)).comment.splitlines()
    assert len(lines) == 1
    assert "\x1b" not in lines[0]
    assert "\u202e" not in lines[0]
