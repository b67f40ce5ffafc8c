"""What a step of an Azure Migrate wave is told: for open gates only, bounded, as text."""

from datetime import datetime, timezone

import pytest

from azstaging.errors import ConfigurationError, GateClosedError
from azstaging.model.decisions import Decisions, GateClosed, GateOpen, Reason
from azstaging.model.ids import ResourceId
from azstaging.rules.wave_step import COMMENT_CHARACTERS, completion_of

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


@pytest.mark.parametrize(
    ("workloads", "known"),
    [
        (["payroll"], decisions(closed=("payroll",))),
        (["payroll", "intranet"], decisions("payroll", closed=("intranet",))),
        (["payroll"], decisions("intranet")),
        (["payroll"], decisions()),
    ],
)
def test_a_gate_that_is_not_open_completes_nothing(workloads: list[str], known: Decisions) -> None:
    with pytest.raises(GateClosedError, match="Nothing was sent"):
        completion_of(EXECUTION, "verify", workloads, known)


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
