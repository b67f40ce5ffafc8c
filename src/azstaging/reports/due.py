"""Until when: open actions are due with the wave, accepted differences until they expire."""

from collections.abc import Mapping
from dataclasses import dataclass

from azstaging.model.differences import DiffClass, Difference
from azstaging.model.report import Report
from azstaging.model.times import format_time


@dataclass(frozen=True, slots=True, kw_only=True)
class DueDates:
    """Due dates of a report.

    Attributes:
        wave: when the wave is due, or "".
        expectations: rule of an expectation -> when it expires; the earliest of several.
    """

    wave: str
    expectations: Mapping[str, str]

    def of(self, difference: Difference) -> str:
        """Return when a difference is due, or "" when nobody set a date or none is needed."""
        if difference.cls is DiffClass.ACT:
            return self.wave
        return self.expectations.get(difference.rule, "")


def due_dates(report: Report) -> DueDates:
    """Collect the due dates of a report."""
    latest_first = sorted(report.expectations, key=lambda each: each.expires, reverse=True)
    return DueDates(
        wave=format_time(report.wave.due) if report.wave.due else "",
        expectations={each.rule: format_time(each.expires) for each in latest_first},
    )
