"""Collecting the rows of one item; and the judgements that most fields share. Pure.

A judgement is the id of a built-in rule (`diff_rules`); "" on a side means not told.
"""

from azstaging.model.differences import Difference
from azstaging.model.inventory import InventoryItem
from azstaging.rules.diff_rules import rules


class Rows:
    """The rows of one item, in the order in which they are added."""

    __slots__ = ("_item_id", "_keep_same", "_rules", "found", "same", "unseen")

    def __init__(self, row: InventoryItem, *, keep_same: bool = True) -> None:
        self._item_id = row.id
        self._keep_same = keep_same
        self._rules = rules()
        self.found: list[Difference] = []
        #: Number of rows that are the same and were not kept.
        self.same = 0
        #: Rule for a value that the target does not show.
        self.unseen = "actual-not-told"
        if row.target is None:
            self.unseen = "target-unread" if row.target_unknown else "no-target"

    def add(
        self, area: str, field: str, sides: tuple[str, str, str], rule: str, detail: str = ""
    ) -> None:
        """Add one row.

        Args:
            area: see `Difference`.
            field: its name, once per item.
            sides: source, intended, actual.
            rule: id of a built-in rule.
            detail: what the rule's reason cannot know, a few words, or "".
        """
        if rule == "same" and not self._keep_same:
            self.same += 1
            return
        known = self._rules[rule]
        source, intended, actual = sides
        self.found.append(
            Difference(
                item_id=self._item_id,
                area=area,
                field=field,
                source=source,
                intended=intended,
                actual=actual,
                cls=known.cls,
                rule=rule,
                reason=f"{known.reason} ({detail})" if detail else known.reason,
                risk=known.risk,
            )
        )

    def planned(self, area: str, field: str, sides: tuple[str, str, str]) -> None:
        """Add a row for a setting that the replication item intends."""
        self.add(area, field, sides, self.judge_planned(*sides))

    def judge_planned(self, source: str, intended: str, actual: str) -> str:
        """Judge a setting: the intended value decides; compared without case."""
        if not actual:
            return self.unseen
        if intended:
            if intended.casefold() != actual.casefold():
                return "not-as-planned"
            return "as-planned" if source and source.casefold() != actual.casefold() else "same"
        return "intended-not-told" if source else "nothing-told"


def number(value: int | None) -> str:
    """Write a number, "" for None."""
    return "" if value is None else str(value)


def switch(value: bool | None) -> str:
    """Write a flag as on or off, "" for None."""
    if value is None:
        return ""
    return "on" if value else "off"
