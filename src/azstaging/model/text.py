"""Text of others, made safe for eyes, terminals and file systems.

Names come from whoever named a machine. They may hold escape sequences, characters that turn
the reading direction, and characters that nobody can see.
"""

import hashlib
import re

# Explicit ranges, not unicodedata: the same text must give the same bytes on every Python.
_UNSEEN = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # C0, DEL, C1
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5"  # soft hyphen, joiners, fillers, Arabic mark
    "\u180b-\u180f"  # Mongolian selectors and separator
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f"  # zero-width, line ends, direction
    "\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0"  # blanks, variation selectors, BOM
    "\ufff0-\ufffb\ufffe\uffff"  # annotations, noncharacters
    "\ud800-\udfff"  # lone surrogates
    "\U000e0000-\U000e0fff"  # tags, variation selectors
    "]"
)
_SLUG = re.compile(r"[^a-z0-9]+")
_SURROGATE = re.compile("[\ud800-\udfff]")
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _escape(match: re.Match[str]) -> str:
    char = match.group()
    if char in _NAMED:
        return _NAMED[char]
    return char.encode("unicode_escape", "surrogatepass").decode("ascii")


def display(text: str, *, limit: int | None = None) -> str:
    r"""Return text as one line that shows every character and moves no cursor.

    Control characters (C0, C1), bidirectional controls, zero-width and other invisible
    characters and lone surrogates are written as ``\x1b``, ``\u202e``, ``\n``. The result is for
    eyes; HTML, Markdown and spreadsheets need their own escaping on top.

    Args:
        text: anything.
        limit: longest result in characters before the rest is cut and counted, or None.
    """
    if limit is not None and len(text) > limit:
        return f"{display(text[:limit])}… ({len(text):,} characters)"
    if text.isascii() and text.isprintable():
        return text
    return _UNSEEN.sub(_escape, text)


def without_surrogates(text: str) -> str:
    """Replace lone surrogates, which no UTF-8 can carry, by U+FFFD."""
    return _SURROGATE.sub("\ufffd", text)


def safe_filename(name: str) -> str:
    """Return a file name (without suffix) that is safe everywhere and distinct per name.

    A slug of at most 40 lower-case ASCII letters, digits and ``-``, then ``-`` and the first 10
    hexadecimal digits of the name's SHA-256: names that differ in case alone, reserved names
    and path parts all give different, harmless names.
    """
    return f"{slug(name) or 'name'}-{short_digest(name)}"


def slug(name: str) -> str:
    """Return at most 40 lower-case ASCII letters, digits and ``-`` of a name; it may be ""."""
    return _SLUG.sub("-", name.casefold()[:200]).strip("-")[:40].rstrip("-")


def short_digest(name: str) -> str:
    """Return the first 10 hexadecimal digits of a name's SHA-256."""
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:10]
