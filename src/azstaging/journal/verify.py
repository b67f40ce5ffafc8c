"""Computing the chain again, and what comes of it."""

import re
from dataclasses import dataclass, replace

from azstaging.errors import ConfigurationError, JournalError
from azstaging.journal.format import ZERO
from azstaging.journal.pack import PackSource
from azstaging.journal.segments import Source, Walk, is_whole

_HEAD = re.compile(r"(?:(\d+)[\s:]+)?(?:sha256:)?([0-9a-f]{64})")


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyResult:
    """Whether a journal verifies.

    Attributes:
        count: records that verify, counted from the first.
        head: hash of the last of them, 64 zeros when there is none.
        first_bad_seq: the first record that does not verify, else None.
        reason: why not, or "".
        signature: of a pack: ``good`` (by the given key), ``unchecked`` (no key was given), or
            "" when it has none.
    """

    ok: bool
    count: int
    head: str
    first_bad_seq: int | None = None
    reason: str = ""
    signature: str = ""


def parse_head(text: str) -> tuple[int | None, str]:
    """Read a head as it was recorded: a hash, or ``SEQ HASH``.

    Raises:
        ConfigurationError: it is neither.
    """
    match = _HEAD.fullmatch(text.strip().casefold())
    if match is None:
        raise ConfigurationError(
            f"{text!r} is not a head; nothing was verified.",
            advice="Give the 64 hexadecimal digits that azstaging journal head printed.",
        )
    return (int(match.group(1)) if match.group(1) else None), match.group(2)


def verify(source: Source, *, head: str | None = None, key: bytes | None = None) -> VerifyResult:
    """Read everything again and prove it, record by record, in little memory.

    Args:
        source: where the segments are.
        head: a head recorded elsewhere; the chain must hold it. It alone shows that the end was
            cut off, or that all of it was written anew.
        key: of a pack, the public key (PEM) that must have signed it.

    Raises:
        JournalError: it cannot be read at all.
        ConfigurationError: ``head`` is not a head, or ``key`` is given and it is no pack.
    """
    if key is not None and not isinstance(source, PackSource):
        raise ConfigurationError(
            f"{source} is not signed: only a pack is. Nothing was verified.",
            advice="Verify it without a key, or name the pack.",
        )
    wanted_seq, wanted = parse_head(head) if head is not None else (None, "")
    walk = Walk(source)
    count, held = 0, not wanted
    try:
        while True:
            before = walk.torn
            for record in walk.records():
                count += 1
                held = held or (record.hash == wanted and wanted_seq in {None, record.seq})
            # A writer may be at work: what grows is not torn.
            if walk.torn == before:
                break
        source.check(count, walk.head[1])
        signature = source.check_statement(key) if isinstance(source, PackSource) else ""
    except JournalError as error:
        if not error.broken:
            raise
        return VerifyResult(
            ok=False, count=count, head=walk.head[1], first_bad_seq=error.seq, reason=str(error)
        )
    result = _result(walk, count, held=held, wanted_seq=wanted_seq)
    return replace(result, signature=signature)


def _result(walk: Walk, count: int, *, held: bool, wanted_seq: int | None) -> VerifyResult:
    seq, last = walk.head
    reason, bad = "", seq + 1
    if walk.torn and is_whole(walk.torn):
        reason = f"Record {bad} lacks its line end; the next run that writes completes it."
    elif walk.torn:
        reason = (
            f"Record {bad} is torn ({len(walk.torn)} bytes without an end): a run was stopped "
            "while it wrote. It was never acknowledged; the next run that writes sets it aside."
        )
    elif not held:
        bad = wanted_seq if wanted_seq is not None and wanted_seq <= seq else bad
        reason = "No record has the given head: the journal was cut, or written anew."
    elif last == ZERO:
        reason, bad = "There is no record in it.", 0
    if reason:
        return VerifyResult(ok=False, count=count, head=last, first_bad_seq=bad, reason=reason)
    return VerifyResult(ok=True, count=count, head=last)
