"""What all three collections share: identity, job, health errors, and the guard of a stop."""

from functools import lru_cache
from typing import NamedTuple

from azstaging.errors import ConfigurationError, UnexpectedResponseError
from azstaging.model.bodies import packed_later
from azstaging.model.ids import ResourceId, vault_of
from azstaging.model.items import (
    Collection,
    HealthError,
    JsonObject,
    ReplicatedItem,
)
from azstaging.providers.fields import Fields, as_id, as_text
from azstaging.providers.interface import Details

ABSENT = "absent"


class NoText(NamedTuple):
    """What stands where a state belongs, and is neither text nor null."""

    shown: str


State = str | NoText | None
Idle = tuple[bool | None, tuple[str, ...]]
"""Whether no job runs (None: not told), and what was not understood."""

_CONTAINER = ("vaults", "replicationfabrics", "replicationprotectioncontainers")
# What stands at the even places of an item's id, and the namespace of its resource type.
_SHAPES = {
    Collection.MIGRATION_ITEMS: (
        "microsoft.recoveryservices",
        (*_CONTAINER, "replicationmigrationitems"),
    ),
    Collection.PROTECTED_ITEMS: (
        "microsoft.recoveryservices",
        (*_CONTAINER, "replicationprotecteditems"),
    ),
    Collection.DATA_REPLICATION: (
        "microsoft.datareplication",
        ("replicationvaults", "protecteditems"),
    ),
}


def id_of(body: object) -> ResourceId:
    """Return the id of an item.

    Raises:
        UnexpectedResponseError: the body has no usable ARM id.
    """
    item_id = as_id(Fields(body).value("id"))
    if item_id is None:
        raise UnexpectedResponseError(
            "A replicated item came without a usable ARM id; nothing was read from it and "
            "nothing was changed.",
            pointer="/id",
        )
    return item_id


def place_of(item_id: ResourceId, collection: Collection) -> tuple[ResourceId, str, str]:
    """Return vault, fabric and container of an item.

    Raises:
        ConfigurationError: the id is none of an item of the collection.
    """
    held, place = _below(item_id.text.rpartition("/")[0])
    if held is not collection:
        raise ConfigurationError(f"{item_id} is none of the {collection.value} of a vault.")
    return place


@lru_cache(maxsize=4096)
def _below(parent: str) -> tuple[Collection | None, tuple[ResourceId, str, str]]:
    """Tell what lies below a path, and where that is; thousands of items share one."""
    place, child = ResourceId(parent), ResourceId(f"{parent}/x")
    held = next((each for each in Collection if is_item_of(child, each)), None)
    names = dict(zip(place.key.split("/")[1::2], place.segments[1::2], strict=False))
    return held, (
        vault_of(place),
        names.get("replicationfabrics", ""),
        names.get("replicationprotectioncontainers", ""),
    )


def is_item_of(item_id: ResourceId, collection: Collection) -> bool:
    """Tell whether an id addresses exactly one item of ``collection``.

    A stop is built for no other id: the DELETE that stops a migration item is the purge of a
    protected item, and one segment less addresses the whole container.
    """
    namespace, types = _SHAPES[collection]
    segments = [segment.casefold() for segment in item_id.segments]
    return (
        segments[::2] == ["subscriptions", "resourcegroups", "providers", *types]
        and len(segments) % 2 == 0
        and segments[5] == namespace
        and all(segments)
    )


def job_name(job: object) -> str:
    """Return the name of the running job; "" when the service says "None", null or nothing."""
    fields = Fields(job)
    name = fields.text("jobName", "scenarioName").strip()
    return "" if name.casefold() == "none" else name


def idle_of(item: ReplicatedItem, field: str) -> Idle:
    """Tell from ``currentJob`` or ``currentScenario`` whether no job runs; None is not told."""
    if field not in item.raw:
        return None, (f"{field}={ABSENT}",)
    job = item.raw[field]
    if job is not None and not isinstance(job, dict):
        return None, (f"{field}={shown(job)}",)
    return not item.running_job, ()


def state_of(item: ReplicatedItem, field: str) -> State:
    """Return a raw state, `ABSENT` where it is not told."""
    given = item.raw.get(field, ABSENT)
    return given if given is None or isinstance(given, str) else NoText(shown(given))


def shown(value: object) -> str:
    """Return a raw value as it is listed among the unrecognised ones."""
    if isinstance(value, NoText):
        return value.shown
    if isinstance(value, str):
        return value or '""'
    return as_text(value) or ("null" if value is None else type(value).__name__)


def assemble(
    item_id: ResourceId,
    details: Details,
    *,
    body: JsonObject,
    health_errors: tuple[HealthError, ...] = (),
    collection: Collection,
    name: str,
    provider: str,
    generation: str,
    allowed_operations: tuple[str, ...],
    running_job: str,
    health: str,
    raw: JsonObject,
    failover_health: str = "",
) -> ReplicatedItem:
    """Put an item together from its envelope and from what its provider read.

    Raises:
        UnexpectedResponseError: the id is none of an item of the collection.
    """
    try:
        vault_id, fabric, container = place_of(item_id, collection)
    except ConfigurationError as error:
        raise UnexpectedResponseError(
            f"{item_id} was listed as a replicated item, and is the id of no item among the "
            f"{collection.value} of a vault; nothing was read from it and nothing was changed.",
            pointer="/id",
            resource_id=item_id.text,
        ) from error
    return ReplicatedItem(
        id=item_id,
        name=name or item_id.name,
        provider=provider,
        collection=collection,
        vault_id=vault_id,
        fabric=fabric,
        container=container,
        generation=generation.strip() or None,
        health=health,
        failover_health=failover_health,
        health_errors=health_errors,
        raw=raw,
        allowed_operations=allowed_operations,
        running_job=running_job,
        detailed=details.detailed,
        source_id=details.source_id,
        target_id=details.target_id,
        test_target_id=details.test_target_id,
        test_target_name=details.test_target_name,
        settings=details.settings,
        source=details.source,
        disks=details.disks,
        nics=details.nics,
        last_recovery_point=details.last_recovery_point,
        rpo_seconds=details.rpo_seconds,
        body=packed_later(body),
    )


def raw_of(properties: Fields, specific: Fields, names: tuple[str, ...]) -> JsonObject:
    """Return the named state fields exactly as given, in this order; the envelope's win."""
    found = specific.picked(names) | properties.picked(names)
    return {name: found[name] for name in names if name in found}


def health_errors_of(properties: Fields) -> tuple[HealthError, ...]:
    """Read the health errors of an item, in the order of the service."""
    # Two lists in 2016-08-10, one since.
    names = ("healthErrors", "replicationHealthErrors", "failoverHealthErrors")
    return tuple(_health_error(error) for name in names for error in properties.objects(name))


def _health_error(error: Fields) -> HealthError:
    return HealthError(
        code=error.text("errorCode", "code"),
        level=error.text("errorLevel", "severity"),
        message=(error.text("errorMessage", "message") or error.text("summaryMessage", "summary")),
        advice=error.text("recommendedAction", "recommendation").strip(),
    )
