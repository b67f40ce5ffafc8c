"""What was left out, on stderr: once per reason, however many machines it concerns."""

from collections.abc import Iterable

from azstaging.cli.streams import say
from azstaging.model.text import display

_NAMED = 3  # machines in a sentence; the JSON has all


def say_by_reason(left_out: Iterable[tuple[str, str]], *, what: str = "") -> None:
    """Say which machines were left out, by reason; a list of hundreds says it to nobody.

    Args:
        left_out: name and reason of each.
        what: what was not done about them, e.g. ``not compared``, or "".
    """
    reasons: dict[str, list[str]] = {}
    for name, reason in left_out:
        reasons.setdefault(reason, []).append(display(name, limit=100))
    for reason, names in reasons.items():
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        lead = f"{what}: " if what else ""
        say(f"  {lead}{', '.join(names[:_NAMED])}{more}: {display(reason, limit=300)}")


def named(note: str) -> tuple[str, str]:
    """Split ``NAME: reason``, as an import writes its notes."""
    name, _, reason = note.rpartition(": ")
    return name, reason
