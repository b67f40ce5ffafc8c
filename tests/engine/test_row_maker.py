"""Rows are made beside the reads: without haste while others read, and never far behind."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from azstaging.engine.reads import Reads
from azstaging.engine.row_maker import RowMaker
from azstaging.model.items import Collection, ReplicatedItem

MIGRATION = Collection.MIGRATION_ITEMS


def _pages(shapes: Any, count: int, rows: int = 1) -> list[list[dict[str, Any]]]:
    vault = shapes.vault()
    names = iter(range(count * rows))
    return [
        [shapes.migration_item(f"a{next(names)}", vault, detailed=False) for _ in range(rows)]
        for _ in range(count)
    ]


def _name(item: ReplicatedItem) -> str:
    return item.name


def test_others_go_first_while_lists_are_read_and_nobody_waits_afterwards(shapes: Any) -> None:
    ways: list[int] = []
    first, second = _pages(shapes, 2, rows=25)
    with ThreadPoolExecutor(1) as executor:
        maker = RowMaker(Reads(executor), _name, executor, give_way=lambda: ways.append(1))
        read = threading.Event()

        def pages() -> Iterator[list[dict[str, Any]]]:
            yield first
            # The rows of the first page are made before the list is at its end.
            executor.submit(read.set)
            assert read.wait(10)

        maker.of(pages(), shapes.vault(), MIGRATION)
        assert ways == [1, 1, 1]
        # Read to its end before a row of it is made.
        held = threading.Event()
        executor.submit(held.wait)
        (made,) = maker.of([second], shapes.vault(), MIGRATION)
        held.set()
        assert [row and row[1] for row in made.result()] == [f"a{n}" for n in range(25, 50)]
        assert ways == [1, 1, 1]


def test_reads_wait_for_rows_when_too_many_pages_lie_there(shapes: Any) -> None:
    all_read = threading.Event()
    ahead: list[bool] = []

    def pages() -> Iterator[list[dict[str, Any]]]:
        yield from _pages(shapes, 40)
        all_read.set()

    def make(item: ReplicatedItem) -> str:
        if not ahead:
            ahead.append(all_read.wait(0.2))
        return item.name

    with ThreadPoolExecutor(1) as executor:
        maker = RowMaker(Reads(executor), make, executor)
        made = maker.of(pages(), shapes.vault(), MIGRATION)
        assert [row and row[1] for page in made for row in page.result()] == [
            f"a{n}" for n in range(40)
        ]
    assert ahead == [False]


def test_who_comes_too_late_learns_it_and_waits_for_nobody(shapes: Any) -> None:
    """After Ctrl-C or a deadline nobody makes rows, and more readers than room have pages."""
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    maker = RowMaker(Reads(executor), _name, executor)
    refused: list[RuntimeError] = []

    def read_on() -> None:
        for page in _pages(shapes, 40):
            try:
                maker.of([page], shapes.vault(), MIGRATION)
            except RuntimeError as error:
                refused.append(error)

    reader = threading.Thread(target=read_on, daemon=True)
    reader.start()
    reader.join(10)
    assert len(refused) == 40


def test_a_row_of_another_vault_is_a_gap_of_the_one_that_listed_it(shapes: Any) -> None:
    ((row,),) = _pages(shapes, 1)
    with ThreadPoolExecutor(1) as executor:
        reads = Reads(executor)
        (made,) = RowMaker(reads, _name, executor).of([[row]], shapes.vault("v2"), MIGRATION)
        assert made.result() == [None]
    assert [(gap.scope, gap.reason) for gap in reads.gaps] == [
        (shapes.vault("v2"), "unexpected-response")
    ]
