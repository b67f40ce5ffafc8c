"""Equal texts of many records, held once.

A machine has sixteen findings, and each names its id, its generation and its target: half of what
the journal of a large wave takes in memory.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from azstaging.model.records import Record


class SharedTexts:
    """The texts of one journal."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def of(self, records: Iterable[Record]) -> Iterator[Record]:
        """Yield records that were just read; nobody else holds their data yet."""
        for record in records:
            self._share(record.data)
            yield record

    def _share(self, value: Any) -> None:
        members = value.items() if type(value) is dict else enumerate(value)
        for key, member in members:
            if type(member) is str:
                value[key] = self._texts.setdefault(member, member)
            elif type(member) is dict or type(member) is list:
                self._share(member)
