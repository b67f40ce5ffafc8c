"""Resolve open intents of earlier runs by reading, before anything else is done.

An open intent is never sent again. It ends as done, failed, none or unknown, with a receipt that
says why; or it stays open because its job still runs or ``settle`` has not passed.
"""

from collections.abc import Callable, Sequence

from azstaging.engine.follow import Follower, follow, observe
from azstaging.errors import DeadlineReachedError
from azstaging.model.plans import Attempt, Receipt, ReceiptState
from azstaging.rules.outcome import judge


def resolve(
    follower: Follower, open_attempts: Sequence[Attempt], write: Callable[[Receipt], None]
) -> tuple[Receipt, ...]:
    """Follow the open attempts of earlier runs to their end.

    Args:
        follower: its deadline bounds the waiting; ``settle`` counts from each intent's time.
        open_attempts: from the folded journal.
        write: called once per receipt; must write it to the journal.

    Raises:
        DeadlineReachedError: some are still open; nothing new was sent.
    """
    receipts: list[Receipt] = []

    def settled(receipt: Receipt) -> None:
        write(receipt)
        receipts.append(receipt)

    left = follow(follower, open_attempts, settled)
    if left:
        first = min(left, key=lambda attempt: attempt.at)
        what = "attempt is" if len(left) == 1 else "attempts are"
        raise DeadlineReachedError(
            f"{len(left):,} earlier {what} still open, {first.name} since "
            f"{first.at:%Y-%m-%d %H:%M} UTC; nothing new was sent."
        )
    return tuple(receipts)


def reconsider(
    follower: Follower, unknown: Sequence[Attempt], write: Callable[[Receipt], None]
) -> tuple[Receipt, ...]:
    """Look once more at attempts whose last receipt says unknown; what is known now is written.

    A job that waited for a person, or an item that nobody could read, may have come to an end.
    """
    receipts = []
    for attempt, seen in observe(follower, unknown):
        receipt = judge(attempt, seen, settle=follower.settle)
        if receipt is not None and receipt.state is not ReceiptState.UNKNOWN:
            write(receipt)
            receipts.append(receipt)
    return tuple(receipts)
