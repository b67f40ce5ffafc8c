"""Every error that leaves azstaging.

    StagingError                  .effect: NONE | DONE | UNKNOWN     .advice()
    |-- ConfigurationError        a setting, file or argument is wrong (also ValueError)
    |-- AuthenticationError       no token, or the service refused it
    |-- ServiceError              the service said no, or nothing
    |   |-- AccessDeniedError     403; .permission names the missing action
    |   |-- NotFoundError         404; .gateway: ARM itself answered, not the resource provider
    |   |-- ConflictError         409, 412
    |   |-- ThrottledError        429 beyond the cap; .retry_after_seconds
    |   |-- UnreachableError      no answer; effect UNKNOWN for a change that was sent
    |   `-- UnexpectedResponseError   not the documented shape
    |-- GateClosedError           nothing is open to plan
    |-- PlanRefusedError          plan or approval stale, expired, unapproved, foreign
    |-- JournalError              cannot append, or cannot be trusted
    |-- LeaseHeldError            another run holds the vault
    `-- DeadlineReachedError      time is up; run again

``effect`` answers the one question that matters after a failed change: did it happen?
``advice()`` says what a person should do next.
"""

import enum


class Effect(enum.Enum):
    """What a failed operation did to Azure."""

    NONE = "none"
    DONE = "done"
    UNKNOWN = "unknown"


class StagingError(Exception):
    """Base of every error of this package; carries ``effect`` and ``advice()``."""

    default_advice = "Read the message above; nothing was changed in Azure."

    def __init__(
        self, message: str, *, effect: Effect = Effect.NONE, advice: str | None = None
    ) -> None:
        super().__init__(message)
        self.effect = effect
        self._advice = advice

    def advice(self) -> str:
        """Say what to do next, in one sentence."""
        return self._advice or self.default_advice


class ConfigurationError(StagingError, ValueError):
    """A setting, a file or an argument is wrong; nothing was sent."""

    default_advice = "Correct what is named above and run the command again."


class AuthenticationError(StagingError):
    """No token could be had, or the service refused the one that was sent (401)."""

    default_advice = "Sign in (az login), or name the identity to use; --debug shows what failed."


class ServiceError(StagingError):
    """The service answered with an error, or did not answer.

    Attributes:
        status: HTTP status, or None when there was no answer.
        code: error code in the body, or "".
        request_id: the service's request id, or "".
        resource_id: the resource that was addressed.
        operation: the method and what it was for.
    """

    default_advice = "Try again; if it persists, give the request id to Azure support."

    def __init__(
        self,
        message: str,
        *,
        effect: Effect = Effect.NONE,
        advice: str | None = None,
        status: int | None = None,
        code: str = "",
        request_id: str = "",
        resource_id: str = "",
        operation: str = "",
    ) -> None:
        super().__init__(message, effect=effect, advice=advice)
        self.status = status
        self.code = code
        self.request_id = request_id
        self.resource_id = resource_id
        self.operation = operation


class AccessDeniedError(ServiceError):
    """403. ``permission`` is the exact action string that is missing, or ""."""

    default_advice = "Grant the named action to this identity (azstaging rbac prints the roles)."

    def __init__(self, message: str, *, permission: str = "", **kw: object) -> None:
        super().__init__(message, **kw)  # type: ignore[arg-type]
        self.permission = permission


class NotFoundError(ServiceError):
    """404. ``gateway`` is True when ARM itself answered: vault or group missing, not the item."""

    default_advice = "Check the id; the resource may have been deleted or moved."

    def __init__(self, message: str, *, gateway: bool = False, **kw: object) -> None:
        super().__init__(message, **kw)  # type: ignore[arg-type]
        self.gateway = gateway


class ConflictError(ServiceError):
    """409 or 412: another job runs, a lock holds, or the resource changed under us."""

    default_advice = "Read the resource again; something else works on it."


class ThrottledError(ServiceError):
    """The service asks to wait longer than the cap, or keeps answering 429."""

    default_advice = "Wait, then run again; what was read is kept."

    def __init__(self, message: str, *, retry_after_seconds: float = 0.0, **kw: object) -> None:
        super().__init__(message, **kw)  # type: ignore[arg-type]
        self.retry_after_seconds = retry_after_seconds


class UnreachableError(ServiceError):
    """No answer. For a change that was sent the effect is UNKNOWN: read, never send again."""

    default_advice = "Check network, proxy and endpoint, then run again."


class UnexpectedResponseError(ServiceError):
    """The answer does not have the documented shape; ``pointer`` is where."""

    default_advice = "Nothing was concluded from this answer; report it with the request id."

    def __init__(self, message: str, *, pointer: str = "", **kw: object) -> None:
        super().__init__(message, **kw)  # type: ignore[arg-type]
        self.pointer = pointer


class GateClosedError(StagingError):
    """Nothing is open: every gate in the selection is closed."""

    default_advice = "azstaging plan lists each reason with its next step."


class PlanRefusedError(StagingError):
    """A plan or an approval does not hold.

    Attributes:
        code: stale | expired | unapproved | own-approval | foreign-journal | digest | recomputed |
            no-baseline.
        changes: for a stale plan, one line per thing that changed.
    """

    default_advice = "Make a new plan and have it approved."

    def __init__(
        self, message: str, *, code: str, changes: tuple[str, ...] = (), **kw: object
    ) -> None:
        super().__init__(message, **kw)  # type: ignore[arg-type]
        self.code = code
        self.changes = changes


_DAMAGED = (
    "Do not edit it: find out who changed it, and go on with a copy that azstaging journal verify "
    "calls ok."
)


class JournalError(StagingError):
    """The journal cannot be appended to, or does not verify.

    Attributes:
        seq: first bad record, or None.
        broken: True when the chain does not verify, False for an I/O problem.
    """

    default_advice = "Do not edit the journal; azstaging journal verify names the first bad record."

    def __init__(
        self, message: str, *, seq: int | None = None, broken: bool = False, **kw: object
    ) -> None:
        if broken:
            kw.setdefault("advice", _DAMAGED)
        super().__init__(message, **kw)  # type: ignore[arg-type]
        self.seq = seq
        self.broken = broken


class LeaseHeldError(StagingError):
    """Another run holds the lease of a vault or the lock of the journal."""

    default_advice = (
        "Wait until the other run ends, then run again; azstaging status says what is open."
    )


class DeadlineReachedError(StagingError):
    """The time budget is used up; what was recorded so far is in the journal."""

    default_advice = "Run the same command again, with more time; what the journal has is kept."
