"""Reports from what a journal kept: offline, the same bytes as on the day they were made."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from azstaging.engine.reporting import choose_report
from azstaging.files import hashed, write_each
from azstaging.journal import Journal
from azstaging.journal.evidence import read_evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """A report that was written again.

    Attributes:
        paths: the files, sorted.
        record: sequence of the record that names the report.
        seq: the last record that the report was made from.
        complete: nothing that was asked for was missing from its inventory.
        tool_version: the version of azstaging that made it.
        same: names of files whose bytes are those of the record.
        differ: names of files whose bytes are others: another version writes them now, or the
            ids were masked then and are not now.
    """

    paths: tuple[Path, ...]
    record: int
    seq: int
    complete: bool
    tool_version: str
    same: tuple[str, ...]
    differ: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Rebuilt(record {self.record}, {len(self.paths)} files, {len(self.same)} the same)"


def rebuild_report(
    journal: str | Path,
    out: str | Path,
    *,
    at: int | None = None,
    credential: Any = None,
    **choices: Any,
) -> Rebuilt:
    """Write a report of an estate again, from its journal alone: no Azure, no network, no clock.

    Args:
        journal: an estate folder, the URL of a container, a segment file or an exported pack.
        out: made if missing; files of an earlier report are replaced one by one, whole.
        credential: for a blob container; see ``Journal.open``.
        at: the report that was made from records up to this sequence; None for the last one.
        choices: ``views``, ``formats`` and ``mask``, as for ``Staging.report``.

    Raises:
        JournalError: the journal does not verify, or what it kept is missing or was changed.
        ConfigurationError: no report was recorded by then, or by a version that kept too little.
    """
    from azstaging import reports  # noqa: PLC0415 - loads jinja2 and xlsxwriter
    from azstaging.reports.manifest import with_manifest  # noqa: PLC0415

    with Journal.read(journal, credential=credential) as read:
        written = choose_report(read.records(), at=at)
        read.fetch([written.file] if written.file else [])
        data = read_evidence(read.folder, written.file, digest=written.document)
    made = reports.unseal(data)
    wanted = {name: value for name, value in choices.items() if value}
    hashes: dict[str, str] = {}
    files = with_manifest(hashed(reports.render_each(made, **wanted), hashes))
    paths = write_each(Path(out), files, what="report")
    recorded = written.files
    same = tuple(sorted(name for name in hashes if recorded.get(name) == hashes[name]))
    return Rebuilt(
        paths=paths,
        record=written.record,
        seq=written.seq,
        complete=made.document.completeness.complete,
        tool_version=made.document.tool_version,
        same=same,
        differ=tuple(sorted((hashes.keys() & recorded.keys()) - set(same))),
    )
