"""What is compared of the facts that a guest, a CMDB or an import tells (``diff_facts.toml``)."""

from azstaging.model.differences import DiffClass
from azstaging.model.inventory import InventoryItem
from azstaging.rules.diff_rows import Rows
from azstaging.rules.diff_rules import Fact, facts, rules

_WEIGHTS = {
    DiffClass.SAME: 0,
    DiffClass.EXPECTED: 1,
    DiffClass.ACT: 2,
    DiffClass.SUSPICIOUS: 3,
    DiffClass.UNKNOWN: 4,
}


def compare_facts(rows: Rows, row: InventoryItem) -> None:
    """Compare every fact that either side tells; what neither tells makes no row."""
    source = row.source.facts if row.source else {}
    actual = row.target.facts if row.target else {}
    if not (source or actual):
        return
    known = facts()
    for field in sorted({*source, *actual}):
        sides = source.get(field, ""), "", actual.get(field, "")
        if sides[0] or sides[2]:
            fact = known.get(field)
            area = fact.area if fact else "guest"
            # A fact of somebody's own may have the name of a field.
            shown = field if fact else f"fact[{field}]"
            if fact is not None and fact.present:
                rows.add(area, field, ("", "", sides[2]), _judge_present(rows, fact, sides[2]))
            else:
                rows.add(area, shown, sides, _judge(rows, fact, sides[0], sides[2]))


def _judge(rows: Rows, fact: Fact | None, source: str, actual: str) -> str:
    if not actual:
        return rows.unseen
    if not source:
        return "source-not-told"
    if fact is None:
        return "same" if source == actual else "fact.differs"
    if fact.many:
        return _judge_many(fact, members(source), members(actual))
    if fact.unit:
        return _judge_number(fact, source, actual)
    return "same" if source.strip().casefold() == actual.strip().casefold() else fact.differs


def _judge_present(rows: Rows, fact: Fact, actual: str) -> str:
    """Judge what the target should not have, whatever the source had."""
    if not actual:
        return rows.unseen
    return fact.present if members(actual) else "same"


def _judge_many(fact: Fact, source: frozenset[str], actual: frozenset[str]) -> str:
    """Judge two lists: the worse of what is lost and what came."""
    found = ["same"]
    if source - actual:
        found.append(fact.missing)
    if actual - source:
        found.append(fact.added)
    return max(found, key=lambda rule: _WEIGHTS[rules()[rule].cls])


def _judge_number(fact: Fact, source: str, actual: str) -> str:
    try:
        before, now = int(source), int(actual)
    except ValueError:
        return "fact.not-a-number"
    if before == now:
        return "same"
    return fact.missing if now < before else fact.added


def members(text: str) -> frozenset[str]:
    """Return the values of a list told as text, casefolded; ``none`` is the empty list."""
    found = (part.strip().casefold() for part in text.replace(";", ",").split(","))
    return frozenset(part for part in found if part and part != "none")
