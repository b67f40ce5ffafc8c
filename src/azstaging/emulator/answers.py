"""What the emulator answers: a status, headers and JSON; and the errors in ARM's words."""

from dataclasses import dataclass, field
from typing import Any

from azstaging.emulator.addresses import stable_guid

Json = dict[str, Any]
GATEWAY = {"x-ms-failure-cause": "gateway"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One response; ``body`` None is an empty body."""

    status: int
    body: Json | None = None
    headers: dict[str, str] = field(default_factory=dict)


def error(status: int, code: str, message: str, **headers: str) -> Answer:
    """Return an error that ARM itself answers."""
    body = {"error": {"code": code, "message": message}}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, body=body, headers={**GATEWAY, **named})


def item_not_found(name: str) -> Answer:
    """Return the resource provider's own 404: the vault is there, the item is not."""
    message = f"The resource '{name}' could not be found."
    detail = {
        "code": "ArmResourceDoesNotExist",
        "message": message,
        "possibleCauses": "The resource was deleted or never existed.",
        "recommendedAction": "Refresh and try again.",
        "clientRequestId": stable_guid("client request", name),
        "activityId": stable_guid("activity", name),
    }
    body = {"error": {"code": "NotFound", "message": message, "details": [detail]}}
    headers = {"Content-Type": "application/json", "Server": "Kestrel"}
    return Answer(status=404, body=body, headers=headers)


def resource_not_found(kind: str, group: str) -> Answer:
    """Return ARM's 404: the resource was never handed to its provider."""
    return error(
        404,
        "ResourceNotFound",
        f"The Resource '{kind}' under resource group '{group}' was not found. "
        "For more details please go to https://aka.ms/ARMResourceNotFoundFix",
    )


def forbidden(who: str, oid: str, action: str, scope: str) -> Answer:
    """Return 403 with the exact action in its message."""
    return error(
        403,
        "AuthorizationFailed",
        f"The client '{who}' with object id '{oid}' does not have authorization to perform "
        f"action '{action}' over scope '{scope}' or the scope is invalid. If access was "
        "recently granted, please refresh your credentials.",
    )


def locked(scope: str, lock_scope: str, operation: str) -> Answer:
    """Return 409 because a management lock holds."""
    return error(
        409,
        "ScopeLocked",
        f"The scope '{scope}' cannot perform {operation} operation because following scope(s) "
        f"are locked: '{lock_scope}'. Please remove the lock and try again.",
    )


def busy(name: str) -> Answer:
    """Return 409 because a job runs on the item already."""
    message = f"Another operation is in progress on '{name}'."
    detail = {
        "code": "OperationInProgress",
        "message": message,
        "possibleCauses": "A job runs on this item.",
        "recommendedAction": "Wait for the job to end.",
        "clientRequestId": stable_guid("client request", name),
        "activityId": stable_guid("activity", name),
    }
    body = {"error": {"code": "Conflict", "message": message, "details": [detail]}}
    return Answer(status=409, body=body)


def bad_request(message: str) -> Answer:
    """Return 400 of the resource provider."""
    return Answer(status=400, body={"error": {"code": "BadRequest", "message": message}})


def not_allowed(name: str, operation: str) -> Answer:
    """Return 400 because the item's allowed operations lack this one."""
    return bad_request(f"The operation '{operation}' is not allowed on '{name}' now.")
