"""Azure Resource Graph: candidates across subscriptions, in few reads.

Its index lags and it leaves out what the caller may not read, so it is never gate evidence.
"""

import json
from collections.abc import Iterable, Sequence

from azstaging.azure.api_versions import RESOURCE_GRAPH
from azstaging.azure.bodies import Json
from azstaging.azure.session import MAX_PAGES, ArmSession
from azstaging.errors import UnexpectedResponseError
from azstaging.model.ids import ResourceId

_PATH = "/providers/Microsoft.ResourceGraph/resources"
_PAGE_ROWS = 1000
# The service advises to stay below about 300 subscriptions per query.
_SUBSCRIPTIONS = 250


class ResourceGraph:
    """Queries over the subscriptions that are named, never over whatever is visible."""

    def __init__(self, session: ArmSession) -> None:
        self._session = session

    def query(self, text: str, subscription_ids: Sequence[str]) -> list[Json]:
        """Run a KQL query and return all its rows. It should ``order by id``, or paging ends.

        Azure: Resources, POST /providers/Microsoft.ResourceGraph/resources

        Raises:
            UnexpectedResponseError: rows are missing, or the result is cut.
            ServiceError: the query or the service failed.
        """
        rows: list[Json] = []
        for start in range(0, len(subscription_ids), _SUBSCRIPTIONS):
            scope = list(subscription_ids[start : start + _SUBSCRIPTIONS])
            rows += self._all_pages(text, scope)
        return rows

    def list_candidates(self, subscription_ids: Sequence[str]) -> list[Json]:
        """List protected items as Resource Graph knows them; migration items are not in it."""
        kind = "microsoft.recoveryservices/vaults/replicationfabrics"
        kind += "/replicationprotectioncontainers/replicationprotecteditems"
        text = f"recoveryservicesresources | where type =~ '{kind}' | order by id asc"
        return self.query(text, subscription_ids)

    def find_by_id(self, ids: Iterable[ResourceId]) -> list[Json]:
        """Return the rows of table ``resources`` with these ids, in the order of the service."""
        wanted = sorted({one.validated() for one in ids})
        subscriptions = sorted({one.subscription_id for one in wanted if one.subscription_id})
        if not wanted:
            return []
        # The ids travel as one JSON literal; no name is ever written into the query's text.
        literal = json.dumps([one.key for one in wanted], ensure_ascii=True)
        text = f"resources | where tolower(id) in (dynamic({literal})) | order by id asc"
        return self.query(text, subscriptions)

    def _all_pages(self, text: str, subscriptions: list[str]) -> list[Json]:
        rows: list[Json] = []
        token, seen = "", set[str]()
        while True:
            options: Json = {"resultFormat": "objectArray", "$top": _PAGE_ROWS}
            if token:
                options["$skipToken"] = token
            body = {"query": text, "subscriptions": subscriptions, "options": options}
            page = self._session.post_read(_PATH, RESOURCE_GRAPH, body)
            rows += _rows(page)
            token = _next(page, len(rows), seen)
            if not token:
                return rows


def _rows(page: Json) -> list[Json]:
    rows = page.get("data")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _unexpected("an answer without rows", "/data")
    return rows


def _next(page: Json, read: int, seen: set[str]) -> str:
    """Return the token of the next page, or "" when everything was read."""
    token = page.get("$skipToken")
    if isinstance(token, str) and token:
        if token in seen or len(seen) >= MAX_PAGES:
            raise _unexpected("a page token that was used already", "/$skipToken")
        seen.add(token)
        return token
    total = page.get("totalRecords")
    truncated = str(page.get("resultTruncated")).casefold() == "true"
    if truncated or (isinstance(total, int) and read < total):
        raise _unexpected(f"a result that is cut ({read} of {total} rows)", "/resultTruncated")
    return ""


def _unexpected(problem: str, pointer: str) -> UnexpectedResponseError:
    return UnexpectedResponseError(
        f"Resource Graph gave {problem}. Nothing was concluded from it.",
        pointer=pointer,
        resource_id=_PATH,
        operation=f"POST {_PATH}",
    )
