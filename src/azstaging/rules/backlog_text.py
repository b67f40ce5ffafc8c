"""The block that we own in a description: how it is written, found again, and compared.

The block is inline HTML between two visible markers, because the service strips comments and
its editor rewrites tags. It is compared by its text only: tags, entities and white space do not
count, so an editor that re-wraps it is not taken for a person who changed it.
"""

import html
import re
from collections.abc import Iterable
from hashlib import sha256

from azstaging.model.backlog import Memory

BEGIN = "[azstaging:begin]"
_BLOCK = re.compile(r"\[azstaging:begin\](.*)\[azstaging:end ([^\[\]]*)\]", re.DOTALL)
_MARKER = re.compile(r"\[azstaging:(?:begin\]|end )")
_TAG = re.compile(r"<[^>]*>")
_INVISIBLE = re.compile(r"[\s\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+")
# A mention, a work item reference and our own markers start with these; in an element of their
# own they are plain text.
_TRIGGERS = re.compile(r"[@#\[]")
_DIGEST = re.compile(r"^[0-9a-f]{12}$")
MAX_TITLE_CHARS = 255
MAX_LINE_CHARS = 1_000
FIELDS = ("title", "state", "tags", "parent", "due")


def digest(value: str) -> str:
    """Return the first twelve hexadecimal digits of the SHA-256 of a text."""
    return sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def plain(text: str, *, limit: int = MAX_LINE_CHARS) -> str:
    """Return one line of plain text: no control or direction characters, cut to ``limit``."""
    line = " ".join(_CONTROL.sub(" ", text).split())
    line = line.encode("utf-8", "replace").decode()
    return line if len(line) <= limit else line[: limit - 1] + "\u2026"


def escaped(text: str) -> str:
    """Return HTML that shows exactly this text: nothing in it is markup, mention or marker."""
    safe = html.escape(plain(text), quote=True)
    # Entities contain a hash themselves, so they are kept whole.
    parts = re.split(r"(&[#\w]+;)", safe)
    return "".join(part if part.startswith("&") else _TRIGGERS.sub(_alone, part) for part in parts)


def _alone(match: "re.Match[str]") -> str:
    return f"<span>{match.group()}</span>"


def text_of(fragment: str) -> str:
    """Return what counts of an HTML fragment: its text without white space."""
    return _INVISIBLE.sub("", html.unescape(_TAG.sub("", fragment)))


def block_body(lines: Iterable[tuple[str, str]]) -> str:
    """Render the block between its markers."""
    rows = [f"<b>{escaped(label)}</b>: {escaped(text)}" for label, text in lines]
    return "<br>" + "<br>".join(rows) + "<br>"


def render_block(lines: Iterable[tuple[str, str]], memory: Memory) -> str:
    """Render the whole block, markers and memory included; ``memory.block`` is filled in."""
    body = block_body(lines)
    fields = [f"{name}={memory.agreed[name]}/{memory.wanted[name]}" for name in FIELDS]
    parts = [
        f"key={memory.key}",
        *fields,
        f"links={','.join(memory.links)}",
        f"block={digest(text_of(body))}",
        f"evidence={memory.evidence}",
    ]
    return f"{BEGIN}{body}[azstaging:end {' '.join(parts)}]"


def find_block(description: str) -> tuple[Memory | None, str]:
    """Find our block: its memory (None when missing, twice, or damaged) and its text's digest."""
    match = _only_block(description)
    if match is None:
        return None, ""
    return _memory(html.unescape(_TAG.sub("", match.group(2)))), digest(text_of(match.group(1)))


def _only_block(description: str) -> "re.Match[str] | None":
    if len(_MARKER.findall(description)) != 2:  # noqa: PLR2004 - begin and end
        return None
    return _BLOCK.search(description)


def _memory(footer: str) -> Memory | None:
    pairs = dict(part.split("=", 1) for part in footer.split() if "=" in part)
    agreed, wanted = {}, {}
    for name in FIELDS:
        agreed[name], _, wanted[name] = pairs.get(name, "").partition("/")
    links = tuple(part for part in pairs.get("links", "").split(",") if part)
    digests = [*agreed.values(), *wanted.values(), *links, pairs.get("block", "")]
    if not pairs.get("key") or not all(_DIGEST.match(one) for one in digests):
        return None
    return Memory(
        key=pairs["key"],
        agreed=agreed,
        wanted=wanted,
        links=links,
        block=pairs["block"],
        evidence=pairs.get("evidence", ""),
    )


def replace_block(description: str, block: str, *, keep: str = "") -> str:
    """Put the block where the old one is, or below everything; all other text stays as it is.

    ``keep`` is a person's own text from inside the old block, kept above the new one.
    """
    above = f"{keep}<br>" if keep else ""
    match = _only_block(description)
    if match is None:
        rest = _MARKER.sub(lambda m: m.group().replace("[", "("), description)
        return f"{rest}<div>{above}{block}</div>"
    return description[: match.start()] + above + block + description[match.end() :]


def inner_text(description: str) -> str:
    """Return what stands between our markers, as inline HTML text."""
    match = _only_block(description)
    if match is None:
        return ""
    lines = re.split(r"<(?:br|/?p|/?div|/?li|/?tr)\b[^>]*>", match.group(1), flags=re.IGNORECASE)
    texts = (html.unescape(_TAG.sub("", line)).strip() for line in lines)
    return "<br>".join(escaped(text) for text in texts if text)


def merged_tags(read: Iterable[str], *, remove: Iterable[str], add: Iterable[str]) -> str:
    """Return the whole tag field: theirs in order, then ours. Tags compare without case."""
    gone = {tag.casefold() for tag in remove}
    merged: dict[str, str] = {t.casefold(): t for t in read if t.casefold() not in gone}
    for tag in add:
        merged.setdefault(tag.casefold(), tag)
    return "; ".join(merged.values())
