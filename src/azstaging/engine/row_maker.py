"""Makes the rows of a list while the next pages are read."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future
from typing import Generic, TypeVar

from azstaging.engine.ports import Json
from azstaging.engine.reads import Reads, give_way
from azstaging.errors import UnexpectedResponseError
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Gap
from azstaging.model.items import Collection, ReplicatedItem
from azstaging.providers import parse_item

T = TypeVar("T")
Made = list[tuple[ResourceId, T] | None]
"""What was made of the rows of a page; None where one could not be understood."""

# Pages that may wait until their rows are made: a megabyte each.
_PAGES_AHEAD = 32
_ROWS_AT_ONCE = 10


class RowMaker(Generic[T]):
    """Makes something of each row of a list; a row that cannot be understood is a gap.

    One thread makes them, a few at a time, while others read: Azure is what an inventory waits
    for, never its own rows.

    Args:
        reads: keeps the gaps.
        make: what to make of an item.
        executor: one thread.
        give_way: lets another thread that waits for the interpreter go first.
    """

    def __init__(
        self,
        reads: Reads,
        make: Callable[[ReplicatedItem], T],
        executor: Executor,
        *,
        give_way: Callable[[], None] = give_way,
    ) -> None:
        self._reads = reads
        self._make = make
        self._executor = executor
        self._give_way = give_way
        self._room = threading.BoundedSemaphore(_PAGES_AHEAD)
        self._lock = threading.Lock()
        self._reading = 0

    def of(
        self, pages: Iterable[list[Json]], vault: ResourceId, collection: Collection
    ) -> list[Future[Made[T]]]:
        """Read a list to its end, and start to make the rows of each page as it comes.

        Raises:
            StagingError: what a page raises; the rows of the pages before it count for nothing.
        """
        self._count(1)
        try:
            return [self._start(page, vault, collection) for page in pages]
        finally:
            self._count(-1)

    def _count(self, lists: int) -> None:
        with self._lock:
            self._reading += lists

    def _start(
        self, page: list[Json], vault: ResourceId, collection: Collection
    ) -> Future[Made[T]]:
        self._room.acquire()
        try:
            return self._executor.submit(self._made, page, vault, collection)
        except RuntimeError:
            # Nobody makes rows any more: whoever waits for room is to learn it, too.
            self._room.release()
            raise

    def _made(self, page: list[Json], vault: ResourceId, collection: Collection) -> Made[T]:
        try:
            made: Made[T] = []
            for number, body in enumerate(page):
                if self._reading and number % _ROWS_AT_ONCE == 0:
                    self._give_way()
                made.append(self._row(body, vault, collection))
            return made
        finally:
            self._room.release()

    def _row(
        self, body: Json, vault: ResourceId, collection: Collection
    ) -> tuple[ResourceId, T] | None:
        try:
            item = parse_item(body, collection)
            _require_in(vault, item)
            return item.id, self._make(item)
        except UnexpectedResponseError as error:
            self._reads.note(
                Gap(
                    scope=vault,
                    reason="unexpected-response",
                    detail=f"a row of {collection.value} could not be read: {error}",
                ),
                collection.value,
            )
            return None


def _require_in(vault: ResourceId, item: ReplicatedItem) -> None:
    if item.vault_id != vault:
        raise UnexpectedResponseError(
            f"{item.id} lies in another vault; nothing was concluded from it.",
            pointer="/id",
            resource_id=item.id.text,
        )
