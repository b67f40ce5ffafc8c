"""Every check against its case files: what it says, and that it does no I/O."""

import builtins
import json
import socket
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from azstaging.checks import CHECKS, check_by_id
from azstaging.checks.interface import Check, ItemContext, Verdict, WorkloadContext
from azstaging.model.commands import CommandRun
from azstaging.model.findings import Outcome
from azstaging.model.imports import ImportedResults
from azstaging.model.inventory import Gap
from azstaging.model.observations import Observation
from azstaging.model.suites import SuiteRun
from azstaging.model.surroundings import Surroundings
from azstaging.model.waves import Endpoint, Workload
from azstaging.rules.canonical import from_plain
from azstaging.rules.diff import compare

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "cases" / "checks"
FILES = sorted(FOLDER.glob("*/*.json"))
NOW = datetime(2026, 1, 31, 8, 0, tzinfo=timezone.utc)


def item_context(case: dict[str, Any], rows) -> ItemContext:
    row = rows(case.get("set"))
    return ItemContext(
        now=NOW,
        row=row,
        differences=() if case.get("differences") == [] else compare(row),
        baseline=case.get("baseline"),
        unread=tuple(from_plain(Gap, gap) for gap in case.get("unread", ())),
        around=from_plain(Surroundings, case.get("around", {})),
    )


def workload_context(case: dict[str, Any], rows) -> WorkloadContext:
    seen = case.get("observations")
    endpoints = tuple(
        Endpoint(kind=text.partition(":")[0], address=text) for text in case.get("endpoints", ())
    )
    return WorkloadContext(
        now=NOW,
        workload=Workload(
            name="Payroll",
            items=("APP-01",),
            endpoints=endpoints,
            suite=case.get("suite", ""),
            guest_script=case.get("guest_script", ""),
        ),
        rows=(rows(case.get("set")),),
        observations=None
        if seen is None
        else tuple(from_plain(Observation, each) for each in seen),
        suite=from_plain(SuiteRun, case["run"]) if case.get("run") else None,
        commands=None
        if case.get("commands") is None
        else tuple(from_plain(CommandRun, each) for each in case["commands"]),
        imported=from_plain(ImportedResults, case["imported"]) if case.get("imported") else None,
    )


def judge(check: Check[Any], case: dict[str, Any], rows) -> Verdict:
    make = item_context if check.scope == "item" else workload_context
    verdict = check.judge(make(case, rows))
    assert isinstance(verdict, Verdict)
    return verdict


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_the_check_says_what_the_case_expects(file: Path, rows) -> None:
    case = json.loads(file.read_text("utf-8"))
    check = check_by_id(file.parent.name)
    assert check is not None
    verdict = judge(check, case, rows)
    assert (verdict.outcome.value, verdict.detail) == (case["expect"]["outcome"], verdict.detail)
    assert case["expect"]["detail"] in verdict.detail


def test_checks_do_no_io(rows, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [(file.parent.name, json.loads(file.read_text("utf-8"))) for file in FILES]

    def refuse(*_args: object, **_more: object) -> None:
        raise AssertionError("a check did I/O or asked the clock")

    monkeypatch.setattr(builtins, "open", refuse)
    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(time, "time", refuse)
    outcomes = {judge(check_by_id(name), case, rows).outcome for name, case in cases}
    assert outcomes == {Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.SKIPPED}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_every_check_has_its_cases_and_its_page(check: Check[Any]) -> None:
    outcomes = {
        json.loads(file.read_text("utf-8"))["expect"]["outcome"]
        for file in FILES
        if file.parent.name == check.id
    }
    assert {"pass", "fail", "inconclusive"} <= outcomes
    page = (ROOT.parent / "docs" / "checks.md").read_text("utf-8")
    assert f"### `{check.id}`" in page
    assert check.title in page


def test_the_list_of_checks_is_sorted_and_complete() -> None:
    ids = [check.id for check in CHECKS]
    assert ids == sorted(set(ids))
    folder = Path(check_by_id.__code__.co_filename).parent
    files = {file.stem.replace("_", "-") for file in folder.glob("*.py")}
    assert files == {*ids, "--init--", "interface"}


def test_every_card_says_what_to_do() -> None:
    for check in CHECKS:
        assert check.next_step.endswith("."), check.id
        assert check.source, check.id
        assert check.lifetime_seconds >= 3600, check.id


def test_an_unknown_id_is_no_check() -> None:
    assert check_by_id("no-such-check") is None
