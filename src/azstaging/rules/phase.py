"""The phase of an item: one table over the provider's facts, the target and the test machines.

The rows are tried from the top; the first that holds names the phase. Everything that is unknown
or in disagreement stands above everything that is good, so a new value of the service, or two
fields that tell different stories, can never end in ``staged``.
"""

from collections.abc import Callable
from dataclasses import dataclass

from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Phase
from azstaging.model.items import Cutover, Facts, Replication, TestMachine
from azstaging.model.machines import TargetMachine

_CUT_OVER = frozenset({Cutover.DONE, Cutover.DONE_WITH_NOTES})
_TARGET_WORKS = frozenset({"succeeded", "updating"})
_TARGET_FAULTY = frozenset({"failed", "deleting", "creating", "canceled"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseVerdict:
    """A phase, and what it was derived from, one short clause each."""

    phase: Phase
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """What the rows of the table look at."""

    facts: Facts
    target: TargetMachine | None
    target_unknown: bool
    test_machines: tuple[ResourceId, ...]

    @property
    def cut_over(self) -> bool:
        return self.facts.cutover in _CUT_OVER

    @property
    def provisioning(self) -> str:
        return self.target.provisioning_state.casefold() if self.target else ""

    @property
    def tested(self) -> bool:
        facts = self.facts
        return (
            facts.test is not TestMachine.NONE or facts.cleanup_allowed or bool(self.test_machines)
        )


def derive_phase(
    facts: Facts,
    target: TargetMachine | None,
    target_unknown: bool,
    test_machines: tuple[ResourceId, ...],
) -> PhaseVerdict:
    """Derive the phase of one item.

    Args:
        facts: what the provider made of the item's raw states.
        target: the VM that the migration made, or None when there is none.
        target_unknown: the target was not looked at or could not be read; ``target`` is None.
        test_machines: test machines found by looking for them.

    An item can be ``staged`` although its target was not looked at: the evidence says so, and the
    gate has to close on it by itself.
    """
    case = _Case(
        facts=facts,
        target=target,
        target_unknown=target_unknown,
        test_machines=test_machines,
    )
    phase, reason = next((phase, reason) for phase, reason, holds in _TABLE if holds(case))
    return PhaseVerdict(phase=phase, evidence=(reason, *_evidence(case)))


_Row = tuple[Phase, str, Callable[[_Case], bool]]

_TABLE: tuple[_Row, ...] = (
    (
        Phase.UNRECOGNISED,
        "the item has a value that is not known",
        lambda case: bool(case.facts.unrecognised),
    ),
    (
        Phase.REVERSED,
        "replication runs from Azure back to the source",
        lambda case: case.facts.reversed is True,
    ),
    (
        Phase.STOPPING,
        "replication is being stopped",
        lambda case: case.facts.replication is Replication.STOPPING,
    ),
    (
        Phase.FAILED,
        "stopping replication failed",
        lambda case: case.facts.replication is Replication.STOP_FAILED,
    ),
    (
        Phase.UNRECOGNISED,
        "the item does not tell where it stands",
        lambda case: (
            None in {case.facts.cutover, case.facts.replication, case.facts.test}
            or case.facts.reversed is None
        ),
    ),
    (
        Phase.CUTOVER_RUNNING,
        "the cutover is running",
        lambda case: case.facts.cutover is Cutover.RUNNING,
    ),
    (
        Phase.CONTRADICTION,
        "the cutover succeeded only in part",
        lambda case: case.facts.cutover is Cutover.PARTIAL,
    ),
    (
        Phase.CONTRADICTION,
        "the item says migrated, and its replication runs",
        lambda case: case.cut_over and case.facts.replication is not Replication.PAUSED,
    ),
    (
        Phase.CONTRADICTION,
        "the item says migrated, and there is no target machine",
        lambda case: case.cut_over and case.target is None and not case.target_unknown,
    ),
    (
        Phase.CONTRADICTION,
        "the item says migrated, and its target machine is not sound",
        lambda case: case.cut_over and case.provisioning in _TARGET_FAULTY,
    ),
    (
        Phase.UNRECOGNISED,
        "the target machine's provisioning state is not known",
        lambda case: (
            case.cut_over and case.target is not None and case.provisioning not in _TARGET_WORKS
        ),
    ),
    (Phase.STAGED, "migrated, replication not yet stopped", lambda case: case.cut_over),
    (
        Phase.FAILED,
        "the cutover failed",
        lambda case: case.facts.cutover is Cutover.FAILED,
    ),
    (
        Phase.FAILED,
        "replication failed",
        lambda case: case.facts.replication is Replication.FAILED,
    ),
    (
        Phase.TEST_MIGRATED,
        "not cut over, and a test machine is there",
        lambda case: case.tested,
    ),
    (
        Phase.PREPARING,
        "replication is being set up",
        lambda case: case.facts.replication is Replication.PREPARING,
    ),
    (
        Phase.PAUSED,
        "replication is paused, and the machine is not cut over",
        lambda case: case.facts.replication is Replication.PAUSED,
    ),
    (Phase.REPLICATING, "replicating, and not cut over", lambda _case: True),
)


def _evidence(case: _Case) -> tuple[str, ...]:
    facts = case.facts
    clauses = [
        *facts.unrecognised,
        f"cutover: {facts.cutover.value if facts.cutover else 'not told'}",
        f"replication: {facts.replication.value if facts.replication else 'not told'}",
        f"test machine: {facts.test.value if facts.test else 'not told'}",
        _target_clause(case),
    ]
    if case.test_machines:
        clauses.append(f"test machines found: {', '.join(m.name for m in case.test_machines)}")
    return tuple(clauses)


def _target_clause(case: _Case) -> str:
    if case.target is not None:
        state = case.target.provisioning_state or "not told"
        power = case.target.power or "not told"
        return f"target: {case.target.name}, provisioning {state}, power {power}"
    return "target: was not looked at" if case.target_unknown else "target: none found"
