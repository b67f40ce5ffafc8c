"""A backup item of Azure Backup: REST JSON -> what it says of the machine that it protects."""

from azstaging.model.ids import ResourceId
from azstaging.model.items import JsonObject
from azstaging.model.surroundings import Backup
from azstaging.model.times import parse_time
from azstaging.providers.fields import Fields


def backup_from(body: JsonObject, vault: ResourceId) -> tuple[ResourceId, Backup] | None:
    """Return the machine and its backup, or None: the item names no machine.

    A soft-deleted item says ``isScheduledForDeferredDelete``; it protects nothing.
    """
    properties = Fields(body).object("properties")
    machine = properties.id("virtualMachineId") or properties.id("sourceResourceId")
    if machine is None:
        return None
    deleted = properties.flag("isScheduledForDeferredDelete") is True
    state = "SoftDeleted" if deleted else properties.text("protectionState")
    point = parse_time(properties.value("lastRecoveryPoint"))
    return machine, Backup(vault=vault.name, state=state, last_point=point)
