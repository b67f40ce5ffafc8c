"""What all three collections share: identity, job, health errors, and the guard of a stop."""

from azstaging.errors import ConfigurationError, UnexpectedResponseError
from azstaging.model.ids import ResourceId, vault_of
from azstaging.model.items import (
    Collection,
    HealthError,
    JsonObject,
    ReplicatedItem,
    TestMachine,
)
from azstaging.providers.fields import Fields, as_id, as_text

ABSENT = "absent"
_CONTAINER = "microsoft.recoveryservices/vaults/replicationfabrics/replicationprotectioncontainers"
_TYPES = {
    Collection.MIGRATION_ITEMS: f"{_CONTAINER}/replicationmigrationitems",
    Collection.PROTECTED_ITEMS: f"{_CONTAINER}/replicationprotecteditems",
    Collection.DATA_REPLICATION: "microsoft.datareplication/replicationvaults/protecteditems",
}


def identity_of(body: object) -> tuple[ResourceId, ResourceId]:
    """Return the item's id and its vault's id.

    Raises:
        UnexpectedResponseError: there is no ARM id, or it does not lie in a vault.
    """
    found = Fields(body).value("id")
    item_id = as_id(found)
    if item_id is None:
        raise UnexpectedResponseError(
            "A replicated item came without a usable ARM id; nothing was read from it and "
            "nothing was changed.",
            pointer="/id",
        )
    try:
        return item_id, vault_of(item_id)
    except ConfigurationError as error:
        raise UnexpectedResponseError(
            f"The replicated item {item_id} does not lie in a vault; nothing was read from it "
            "and nothing was changed.",
            pointer="/id",
            resource_id=item_id.text,
        ) from error


def is_of(item: ReplicatedItem, collection: Collection) -> bool:
    """Tell whether the item's id really addresses one item of ``collection``.

    A stop is built for no other id: the DELETE that stops a migration item is the purge of a
    protected item, and one segment less addresses the whole container.
    """
    return item.collection is collection and item.id.resource_type == _TYPES[collection]


def job_name(job: object) -> str:
    """Return the name of the running job; "" when the service says "None", null or nothing."""
    fields = Fields(job)
    name = fields.text("jobName", "scenarioName").strip()
    return "" if name.casefold() == "none" else name


def idle_of(item: ReplicatedItem, field: str) -> tuple[bool | None, tuple[str, ...]]:
    """Tell from ``currentJob`` or ``currentScenario`` whether no job runs; None is not told."""
    if field not in item.raw:
        return None, (f"{field}={ABSENT}",)
    job = item.raw[field]
    if job is not None and not isinstance(job, dict):
        return None, (f"{field}={shown(job)}",)
    return not item.running_job, ()


def shown(value: object) -> str:
    """Return a raw value as it is listed among the unrecognised ones."""
    if isinstance(value, str):
        return value or '""'
    return as_text(value) or ("null" if value is None else type(value).__name__)


def outstanding(test: TestMachine | None, *, cleanup_allowed: bool) -> TestMachine | None:
    """Return the test fact: what can be cleaned up is there, whatever the state says."""
    return TestMachine.OUTSTANDING if cleanup_allowed else test


def health_errors_of(properties: Fields) -> tuple[HealthError, ...]:
    """Read health errors of every api-version, in the order of the service."""
    names = ("healthErrors", "replicationHealthErrors", "failoverHealthErrors")
    return tuple(_health_error(error) for name in names for error in properties.objects(name))


def _health_error(error: Fields) -> HealthError:
    return HealthError(
        code=error.text("errorCode", "code"),
        level=error.text("errorLevel", "severity"),
        message=(error.text("errorMessage", "message") or error.text("summaryMessage", "summary")),
        advice=error.text("recommendedAction", "recommendation").strip(),
    )


def generation_of(properties: Fields, name: str) -> str | None:
    """Return the correlation id of this replication, or None when it is not told."""
    return properties.text(name).strip() or None


def raw_of(properties: Fields, details: Fields, names: tuple[str, ...]) -> JsonObject:
    """Return the named state fields exactly as given; those of the envelope win."""
    return dict(details.pick(names)) | dict(properties.pick(names))
