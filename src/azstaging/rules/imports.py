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

MAX_BYTES = 64 * 1024 * 1024
_LONGEST_NAME = 300
_ADVICE = "Give JUnit or NUnit XML (pytest, Pester), or the JSON of InSpec or Goss."
_NUNIT = {"success": "passed", "passed": "passed", "failure": "failed", "failed": "failed"}
_NUNIT |= {"error": "failed"}
_GOSS_SKIPPED = 2
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
        tags = {child.tag for child in case}
        status = (case.get("status") or "").casefold()
        outcome = "passed"
        if tags & {"failure", "error"}:
            outcome = "failed"
        elif "skipped" in tags or status in {"skipped", "notrun", "disabled", "inconclusive"}:
            outcome = "unproven"
        name = "::".join(filter(None, (case.get("classname"), case.get("name"))))
        tests.append(_test(name, outcome))
    suites = [each for each in root.iter("testsuite") if each.find("testcase") is not None]
    told = sum(int(each.get("tests") or 0) for each in suites)
    bad = sum(int(each.get(key) or 0) for each in suites for key in ("failures", "errors"))
    failed = sum(test.outcome == "failed" for test in tests)
    wrong = _differs(told, len(tests), "tests") or _differs(bad, failed, "failures", most=True)
    return tests, [each.get("timestamp") or "" for each in suites], wrong


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
    start = root.get("start-time") or ""
    return tests, [start], _differs(told, failed, "failures", most=True)


def _differs(told: int, found: int, what: str, *, most: bool = False) -> str:
    """Say that a file counts more than it holds; with ``most``, fewer is no contradiction."""
    if told == found or (most and told < found):
        return ""
    return f"the file counts {told} {what} and holds {found}"


def _json(data: bytes) -> tuple[str, _Tests]:
    document = json.loads(data)
    if "profiles" in document:
        return "InSpec", _inspec(document)
    if "summary" in document and "results" in document:
        return "Goss", _goss(document)
    raise ValueError("neither")


def _inspec(document: dict[str, Any]) -> _Tests:
    tests, times = [], []
    for profile in document["profiles"]:
        for control in profile["controls"]:
            results = control.get("results") or []
            states = [_INSPEC.get(str(each["status"]).casefold(), "unproven") for each in results]
            times += [str(each.get("start_time") or "") for each in results]
            worst = "failed" if "failed" in states else "unproven"
            passed = bool(states) and set(states) == {"passed"}
            tests.append(_test(control["id"], "passed" if passed else worst))
    return tests, times, ""


def _goss(document: dict[str, Any]) -> _Tests:
    tests, times = [], []
    for each in document["results"]:
        keys = ("resource-type", "resource-id", "property")
        name = " ".join(str(each[key]) for key in keys if each.get(key))
        outcome = "passed" if each["successful"] is True else "failed"
        if each.get("skipped") is True or each.get("result") == _GOSS_SKIPPED:
            outcome = "unproven"
        tests.append(_test(name, outcome))
        times.append(str(each.get("start-time") or ""))
    told = int(document["summary"]["failed-count"])
    failed = sum(test.outcome == "failed" for test in tests)
    wrong = _differs(int(document["summary"]["test-count"]), len(tests), "tests")
    return tests, times, wrong or _differs(told, failed, "failures")
