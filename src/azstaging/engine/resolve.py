"""Resolve open intents of earlier runs by reading, before anything else is done.

An open intent is never sent again. It ends as done, failed, none or unknown, with a receipt that
says why; or it stays open because its job still runs or ``settle`` has not passed.
"""

from collections.abc import Callable, Sequence

from azstaging.engine.follow import Follower, follow
from azstaging.model.plans import Attempt, Receipt


def resolve(
    follower: Follower, open_attempts: Sequence[Attempt], settled: Callable[[Receipt], None]
) -> tuple[Attempt, ...]:
    """Follow the open attempts of earlier runs to their end.

    Args:
        follower: its deadline bounds the waiting; ``settle`` counts from each intent's time.
        open_attempts: from the folded journal.
        settled: called once per receipt; must write it to the journal.

    Returns:
        What is still open.
    """
    return follow(follower, open_attempts, settled) if open_attempts else ()
