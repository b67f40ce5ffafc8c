"""The phase table against every combination of facts, targets and test machines."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Phase
from azstaging.model.items import Cutover, Facts, Replication, TestMachine
from azstaging.model.machines import TargetMachine
from azstaging.rules.phase import PhaseVerdict, derive_phase

MACHINES = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines"
TEST_VM = (ResourceId(f"{MACHINES}/app01-Test"),)
SOUND = {"succeeded", "updating"}
NO_TARGET = object()
UNREAD = object()
TARGETS = (NO_TARGET, UNREAD, "Succeeded", "Updating", "Failed", "Creating", "Deleting", "", "New")


def _facts(**changes: Any) -> Facts:
    told: dict[str, Any] = {
        "cutover": Cutover.DONE,
        "replication": Replication.PAUSED,
        "test": TestMachine.NONE,
        "reversed": False,
        "stop_allowed": True,
        "cleanup_allowed": False,
        "idle": True,
    }
    return Facts(**{**told, **changes})


def _target(state: object) -> TargetMachine | None:
    if not isinstance(state, str):
        return None
    vm_id = ResourceId(f"{MACHINES}/app01")
    return TargetMachine(id=vm_id, name="app01", provisioning_state=state, power="running")


def _verdicts() -> Iterator[tuple[Facts, object, tuple[ResourceId, ...], PhaseVerdict]]:
    combinations = product(
        (None, *Cutover),
        (None, *Replication),
        (None, *TestMachine),
        (None, False, True),
        ((), ("protectionState=New",)),
        TARGETS,
        ((), TEST_VM),
    )
    for cutover, replication, test, reverse, unknown, state, tests in combinations:
        facts = _facts(
            cutover=cutover,
            replication=replication,
            test=test,
            reversed=reverse,
            unrecognised=unknown,
        )
        verdict = derive_phase(facts, _target(state), state is UNREAD, tests)
        yield facts, state, tests, verdict


def test_only_a_recognised_resting_cutover_with_a_sound_target_is_staged() -> None:
    staged = 0
    for facts, state, _tests, verdict in _verdicts():
        sound = state is UNREAD or (isinstance(state, str) and state.casefold() in SOUND)
        expected = (
            facts.cutover in {Cutover.DONE, Cutover.DONE_WITH_NOTES}
            and facts.replication is Replication.PAUSED
            and facts.test is not None
            and facts.reversed is False
            and not facts.unrecognised
            and sound
        )
        assert (verdict.phase is Phase.STAGED) == expected, (facts, state)
        staged += expected
    assert staged == 2 * 3 * 3 * 2


def test_anything_unknown_is_unrecognised_unless_a_stop_or_a_reversal_says_more() -> None:
    for facts, _state, _tests, verdict in _verdicts():
        if facts.unrecognised:
            assert verdict.phase is Phase.UNRECOGNISED
        elif None in (facts.cutover, facts.replication, facts.test, facts.reversed):
            explained = {Phase.REVERSED, Phase.STOPPING, Phase.FAILED, Phase.UNRECOGNISED}
            assert verdict.phase in explained


def test_a_test_machine_before_the_cutover_is_never_hidden() -> None:
    hiding = {Phase.REPLICATING, Phase.PAUSED, Phase.PREPARING, Phase.STAGED}
    for facts, _state, tests, verdict in _verdicts():
        tested = facts.test in {TestMachine.RUNNING, TestMachine.OUTSTANDING} or bool(tests)
        if facts.cutover is Cutover.NONE and tested:
            assert verdict.phase not in hiding


def test_an_item_is_never_released_by_its_states_alone() -> None:
    assert all(verdict.phase is not Phase.RELEASED for *_, verdict in _verdicts())


@pytest.mark.parametrize(
    ("changes", "state", "clause"),
    [
        ({}, "Succeeded", "migrated, replication not yet stopped"),
        ({}, NO_TARGET, "target: none found"),
        ({}, UNREAD, "target: was not looked at"),
        ({}, "Failed", "target: app01, provisioning Failed, power running"),
        ({"cutover": None}, "Succeeded", "cutover: not told"),
        ({"unrecognised": ("activeLocation=Moon",)}, "Succeeded", "activeLocation=Moon"),
        ({"replication": Replication.ACTIVE}, "Succeeded", "replication: active"),
    ],
)
def test_evidence_says_what_the_phase_was_derived_from(
    changes: dict[str, Any], state: object, clause: str
) -> None:
    verdict = derive_phase(_facts(**changes), _target(state), state is UNREAD, ())
    assert clause in verdict.evidence


def test_evidence_names_the_test_machines_that_were_found() -> None:
    verdict = derive_phase(_facts(), _target("Succeeded"), False, TEST_VM)
    assert "test machines found: app01-Test" in verdict.evidence


def test_a_clean_up_that_is_allowed_counts_as_a_test_machine() -> None:
    facts = _facts(cutover=Cutover.NONE, replication=Replication.ACTIVE, cleanup_allowed=True)
    assert derive_phase(facts, None, False, ()).phase is Phase.TEST_MIGRATED
