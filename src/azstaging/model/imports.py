"""Results of other tools, as they were imported."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedTest:
    """One test of another tool.

    Attributes:
        outcome: ``passed``, ``failed``, or ``unproven``: skipped, ignored, inconclusive, unknown.
    """

    name: str
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedResults:
    """What one file of another tool says.

    Attributes:
        format: ``JUnit``, ``NUnit`` (Pester writes both), ``InSpec`` or ``Goss``.
        tests: in the order of the file.
        made_at: when the tool ran, aware UTC; None when the file does not tell.
        sha256: of the file, hexadecimal.
        size_bytes: of the file.
        disagreement: the file's own count of tests or failures differs from its tests, or "".
    """

    format: str
    tests: tuple[ImportedTest, ...]
    made_at: datetime | None = None
    sha256: str = ""
    size_bytes: int = 0
    disagreement: str = ""
