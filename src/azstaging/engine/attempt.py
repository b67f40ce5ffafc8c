"""One attempt on one item: look, decide again, write the intent, send once.

The window between the look and the request cannot be closed (the service has no precondition
header), only kept short: nothing stands between them but one durable journal record.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from azstaging.engine.ports import AzurePort, Clock
from azstaging.engine.reread import reread
from azstaging.engine.rulebook import RELEASE, Rulebook
from azstaging.errors import (
    AccessDeniedError,
    AuthenticationError,
    ConflictError,
    DeadlineReachedError,
    Effect,
    JournalError,
    NotFoundError,
    ServiceError,
    StagingError,
    ThrottledError,
    UnreachableError,
)
from azstaging.model.inventory import InventoryItem
from azstaging.model.plans import Attempt, Plan, PlanItem, Receipt, ReceiptState
from azstaging.model.records import NewRecord
from azstaging.providers import parse_item
from azstaging.rules import records
from azstaging.rules.fingerprint import changes, fingerprint
from azstaging.rules.narrowing import Narrowed
from azstaging.rules.readiness import (
    FIND_OUT,
    GATE,
    PLAN_AGAIN,
    READ_AGAIN,
    since_planned,
    unread_target,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempter:
    """What an attempt needs; ``append`` writes one record durably.

    Attributes:
        until: when plan and approvals end; no intent is written then or later.
        approvers: who approved the plan, by key.
        rulebook: the decisions and the request of the verb.
        late: asked right before the intent: True when no time is left to hear an answer.
    """

    plan: Plan
    until: datetime
    approvers: tuple[str, ...]
    azure: AzurePort
    case: Narrowed
    clock: Clock
    append: Callable[[NewRecord], None]
    rulebook: Rulebook = RELEASE
    late: Callable[[], bool] = bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """An item that was not sent, and why; nothing was changed."""

    item: PlanItem
    reason: str
    changes: tuple[str, ...] = ()
    next_step: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoEffect:
    """An attempt that had no effect.

    Attributes:
        general: the reason would meet the next item too: no answer, no token, no permission, too
            many requests.
    """

    receipt: Receipt
    general: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Disputed:
    """An attempt that was refused as in conflict: without effect, unless with our own request.

    Something on the way may deliver a request twice. Only reading until it is settled tells.
    """

    attempt: Attempt
    reason: str


# Not about the item: the next one would only use up its attempt, too.
_GENERAL = (
    AccessDeniedError,
    AuthenticationError,
    DeadlineReachedError,
    ThrottledError,
    UnreachableError,
)


# Conflicts of Resource Manager itself: the provider, which a first delivery would have reached,
# was never asked. https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting
_BEFORE_THE_PROVIDER = frozenset({"ScopeLocked", "MissingSubscriptionRegistration"})

# A process that was suspended after its intent must not send once others may have judged it.
_PROMPT = timedelta(seconds=30)


def look(attempter: Attempter, items: Sequence[PlanItem]) -> Refused | None:
    """Read items of a workload again before its first one, which `send` reads, is sent.

    Returns:
        The first item that is not as planned, or None when all are.

    Raises:
        DeadlineReachedError: there is no time left to read; nothing was sent.
    """
    for item in items:
        seen = _look(attempter, item)
        if isinstance(seen, Refused):
            return seen
    return None


def _look(attempter: Attempter, item: PlanItem) -> InventoryItem | Refused:
    known = attempter.case.find(item.id)
    if known is None:
        return Refused(item=item, reason="it is not in the inventory any more", next_step=FIND_OUT)
    try:
        row = reread(attempter.azure, known)
    except DeadlineReachedError:
        raise
    except StagingError as error:
        return Refused(
            item=item, reason=f"it could not be read again: {error}", next_step=error.advice()
        )
    if unread := unread_target(item, row):
        return Refused(item=item, reason=unread, next_step=READ_AGAIN)
    changed = changes(item.fingerprint, fingerprint(row))
    if changed:
        return Refused(
            item=item,
            reason=since_planned("it", attempter.plan),
            changes=changed,
            next_step=PLAN_AGAIN,
        )
    why = attempter.rulebook.why_not(attempter.case.around(row), row, attempter.clock())
    return Refused(item=item, reason=why, next_step=GATE) if why else row


def send(attempter: Attempter, item: PlanItem) -> Attempt | Disputed | NoEffect | Refused:
    """Look once more, write the intent, send the one request.

    Returns:
        Refused: it is not as planned; nothing was written or sent.
        NoEffect: the service refused the request, or it could not be sent.
        Disputed: the service refused it as in conflict, and the item is as planned.
        Attempt: it was sent; ``answered`` is False when the effect is unknown.

    Raises:
        DeadlineReachedError: no time is left to look or to send; nothing was written or sent.
        JournalError: the intent could not be written and nothing was sent; or, with effect
            unknown, the answer could not be written.
    """
    row = _look(attempter, item)
    if isinstance(row, Refused):
        return row
    request = attempter.rulebook.request_of(row.item)
    if request is None:
        reason = f"azstaging knows no stop of provider {row.item.provider}"
        return Refused(item=item, reason=reason, next_step="Stop the item in the portal.")
    if attempter.clock() >= attempter.until:
        return Refused(
            item=item,
            reason="the plan or its approval expired during the run",
            next_step="Have the plan approved again, or make a new one if it has expired.",
        )
    if attempter.late():
        raise DeadlineReachedError(f"No time is left to stop {item.name}; nothing was sent.")
    attempt = _attempt(attempter, item, row)
    attempter.append(records.intent_record(attempt, item.request))
    if attempter.clock() - attempt.at > _PROMPT:
        return NoEffect(receipt=_too_late(attempter, attempt), general=True)
    try:
        answer = attempter.azure.stop(
            request, item.request, client_request_id=attempt.client_request_id
        )
    except NotFoundError:
        # It went away between the look and the request: only reading can say who did it.
        return attempt
    except StagingError as error:
        return _after_refusal(attempter, item, row, attempt, error)
    try:
        attempter.append(records.sent_record(attempt, answer.job_id, answer.status))
    except JournalError as error:
        raise after_effect(error, f"The stop of {item.name} was sent and accepted") from error
    return replace(attempt, job_id=answer.job_id, answered=True)


def _after_refusal(
    attempter: Attempter,
    item: PlanItem,
    row: InventoryItem,
    attempt: Attempt,
    error: StagingError,
) -> Attempt | Disputed | NoEffect:
    if error.effect is not Effect.NONE:
        return attempt
    if isinstance(error, ConflictError) and error.code not in _BEFORE_THE_PROVIDER:
        if _is_as_planned(attempter, item, row):
            return Disputed(attempt=attempt, reason=str(error))
        return attempt
    receipt = _refusal(attempter, attempt, error)
    return NoEffect(receipt=receipt, general=isinstance(error, _GENERAL))


def _is_as_planned(attempter: Attempter, item: PlanItem, row: InventoryItem) -> bool:
    """Tell whether one read shows the item there and as planned, no job on it included."""
    try:
        fresh = parse_item(attempter.azure.get_item(row.id), row.item.collection)
    except StagingError:
        return False
    return not changes(item.fingerprint, fingerprint(replace(row, item=fresh)))


def after_effect(error: JournalError, what: str) -> JournalError:
    """Say of a journal that failed after requests had left what is and is not on record."""
    return JournalError(
        f"{error} {what}, and its intent is on record.",
        effect=Effect.UNKNOWN,
        advice="Mend the journal's place, then run the same command again: it reads what became "
        "of it and sends nothing twice.",
        seq=error.seq,
        broken=error.broken,
    )


def _attempt(attempter: Attempter, item: PlanItem, row: InventoryItem) -> Attempt:
    return Attempt(
        item_id=item.id,
        name=item.name,
        generation=item.generation,
        vault_id=item.vault_id,
        plan_digest=attempter.plan.digest,
        target_id=str(row.target.id) if row.target else "",
        at=attempter.clock(),
        ambiguous_name=attempter.case.is_ambiguous(row.name),
        client_request_id=records.request_id(attempter.plan.digest, item.id, item.generation),
        approvers=attempter.approvers,
    )


def _too_late(attempter: Attempter, attempt: Attempt) -> Receipt:
    waited = (attempter.clock() - attempt.at).total_seconds()
    reason = f"{waited:.0f} s went by after its intent was written, so it was not sent"
    return _without_effect(attempter, attempt, reason, "no request was sent")


def _refusal(attempter: Attempter, attempt: Attempt, error: StagingError) -> Receipt:
    if isinstance(error, AuthenticationError):
        witness = "no token was accepted"
    elif isinstance(error, ServiceError) and error.status:
        witness = f"HTTP {error.status}"
    else:
        witness = "no request was sent"
    reason = f"the request had no effect: {error}"
    return _without_effect(attempter, attempt, reason, witness)


def _without_effect(attempter: Attempter, attempt: Attempt, reason: str, witness: str) -> Receipt:
    return Receipt(
        item_id=attempt.item_id,
        name=attempt.name,
        generation=attempt.generation,
        plan_digest=attempt.plan_digest,
        state=ReceiptState.NONE,
        at=attempter.clock(),
        reason=reason,
        witnesses=(witness,),
    )
