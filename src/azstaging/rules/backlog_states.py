"""Which state a work item should have, in the words of the project's own process."""

from collections.abc import Iterable, Mapping

from azstaging.errors import ConfigurationError
from azstaging.model.backlog import BacklogSettings, State, TypeRules, Wish

PROPOSED, IN_PROGRESS = "Proposed", "InProgress"
RESOLVED, COMPLETED, REMOVED = "Resolved", "Completed", "Removed"
CATEGORIES = (PROPOSED, IN_PROGRESS, RESOLVED, COMPLETED)
MIXED = "mixed"
# A follow-up: people move it as they like, as long as it is not closed before it is done.
OPEN, DONE = "open", "done"

CATEGORY_OF_PHASE: Mapping[str, str] = {
    "preparing": PROPOSED,
    "replicating": PROPOSED,
    "paused": PROPOSED,
    "test-migrated": IN_PROGRESS,
    "cutover-running": IN_PROGRESS,
    "staged": IN_PROGRESS,
    "stopping": IN_PROGRESS,
    "failed": IN_PROGRESS,
    "reversed": IN_PROGRESS,
    "contradiction": IN_PROGRESS,
    "unrecognised": IN_PROGRESS,
    MIXED: IN_PROGRESS,
    # A receipt proves it; everything before that is still somebody's work.
    "released": COMPLETED,
    DONE: COMPLETED,
    OPEN: PROPOSED,
}
_CLOSED = (COMPLETED, REMOVED)
# A process without the category: the nearest one that does not close the work item.
_NEAREST: Mapping[str, tuple[str, ...]] = {
    PROPOSED: (PROPOSED, IN_PROGRESS),
    IN_PROGRESS: (IN_PROGRESS, PROPOSED),
    RESOLVED: (RESOLVED, IN_PROGRESS, PROPOSED),
    COMPLETED: (COMPLETED, RESOLVED),
}
_DEFAULT_TYPES = {
    "workload": ("Product Backlog Item", "User Story", "Requirement", "Issue"),
    "item": ("Task",),
    "follow-up": ("Task",),
}


def check_states(settings: BacklogSettings, rules: Iterable[TypeRules]) -> None:
    """Check the configured states against the process.

    Raises:
        ConfigurationError: a phase is unknown, or a state is neither a category nor a state of
            any of the types.
    """
    known = {s.name.casefold(): s.name for rule in rules for s in rule.states}
    categories = {category.casefold() for category in CATEGORIES}
    for phase, state in settings.states.items():
        if phase not in CATEGORY_OF_PHASE:
            raise ConfigurationError(
                f"boards.states.{phase}: there is no such phase; known are "
                f"{', '.join(CATEGORY_OF_PHASE)}. Nothing was written to Boards."
            )
        if state.casefold() not in known and state.casefold() not in categories:
            raise ConfigurationError(
                f"boards.states.{phase} = {state!r} is no state of these work item types; they "
                f"have {', '.join(sorted(known.values()))}. Nothing was written to Boards."
            )


def choose_type(level: str, types: Iterable[str]) -> str:
    """Return the type that a process has for ``workload``, ``item`` or ``follow-up``.

    Raises:
        ConfigurationError: it has none that we know; the setting must name one.
    """
    present = tuple(types)
    for name in _DEFAULT_TYPES[level]:
        if name in present:
            return name
    setting = level.replace("-", "_") + "_type"
    raise ConfigurationError(
        f"This project's process has none of {', '.join(_DEFAULT_TYPES[level])}; set "
        f"boards.{setting} to one of {', '.join(present)}. Nothing was written to Boards."
    )


def target(wish: Wish, rules: TypeRules, current: str) -> tuple[str, str]:
    """Return what the state should be, and the name to set for it.

    The first is comparable (`values_of`): ``state:name`` where a name is configured, else
    ``category:name``. Any state of the right category is right: a person who moves a work item
    from New to Approved does not disagree with us.
    """
    if wish.phase == OPEN and rules.category_of(current) not in _CLOSED:
        return "open:yes", current
    named = rules.named(wish.state) if wish.state else None
    if named is not None:
        return f"state:{named.name.casefold()}", named.name
    wanted = next((c for c in CATEGORIES if c.casefold() == wish.state.casefold()), "")
    wanted = wanted or CATEGORY_OF_PHASE.get(wish.phase, IN_PROGRESS)
    for category in _NEAREST[wanted]:
        states = [state for state in rules.states if state.category == category]
        if states:
            name = _prefer(states, current).name
            return ("open:yes" if wish.phase == OPEN else f"category:{category}"), name
    return values_of(rules, current)[0], current


def _prefer(states: list[State], current: str) -> State:
    same = (state for state in states if state.name.casefold() == current.casefold())
    return next(same, states[0])


def values_of(rules: TypeRules, state: str) -> tuple[str, ...]:
    """Return a state as comparable values: by category, by name, and whether it is open."""
    category = rules.category_of(state)
    is_open = "no" if category in _CLOSED else "yes"
    return f"category:{category}", f"state:{state.casefold()}", f"open:{is_open}"
