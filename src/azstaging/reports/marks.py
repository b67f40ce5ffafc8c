"""Text marks: every state has a sign and a word, so that colour is never alone."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How a state is shown.

    Attributes:
        sign: one character that differs from the others in grey print.
        tone: good, warn, bad, done, quiet or doubt; a class of the style sheet.
        word: what is written beside the sign.
    """

    sign: str
    tone: str
    word: str


def _marks(tone: str, **signs: str) -> dict[str, Mark]:
    return {
        name.replace("_", "-"): Mark(sign=sign, tone=tone, word=name.replace("_", " "))
        for name, sign in signs.items()
    }


MARKS: dict[str, Mark] = {
    **_marks("good", ready="✓", passed="✓", staged="✓"),
    **_marks("warn", held="▲", act="▲", flaky="≈", expired="◔", missing="○", partly="▲"),
    **_marks("warn", test_migrated="▲", paused="‖", skipped="↷"),
    **_marks("bad", failed="✕", suspicious="✕", contradiction="✕", reversed="✕"),
    **_marks("doubt", error="!", inconclusive="?", unknown="?", void="∅", unrecognised="?"),
    **_marks("doubt", from_the_future="!"),
    **_marks("done", released="■", waived="◇", stopping="■"),
    **_marks("quiet", same="=", expected="≡", none="-", empty="-"),
    **_marks("quiet", preparing="·", replicating="·", cutover_running="·"),
    "receipt-done": Mark(sign="■", tone="done", word="stopped"),
    "receipt-none": Mark(sign="-", tone="quiet", word="not stopped, held"),
    "receipt-failed": Mark(sign="✕", tone="bad", word="failed"),
    "receipt-unknown": Mark(sign="?", tone="doubt", word="unknown"),
}


def mark(state: str) -> Mark:
    """Return the mark of a state; a word that is not known is shown as doubtful."""
    return MARKS.get(state) or Mark(sign="?", tone="doubt", word=state)
