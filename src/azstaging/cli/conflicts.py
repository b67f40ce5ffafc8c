"""Conflicts of the backlog: shown with who and when; how a person chooses about them."""

import re
from collections.abc import Mapping
from typing import Any

import click

from azstaging.cli.streams import say
from azstaging.model.backlog import BoardsResult, Choice, Conflict
from azstaging.model.text import display
from azstaging.model.times import format_time

_RESOLVE = re.compile(
    r"([1-9][0-9]{0,9}@(?:0|[1-9][0-9]{0,9})(?:\.[0-9a-f]{4})?)=(leave|accept|restore)", re.ASCII
)


class ChoiceType(click.ParamType[tuple[str, Choice]]):
    """``ID@REVISION=leave|accept|restore``: what to do about one work item as it was shown."""

    name = "ID@REVISION=CHOICE"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, Choice]:
        """Return ``ID@REVISION`` and the choice."""
        if isinstance(value, tuple):
            return value
        found = _RESOLVE.fullmatch(str(value).strip())
        if found is None:
            self.fail(
                f"{display(str(value), limit=60)!r} is not a work item with the revision that "
                "was shown, '=', and leave, accept or restore: 1234@7=accept.",
                param,
                ctx,
            )
        return found[1], Choice(found[2])


def choices_of(given: tuple[tuple[str, Choice], ...]) -> dict[str, Choice]:
    """Return ``ID@REVISION`` -> choice.

    Raises:
        click.BadParameter: two different choices for one work item.
    """
    made: dict[str, Choice] = {}
    for id_, choice in given:
        if made.setdefault(id_, choice) is not choice:
            raise click.BadParameter(f"--resolve says two things about work item {id_}.")
    return made


def conflict_rows(result: BoardsResult) -> list[dict[str, Any]]:
    """Return one dict per conflict, for JSON."""
    return [
        {
            "work_item_id": conflict.work_item_id,
            "revision": conflict.rev,
            "title": conflict.name,
            "field": conflict.field,
            "found": conflict.found,
            "wanted": conflict.wanted,
            "evidence": conflict.evidence,
            "changed_by": conflict.who or None,
            "changed_at": format_time(conflict.when) if conflict.when else None,
            "choice": conflict.choice.value,
            "choices": [choice.value for choice in Choice],
        }
        for conflict in result.conflicts
    ]


def say_conflicts(result: BoardsResult, choices: Mapping[str, Choice], *, applied: bool) -> None:
    """Say every conflict on stderr: who, when, what the evidence says, and the three choices."""
    for conflict in result.conflicts:
        _say_one(conflict, applied=applied)
    met = {conflict.work_item_id: conflict for conflict in result.conflicts}
    for shown in sorted(set(choices) - {conflict.shown for conflict in result.conflicts}):
        _say_void(shown, met.get(int(shown.partition("@")[0])))
    left = [c for c in result.conflicts if c.choice is Choice.LEAVE]
    if left:
        example = left[0].shown
        say("Left alone, and reported again next time. To end a conflict, choose once:")
        say(f"  --resolve {example}=leave    nothing is written over it (the default)")
        say(f"  --resolve {example}=accept   what was found stands until the evidence changes")
        say(f"  --resolve {example}=restore  what the evidence says is written")


def _say_void(shown: str, now: Conflict | None) -> None:
    id_ = shown.partition("@")[0]
    if now is None:
        say(f"Work item {id_} has no conflict; --resolve {shown} changes nothing.")
        return
    say(f"Work item {id_} was changed after {shown} was shown; it is {now.shown} now: left alone.")
    say("  Look at what is shown above, and choose about that.")


def _say_one(conflict: Conflict, *, applied: bool) -> None:
    who = conflict.who or "somebody"
    when = f" on {format_time(conflict.when)}" if conflict.when else ""
    done = "chosen" if applied else "would be chosen"
    outcome = "left alone" if conflict.choice is Choice.LEAVE else f"{conflict.choice.value} {done}"
    say(f"Conflict in work item {conflict.shown}, {_short(conflict.name)}: {outcome}")
    say(f"  {conflict.field}: {_short(conflict.found)}, by {_short(who)}{when}")
    say(f"  the evidence says: {_short(conflict.wanted)} ({_short(conflict.evidence)})")


def _short(text: str) -> str:
    return display(text, limit=120)
