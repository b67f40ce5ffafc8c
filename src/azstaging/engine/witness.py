"""What proves a stop must be readable before the first one is sent: the jobs of each vault."""

from collections.abc import Iterable
from datetime import datetime

from azstaging.engine.ports import AzurePort
from azstaging.errors import AccessDeniedError
from azstaging.model.ids import ResourceId
from azstaging.model.plans import PlanItem


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
