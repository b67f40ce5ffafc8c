"""A report weighs what the gates weigh, not the last run alone."""

from dataclasses import replace
from datetime import timedelta

from azstaging.model.findings import Outcome
from azstaging.reports.lookup import look_up
from azstaging.reports.standings import weigh_all
from azstaging.rules.evidence import Standing


def standing_of(report, finding):
    weighed = weigh_all(look_up(report)).by_item[finding.subject.id]
    return next(w.verdict.standing for w in weighed if w.verdict.check == finding.check)


def test_a_check_that_failed_and_then_passed_once_is_flaky_as_in_the_gate(report):
    last = next(
        finding
        for finding in report.findings
        if finding.outcome is Outcome.PASS and finding.subject.id.startswith("/")
        if standing_of(report, finding) is Standing.PASSED
    )
    earlier = replace(
        last, outcome=Outcome.FAIL, at=last.at - timedelta(hours=1), run="an earlier run"
    )
    weighed = (earlier, *report.findings)
    assert standing_of(replace(report, weighed=weighed), last) is Standing.FLAKY
    assert standing_of(replace(report, weighed=()), last) is Standing.PASSED
