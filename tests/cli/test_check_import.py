"""``azstaging check --import``: another tool's results become evidence of one workload."""

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner

from azstaging.cli import azstaging as cli
from azstaging.cli.estate_config import write_config
from azstaging.emulator import Emulator
from azstaging.emulator.sample import sample_estate
from azstaging.journal import Journal
from azstaging.run import utc_now

PASSED = (
    '<testsuites><testsuite tests="1" timestamp="{at}"><testcase name="runs"/>'
    "</testsuite></testsuites>"
)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("import")
    with Emulator(sample_estate()) as azure:
        file = write_config(
            folder / "azstaging.toml", azure.estate, arm_endpoint=azure.url, now=utc_now()
        )
        yield folder, ["--config", str(file)], azure.estate.workloads[0].name


def invoke(company, *arguments: str):
    _, config, _ = company
    return CliRunner().invoke(cli, [*config, "check", *arguments])


def test_results_are_recorded_as_evidence_as_old_as_they_say(company) -> None:
    folder, _, workload = company
    results = folder / "good.xml"
    at = utc_now().isoformat(timespec="seconds")
    results.write_text(PASSED.format(at=at), "utf-8")
    estate = str(folder / "estate")
    done = invoke(
        company, "--import", str(results), "--workload", workload, "--journal", estate,
        "--all", "-o", "json",
    )  # fmt: skip
    assert "imported from JUnit: 1 tests passed" in done.stdout, done.output
    with Journal.open(estate) as journal:
        (finding,) = journal.history().findings()
    assert (finding.check, finding.subject.id) == ("imported-results", f"workload:{workload}")
    assert finding.at.isoformat(timespec="seconds") == at
    (kept,) = finding.artefacts
    assert (kept.name, kept.size_bytes) == ("JUnit results", results.stat().st_size)
    assert json.loads(done.stdout)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--workload", "no such"], "no workload"),
        ([], "exactly one --workload"),
        (["--workload", "{workload}"], "does not tell when the tool ran"),
        (["--workload", "{workload}", "--made-at", "yesterday"], "no time with a zone"),
        (["--workload", "{workload}", "--made-at", "2999-01-01T00:00:00Z"], "a time to come"),
    ],
)
def test_what_cannot_be_bound_or_dated_is_refused(company, arguments, says) -> None:
    folder, _, workload = company
    results = folder / "undated.xml"
    results.write_text(PASSED.format(at="2026-01-31T08:00:00"), "utf-8")
    given = [each.format(workload=workload) for each in arguments]
    done = CliRunner().invoke(
        cli,
        [*company[1], "check", "--import", str(results), *given, "--journal", str(folder / "two")],
        standalone_mode=False,
    )
    told = f"{done.output} {done.exception} {getattr(done.exception, 'advice', str)()}"
    assert says in told


FAILED = PASSED.replace('tests="1"', 'tests="1" failures="1"').replace(
    '<testcase name="runs"/>', '<testcase name="runs"><failure/></testcase>'
)


def test_old_results_neither_supersede_newer_ones_nor_count_twice(company) -> None:
    folder, _, workload = company
    estate = str(folder / "order")

    def given(minutes: int, text: str, *more: str) -> str:
        file = folder / f"{minutes}.xml"
        at = utc_now() - timedelta(minutes=minutes)
        file.write_text(text.format(at=at.isoformat(timespec="seconds")), "utf-8")
        done = CliRunner().invoke(
            cli,
            [
                *(*company[1], "check", "--import", str(file), "--workload", workload),
                *("--journal", estate, *more),
            ],
            standalone_mode=False,
        )
        return str(done.exception or "")

    assert given(30, FAILED) == ""
    assert "not newer than the results on record" in given(60, PASSED)
    now = utc_now().isoformat(timespec="seconds")
    assert "not newer" in given(60, PASSED, "--made-at", now)
    assert given(20, PASSED) == ""
    assert "not newer" in given(25, PASSED)
    with Journal.open(estate) as journal:
        found = journal.history().findings()
    assert [finding.outcome.value for finding in found] == ["fail", "pass"]


GOSS = (
    '{{"results": [{{"successful": {ok}, "title": "port", "result": {code}}}],'
    ' "summary": {{"test-count": 1, "failed-count": {code}}}}}'
)


def test_what_one_tool_found_is_not_answered_by_another(company) -> None:
    folder, _, workload = company
    estate = str(folder / "tools")

    def given(minutes: int, text: str) -> str:
        file = folder / "results.any"
        at = (utc_now() - timedelta(minutes=minutes)).isoformat(timespec="seconds")
        file.write_text(text.format(at=at), "utf-8")
        done = CliRunner().invoke(
            cli,
            [
                *(*company[1], "check", "--import", str(file), "--workload", workload),
                *("--journal", estate, "--made-at", at),
            ],
            standalone_mode=False,
        )
        return str(done.exception or "")

    failed = GOSS.replace("{ok}", "false").replace("{code}", "1")
    good = GOSS.replace("{ok}", "true").replace("{code}", "0")
    assert given(50, PASSED) == ""
    assert given(40, failed) == ""
    told = given(30, PASSED)
    assert "JUnit results" in told
    assert "Goss results that did not pass" in told
    assert given(20, good) == ""
    assert given(10, PASSED) == ""
    with Journal.open(estate) as journal:
        found = journal.history().findings()
    assert [finding.outcome.value for finding in found] == ["pass", "fail", "pass", "pass"]
