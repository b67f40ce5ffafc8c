"""The pace of a run: what the journal says was begun, as it is now, other runs included."""

from azstaging.engine.ports import JournalPort
from azstaging.model.decisions import Policy
from azstaging.rules.history import History
from azstaging.rules.pace import Pace


def pace_of(policy: Policy, past: History, journal: JournalPort | None = None) -> Pace:
    """Return the pace by the journal; nothing is read where there is no limit.

    Args:
        policy: its ``max_stops_per_hour``.
        past: the journal folded, as it was.
        journal: what was appended since counts as well: a container has several writers.

    Raises:
        JournalError: it cannot be read, so nobody knows what was begun.
    """
    if policy.max_stops_per_hour is None:
        return Pace(limit=None)
    known = past if journal is None else journal.history()
    return Pace(limit=policy.max_stops_per_hour, begun=known.intended())
