"""Reads what other tools found: JUnit and NUnit XML (Pester, pytest), InSpec and Goss JSON. Pure.

Only names and outcomes are taken: messages and output may hold secrets. What is not known to be
a pass or a failure proves nothing.

Formats: https://github.com/testmoapp/junitxml,
https://docs.nunit.org/articles/nunit/technical-notes/usage/Test-Result-XML-Format.html,
https://docs.chef.io/inspec/reporters/, https://goss.readthedocs.io/en/stable/cli/.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime, timezone
from typing import Any
from xml.etree import ElementTree as ET

from azstaging.errors import ConfigurationError
from azstaging.model.imports import ImportedResults, ImportedTest
from azstaging.rules.canonical import unique_keys

MAX_BYTES = 64 * 1024 * 1024
_LONGEST_NAME = 300
_ADVICE = "Give JUnit or NUnit XML (pytest, Pester), or the JSON of InSpec or Goss."
# What a test case may hold and say, and still have passed.
_JUNIT_PLAIN = frozenset({"properties", "system-out", "system-err"})
_JUNIT_PASSED = frozenset({"", "run", "completed", "passed", "pass", "success", "successful", "ok"})
_JUNIT_FAILED = frozenset({"failed", "fail", "failure", "error", "errored"})
_NUNIT = {"success": "passed", "passed": "passed", "failure": "failed", "failed": "failed"}
_NUNIT |= {"error": "failed"}
_GOSS_FAILED = 1
_GOSS_TOLD = (0, _GOSS_FAILED)
_INSPEC = {"passed": "passed", "failed": "failed"}

_Tests = tuple[list[ImportedTest], list[str], str]
"""Tests, times as they were written, and what disagrees."""


def read_results(data: bytes, *, name: str) -> ImportedResults:
    """Read a file of results; its format is told by its content.

    Args:
        data: the file's bytes.
        name: the file's name, for messages.

    Raises:
        ConfigurationError: it is too large, or in no known format; nothing was recorded.
    """
    if len(data) > MAX_BYTES:
        raise ConfigurationError(f"{name} is larger than {MAX_BYTES} bytes; nothing was recorded.")
    is_xml = data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
    try:
        kind, (tests, times, disagreement) = _xml(data) if is_xml else _json(data)
    except (ValueError, KeyError, TypeError, AttributeError, ET.ParseError) as error:
        raise ConfigurationError(
            f"{name} is not a file of results that azstaging reads; nothing was recorded.",
            advice=_ADVICE,
        ) from error
    return ImportedResults(
        format=kind,
        tests=tuple(tests),
        made_at=_oldest(times),
        sha256=hashlib.sha256(data).hexdigest(),
        size_bytes=len(data),
        disagreement=disagreement,
    )


def _test(name: object, outcome: str) -> ImportedTest:
    return ImportedTest(name=str(name or "unnamed")[:_LONGEST_NAME], outcome=outcome)


def _oldest(times: Iterable[str]) -> datetime | None:
    """Return the oldest time, if each names its zone; without a zone nobody knows when it was."""
    found = []
    for text in times:
        try:
            time = datetime.fromisoformat(text.replace("Z", "+00:00"))
        except ValueError:
            return None
        if time.tzinfo is None:
            return None
        found.append(time.astimezone(timezone.utc))
    return min(found, default=None)


def _xml(data: bytes) -> tuple[str, _Tests]:
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise ValueError("entities are not read")
    root = ET.fromstring(data)  # noqa: S314 - entities were refused, the size is capped
    if root.tag in {"testsuites", "testsuite"}:
        return "JUnit", _junit(root)
    if root.tag in {"test-results", "test-run"}:
        return "NUnit", _nunit(root)
    raise ValueError(root.tag)


def _junit(root: ET.Element) -> _Tests:
    tests = []
    for case in root.iter("testcase"):
        name = "::".join(filter(None, (case.get("classname"), case.get("name"))))
        tests.append(_test(name, _junit_outcome(case)))
    every = list(root.iter("testsuite"))
    # A suite of suites counts what its own suites count; one that holds nothing counts, too.
    suites = [s for s in every if s.find("testcase") is not None or s.find("testsuite") is None]
    failed = sum(test.outcome == "failed" for test in tests)
    wrong = _junit_differs(suites, len(tests), failed)
    if not wrong and root.tag == "testsuites" and root.get("tests") is not None:
        wrong = _junit_differs([root], len(tests), failed)
    filled = (each for each in suites if each.find("testcase") is not None)
    return tests, [each.get("timestamp") or "" for each in filled], wrong


def _junit_outcome(case: ET.Element) -> str:
    tags = {child.tag for child in case}
    said = {(case.get(key) or "").casefold() for key in ("status", "result")}
    if tags & {"failure", "error"} or said & _JUNIT_FAILED:
        return "failed"
    return "passed" if tags <= _JUNIT_PLAIN and said <= _JUNIT_PASSED else "unproven"


def _junit_differs(suites: Iterable[ET.Element], found: int, failed: int) -> str:
    def told(*keys: str) -> int:
        return sum(int(each.get(key) or 0) for each in suites for key in keys)

    bad = told("failures", "errors")
    return _differs(told("tests"), found, "tests") or _differs(bad, failed, "failures", most=True)


def _nunit(root: ET.Element) -> _Tests:
    tests = [
        _test(
            case.get("fullname") or case.get("name"),
            _NUNIT.get((case.get("result") or "").casefold(), "unproven"),
        )
        for case in root.iter("test-case")
    ]
    failed = sum(test.outcome == "failed" for test in tests)
    told = sum(int(root.get(key) or 0) for key in ("errors", "failures", "failed"))
    wrong = _differs(told, failed, "failures", most=True)
    wrong = wrong or _differs(int(root.get("total") or 0), len(tests), "tests", most=True)
    # A clean-up that fails, fails its suite and no test.
    suites = [root, *root.iter("test-suite")]
    if any(_NUNIT.get((each.get("result") or "").casefold()) == "failed" for each in suites):
        wrong = wrong or ("" if failed else "a suite failed, and no test in it did")
    return tests, [root.get("start-time") or ""], wrong


def _differs(told: int, found: int, what: str, *, most: bool = False) -> str:
    """Say that a file counts more than it holds; with ``most``, fewer is no contradiction."""
    if told == found or (most and told < found):
        return ""
    return f"the file counts {told} {what} and holds {found}"


def _json(data: bytes) -> tuple[str, _Tests]:
    document = json.loads(data, object_pairs_hook=unique_keys)
    if "profiles" in document:
        return "InSpec", _inspec(document)
    if "summary" in document and "results" in document:
        return "Goss", _goss(document)
    raise ValueError("neither")


def _inspec(document: dict[str, Any]) -> _Tests:
    tests, times, wrong = [], [], ""
    for profile in document["profiles"]:
        status = str(profile.get("status") or "loaded").casefold()
        if status != "loaded":
            wrong = f"a profile is {status[:_LONGEST_NAME]}"
        for control in profile["controls"]:
            results = control.get("results") or []
            states = [_INSPEC.get(str(each["status"]).casefold(), "unproven") for each in results]
            times += [str(each.get("start_time") or "") for each in results]
            worst = "failed" if "failed" in states else "unproven"
            passed = bool(states) and set(states) == {"passed"}
            tests.append(_test(control["id"], "passed" if passed else worst))
    return tests, times, wrong


def _goss(document: dict[str, Any]) -> _Tests:
    tests, times = [], []
    for each in document["results"]:
        keys = ("resource-type", "resource-id", "property")
        name = " ".join(str(each[key]) for key in keys if each.get(key))
        outcome = "passed" if each["successful"] is True else "failed"
        if each.get("skipped") is True or each.get("result", 0) not in _GOSS_TOLD:
            outcome = "unproven"
        elif each.get("result") == _GOSS_FAILED:
            outcome = "failed"
        tests.append(_test(name, outcome))
        times.append(str(each.get("start-time") or ""))
    told = int(document["summary"]["failed-count"])
    failed = sum(test.outcome == "failed" for test in tests)
    wrong = _differs(int(document["summary"]["test-count"]), len(tests), "tests")
    return tests, times, wrong or _differs(told, failed, "failures")
