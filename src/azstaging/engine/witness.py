"""What must be so before the first stop is sent: its jobs can be read, and it may be sent at all.

Without the jobs no stop could be proven; without the permission each would use up an attempt.
"""

from collections.abc import Iterable
from datetime import datetime

from azstaging.engine.ports import AzurePort
from azstaging.errors import (
    AccessDeniedError,
    DeadlineReachedError,
    StagingError,
    ThrottledError,
)
from azstaging.model.ids import ResourceId
from azstaging.model.items import StopRequest
from azstaging.model.plans import PlanItem
from azstaging.rules.preflight import allows
from azstaging.rules.roles import stop_action


def require_jobs(azure: AzurePort, items: Iterable[PlanItem], now: datetime) -> None:
    """Read the jobs of each vault once; without them no stop could be followed or proven.

    Raises:
        AccessDeniedError: this identity may not read them; ``permission`` names the action.
        ServiceError: they could not be read for another reason.
    """
    for vault in sorted({ResourceId(item.vault_id) for item in items}):
        _read(azure, vault, now)


def _read(azure: AzurePort, vault: ResourceId, now: datetime) -> None:
    try:
        azure.list_jobs(vault, now)
    except AccessDeniedError as error:
        action = error.permission or "Microsoft.RecoveryServices/vaults/replicationJobs/read"
        raise AccessDeniedError(
            f"The jobs of {vault.name} cannot be read, so no stop in it could be proven: "
            f"this identity lacks {action}. Nothing was sent.",
            permission=action,
            advice="Grant that action at the vault (azstaging rbac prints the role), "
            "then run the same command again.",
            status=error.status,
            code=error.code,
            request_id=error.request_id,
            resource_id=error.resource_id,
            operation=error.operation,
        ) from error


def require_permission(azure: AzurePort, items: Iterable[PlanItem]) -> None:
    """Read once per vault what this identity may do; each refused stop would use up an attempt.

    What cannot be read is not known to be missing: the request itself tells.

    Raises:
        DeadlineReachedError, ThrottledError: nothing more can be read now.
        AccessDeniedError: it may not stop an item; ``permission`` names the action.
    """
    needed: dict[ResourceId, dict[str, str]] = {}
    for item in items:
        action = stop_action(_stop_of(item))
        needed.setdefault(ResourceId(item.vault_id), {}).setdefault(action, item.name)
    for vault in sorted(needed):
        try:
            given = azure.list_permissions(vault)
        except (DeadlineReachedError, ThrottledError):
            raise  # the next read would be refused as well
        except StagingError:
            continue
        for action, name in needed[vault].items():
            if not allows(given, action):
                raise AccessDeniedError(
                    f"{name} cannot be stopped: this identity lacks {action} at {vault.name}. "
                    "Nothing was sent.",
                    permission=action,
                    advice="Grant that action at the vault (azstaging rbac prints the role), "
                    "then run the same command again.",
                    resource_id=vault.text,
                )


def _stop_of(item: PlanItem) -> StopRequest:
    action = "remove" if item.request.method == "POST" else ""
    return StopRequest(
        operation="", method=item.request.method, id=ResourceId(item.id), action=action
    )
