"""What the official client asks before its first call: API locations and resource areas.

Source: documented route templates and versions of REST API 7.1; location ids are those that the
official client sends.
"""

from typing import Any

WORK_ITEM_TRACKING = "5264459e-e5e0-4bd8-b118-0985e68a4ec5"

_WORK_ITEMS = "_apis/{area}/workItems"
# id, resource, route template, resource version
_LOCATIONS = (
    (
        "62d3d110-0047-428c-ad3c-4fe872c91c74",
        "workItems",
        "{project}/_apis/{area}/{resource}/${type}",
        3,
    ),
    (
        "72c7ddf8-2cdc-4f60-90cd-ab71c14a399b",
        "workItems",
        "{project}/_apis/{area}/{resource}/{id}",
        3,
    ),
    ("1a9c53f7-f243-4447-b110-35ef023636e4", "wiql", "{project}/{team}/_apis/{area}/{resource}", 2),
    (
        "908509b6-4248-4475-a1cd-829139ba419f",
        "workItemsBatch",
        "{project}/_apis/{area}/{resource}",
        1,
    ),
    (
        "7c9d7a76-4a09-43e8-b5df-bd792f4ac6aa",
        "states",
        "{project}/_apis/{area}/workItemTypes/{type}/{resource}",
        1,
    ),
    (
        "7c8d7a76-4a09-43e8-b5df-bd792f4ac6aa",
        "workItemTypes",
        "{project}/_apis/{area}/{resource}/{type}",
        2,
    ),
    (
        "6570bf97-d02c-4a91-8d93-3abe9895b1a9",
        "updates",
        "{project}/" + _WORK_ITEMS + "/{id}/{resource}/{updateNumber}",
        3,
    ),
    (
        "a00c85a5-80fa-4565-99c3-bcd2181434bb",
        "revisions",
        "{project}/" + _WORK_ITEMS + "/{id}/{resource}/{revisionNumber}",
        3,
    ),
    (
        "608aac0a-32e1-4493-a863-b9cf4566d257",
        "comments",
        "{project}/" + _WORK_ITEMS + "/{workItemId}/{resource}/{commentId}",
        4,
    ),
    (
        "b51fd764-e5c2-4b9b-aaf7-3395cf4bdd94",
        "fields",
        "{project}/_apis/{area}/{resource}/{fieldNameOrRefName}",
        3,
    ),
    (
        "f5d33bc9-5b49-4a3c-a9bd-f3cd46dd2165",
        "workItemRelationTypes",
        "_apis/{area}/{resource}/{relation}",
        2,
    ),
)


def resource_locations() -> list[dict[str, Any]]:
    """Return the answer to ``OPTIONS {organization}/_apis``, without its envelope."""
    rows = [_location(key, "wit", name, route, version) for key, name, route, version in _LOCATIONS]
    areas = ("e81700f7-3be2-46de-8624-2eb35882fcaa", "ResourceAreas", "_apis/{resource}/{areaId}")
    return [*rows, _location(areas[0], "Location", areas[1], areas[2], 1)]


def _location(id: str, area: str, resource: str, template: str, version: int) -> dict[str, Any]:
    return {
        "id": id,
        "area": area,
        "resourceName": resource,
        "routeTemplate": template,
        "resourceVersion": version,
        "minVersion": "1.0",
        "maxVersion": "7.1",
        "releasedVersion": "7.1",
    }


def resource_areas(location_url: str) -> list[dict[str, Any]]:
    """Return the answer to ``GET {organization}/_apis/resourceAreas``, without its envelope."""
    return [{"id": WORK_ITEM_TRACKING, "name": "wit", "locationUrl": location_url}]
