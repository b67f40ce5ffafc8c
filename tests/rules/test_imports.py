"""Results of other tools: each format in its own words, and what a file may not claim."""

import json
from datetime import datetime, timezone

import pytest

from azstaging.errors import ConfigurationError
from azstaging.rules.imports import MAX_BYTES, read_results

JUNIT = """<?xml version="1.0"?>
<testsuites><testsuite name="smoke" tests="3" failures="1" errors="0" skipped="1"
 timestamp="2026-01-31T07:00:00+01:00">
<testcase classname="pay" name="runs"/>
<testcase classname="pay" name="answers">
<failure message="token canary-1">canary-2</failure></testcase>
<testcase classname="pay" name="later"><skipped/></testcase>
</testsuite></testsuites>"""
PESTER = """<test-results total="3" errors="0" failures="1" ignored="1">
<test-suite><results>
<test-case name="Service is up" executed="True" result="Success"/>
<test-case name="Port is open" executed="True" result="Failure"/>
<test-case name="Later" executed="False" result="Ignored"/>
</results></test-suite></test-results>"""
NUNIT3 = """<test-run failed="0" start-time="2026-01-31T06:00:00Z">
<test-suite><test-case fullname="A.B" result="Passed"/>
<test-case fullname="A.C" result="Inconclusive"/></test-suite></test-run>"""
INSPEC = {
    "profiles": [
        {
            "controls": [
                {
                    "id": "ssh",
                    "results": [{"status": "passed", "start_time": "2026-01-31T06:00:00Z"}],
                },
                {
                    "id": "ntp",
                    "results": [
                        {"status": "passed", "start_time": "2026-01-31T05:00:00+00:00"},
                        {"status": "failed", "start_time": "2026-01-31T06:00:00Z"},
                    ],
                },
                {"id": "none", "results": []},
                {
                    "id": "later",
                    "results": [{"status": "skipped", "start_time": "2026-01-31T06:00:00Z"}],
                },
            ]
        }
    ]
}
GOSS = {
    "results": [
        {
            "resource-type": "Service",
            "resource-id": "sshd",
            "property": "running",
            "successful": True,
            "result": 0,
        },
        {
            "resource-type": "Port",
            "resource-id": "tcp:22",
            "property": "listening",
            "successful": False,
            "result": 1,
        },
        {
            "resource-type": "File",
            "resource-id": "/a",
            "property": "exists",
            "successful": True,
            "result": 2,
            "skipped": True,
        },
    ],
    "summary": {"test-count": 3, "failed-count": 1},
}


def outcomes(text: str | dict) -> tuple[str, list[tuple[str, str]]]:
    data = text if isinstance(text, str) else json.dumps(text)
    results = read_results(data.encode(), name="results")
    return results.format, [(test.name, test.outcome) for test in results.tests]


@pytest.mark.parametrize(
    ("text", "kind", "tests"),
    [
        (
            JUNIT,
            "JUnit",
            [("pay::runs", "passed"), ("pay::answers", "failed"), ("pay::later", "unproven")],
        ),
        (
            PESTER,
            "NUnit",
            [("Service is up", "passed"), ("Port is open", "failed"), ("Later", "unproven")],
        ),
        (NUNIT3, "NUnit", [("A.B", "passed"), ("A.C", "unproven")]),
        (
            INSPEC,
            "InSpec",
            [("ssh", "passed"), ("ntp", "failed"), ("none", "unproven"), ("later", "unproven")],
        ),
        (
            GOSS,
            "Goss",
            [
                ("Service sshd running", "passed"),
                ("Port tcp:22 listening", "failed"),
                ("File /a exists", "unproven"),
            ],
        ),
    ],
    ids=["junit", "pester", "nunit3", "inspec", "goss"],
)
def test_each_format_is_told_by_its_content(text, kind, tests) -> None:
    assert outcomes(text) == (kind, tests)


@pytest.mark.parametrize(
    ("case", "outcome"),
    [
        ('status="run" result="completed"/>', "passed"),
        ("><properties/><system-out>a</system-out></testcase>", "passed"),
        ('status="failed"/>', "failed"),
        ('status="blocked"/>', "unproven"),
        ('status="run" result="suppressed"/>', "unproven"),
        ("><flakyFailure/></testcase>", "unproven"),
        ("><rerunError/></testcase>", "unproven"),
    ],
)
def test_a_junit_test_that_says_more_than_a_pass_is_none(case: str, outcome: str) -> None:
    text = f'<testsuite tests="1"><testcase name="a" {case}</testsuite>'
    assert outcomes(text) == ("JUnit", [("a", outcome)])


@pytest.mark.parametrize(("result", "outcome"), [(0, "passed"), (1, "failed"), (3, "unproven")])
def test_a_goss_result_that_contradicts_its_word_is_no_pass(result: int, outcome: str) -> None:
    test = {"resource-id": "a", "successful": True, "result": result}
    document = {"results": [test], "summary": {"test-count": 1, "failed-count": 0}}
    assert outcomes(document) == ("Goss", [("a", outcome)])


def test_messages_and_output_are_not_kept() -> None:
    assert "canary" not in repr(read_results(JUNIT.encode(), name="results"))


def test_the_oldest_time_counts_and_one_without_a_zone_is_none() -> None:
    def made(text: str) -> datetime | None:
        return read_results(text.encode(), name="results").made_at

    assert made(JUNIT) == datetime(2026, 1, 31, 6, tzinfo=timezone.utc)
    assert made(json.dumps(INSPEC)) == datetime(2026, 1, 31, 5, tzinfo=timezone.utc)
    assert made(json.dumps(GOSS)) is None
    assert made(JUNIT.replace("+01:00", "")) is None
    assert made(PESTER) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (JUNIT.replace('tests="3"', 'tests="4"'), "counts 4 tests and holds 3"),
        (JUNIT.replace('failures="1"', 'failures="2"'), "counts 2 failures and holds 1"),
        (PESTER.replace('failures="1"', 'failures="3"'), "counts 3 failures and holds 1"),
        (json.dumps(GOSS).replace('"test-count": 3', '"test-count": 9'), "counts 9 tests"),
        (json.dumps(GOSS).replace('"failed-count": 1', '"failed-count": 0'), "counts 0 failures"),
        (
            JUNIT.replace("</testsuites>", '<testsuite tests="5" errors="1"/></testsuites>'),
            "counts 8 tests and holds 3",
        ),
        (JUNIT.replace("<testsuites>", '<testsuites tests="9">'), "counts 9 tests and holds 3"),
        (
            JUNIT.replace("<testsuites>", '<testsuites tests="3" errors="4">'),
            "counts 4 failures and holds 1",
        ),
        (PESTER.replace('total="3"', 'total="9"'), "counts 9 tests and holds 3"),
        (NUNIT3.replace("<test-suite>", '<test-suite result="Failed">'), "a suite failed"),
        (
            json.dumps(INSPEC).replace('"controls"', '"status": "failed", "controls"', 1),
            "is failed",
        ),
        (json.dumps(INSPEC).replace('"controls"', '"status": "loaded", "controls"', 1), ""),
        (JUNIT.replace("<testsuites>", '<testsuites tests="3" failures="1">'), ""),
        (f"<testsuites>{JUNIT.partition('?>')[2]}</testsuites>", ""),
        (PESTER, ""),
        (NUNIT3, ""),
        (JUNIT, ""),
        (json.dumps(GOSS), ""),
    ],
)
def test_a_file_that_counts_what_it_does_not_hold_is_found_out(text: str, says: str) -> None:
    assert says in read_results(text.encode(), name="results").disagreement
    assert bool(says) is bool(read_results(text.encode(), name="results").disagreement)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html/>",
        b"<testsuite>",
        b"{}",
        b"[]",
        b"null",
        b'{"profiles": 1}',
        b'{"profiles": [{"controls": [{"results": []}]}]}',
        b'{"results": [{}], "summary": {"test-count": 1, "failed-count": 0}}',
        b'{"results": [], "summary": {}}',
        (
            b'{"results": [{"successful": false, "successful": true}],'
            b' "summary": {"test-count": 1, "failed-count": 0}}'
        ),
        b'<!DOCTYPE a [<!ENTITY b "c">]><testsuite/>',
        b'<testsuite tests="many"><testcase name="a"/></testsuite>',
        b"\xff\xfe\x00",
    ],
)
def test_what_is_no_file_of_results_is_refused(data: bytes) -> None:
    with pytest.raises(ConfigurationError, match="nothing was recorded"):
        read_results(data, name="results.xml")


def test_a_file_that_is_too_large_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="larger"):
        read_results(b" " * (MAX_BYTES + 1), name="results.xml")
