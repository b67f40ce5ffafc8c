"""The pure rules run with files, sockets, clocks, sleep and chance taken away."""

import builtins
import importlib.util
import io
import json
import os
import random
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from azstaging.errors import StagingError
from azstaging.model.items import Collection
from azstaging.model.plans import PlannedRequest, Principal
from azstaging.providers import facts_of, parse_item, stop_request_of
from azstaging.rules.gate import decide
from azstaging.rules.phase import derive_phase
from azstaging.rules.plan import build_plan, check_plan, plan_bytes, plan_from

TESTS = Path(__file__).parents[1]
COLLECTIONS = {each.value.casefold(): each for each in Collection}
TAKEN = [
    (builtins, "open"),
    (io, "open"),
    (os, "open"),
    (os, "urandom"),
    (os, "getenv"),
    (random, "random"),
    (socket, "socket"),
    (socket, "create_connection"),
    (subprocess, "Popen"),
    (time, "sleep"),
    (time, "time"),
    (time, "time_ns"),
]
Seal = Callable[[], AbstractContextManager[None]]


class OutsideWorldError(BaseException):
    """No rule may catch it by accident, so it is no Exception."""


def refuse(name: str) -> Callable[..., Any]:
    def raiser(*_args: Any, **_kwargs: Any) -> Any:
        raise OutsideWorldError(name)

    return raiser


@pytest.fixture
def sealed(monkeypatch: pytest.MonkeyPatch) -> Seal:
    """A context in which nothing outside of the arguments can be asked."""

    @contextmanager
    def seal() -> Iterator[None]:
        with monkeypatch.context() as patch:
            for module, name in TAKEN:
                patch.setattr(module, name, refuse(f"{module.__name__}.{name}"))
            yield

    return seal


def load(name: str) -> ModuleType:
    """Import another file of the tests: its cases and builders."""
    path = TESTS / name
    spec = importlib.util.spec_from_file_location(f"purity_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def bodies(value: object) -> Iterator[tuple[dict[str, Any], Collection]]:
    """Find replicated items in any JSON, by their ids."""
    if isinstance(value, dict):
        segments = str(value.get("id", "")).casefold().split("/")
        if len(segments) > 2 and segments[-2] in COLLECTIONS and "properties" in value:
            yield value, COLLECTIONS[segments[-2]]
    members = value.values() if isinstance(value, dict) else value
    if isinstance(value, (dict, list)):
        for member in members:
            yield from bodies(member)


@pytest.mark.parametrize(
    ("module", "name", "arguments"),
    [
        (builtins, "open", (os.devnull,)),
        (Path(os.devnull), "read_bytes", ()),
        (socket, "socket", ()),
        (socket, "create_connection", (("127.0.0.1", 9),)),
        (time, "time", ()),
        (time, "sleep", (0,)),
    ],
)
def test_the_seal_holds(sealed: Seal, module: Any, name: str, arguments: tuple[Any, ...]) -> None:
    with sealed(), pytest.raises(OutsideWorldError):
        getattr(module, name)(*arguments)
    assert Path(os.devnull).read_bytes() == b""


def test_phases_come_from_the_arguments_alone(sealed: Seal) -> None:
    module = load("rules/test_phase_cases.py")
    cases = [param.values for param in module._cases()]
    assert len(cases) > 100
    with sealed():
        for file, provider, case in cases:
            module.test_phase_of_case(file, provider, case)


def test_differences_come_from_the_arguments_alone(sealed: Seal) -> None:
    module = load("rules/test_diff_cases.py")
    cases = [json.loads(file.read_text("utf-8")) for file in module.FILES]
    assert len(cases) > 20
    with sealed():
        for case in cases:
            found = module.by_field(module.build(case["set"]))
            for field, expected in case["expect"].items():
                assert found[field].cls.value == expected["class"]


def test_gates_and_plans_come_from_the_arguments_alone(sealed: Seal) -> None:
    build = load("rules/conftest.py").Build
    row, held = build.row("app01", "Payroll"), build.row("app02", "Portal")
    case = build.case(row, held)
    case = replace(case, findings=tuple(f for f in case.findings if "app01" in f.subject.id))
    request = PlannedRequest(method="DELETE", url="https://management.azure.com" + str(row.id))
    with sealed():
        decisions = decide(case, now=build.now)
        assert [gate.workload for gate in decisions.open] == ["Payroll"]
        assert [gate.workload for gate in decisions.closed] == ["Portal"]
        plan = build_plan(
            decisions.open,
            case.inventory,
            {row.id.key: request},
            case.findings,
            journal_id="journal",
            planner=Principal(tid="t", oid="planner"),
            policy=case.policy,
            now=build.now,
            max_release=None,
        )
        assert plan_from(plan_bytes(plan)) == plan
        check_plan(plan, journal_id="journal", policy=case.policy, now=build.now)
        later = build.now + timedelta(days=30)
        with pytest.raises(StagingError):
            check_plan(plan, journal_id="journal", policy=case.policy, now=later)


@pytest.mark.corpus
def test_items_are_read_from_the_arguments_alone(sealed: Seal) -> None:
    corpus = Path(os.environ.get("AZSTAGING_CORPUS", TESTS.parents[1] / "shared" / "corpus"))
    if not (corpus / "recordings").is_dir():
        pytest.skip(f"the recorded payloads are not at {corpus}; set AZSTAGING_CORPUS")
    recorded = [
        json.loads(line)["body"]
        for path in sorted((corpus / "recordings").glob("*.jsonl"))
        for line in path.read_text("utf-8").splitlines()
    ]
    published = [
        json.loads(path.read_text("utf-8"))
        for path in sorted((corpus / "examples").rglob("*Item*.json"))
    ]
    read = refused = 0
    with sealed():
        for body, collection in bodies([recorded, published]):
            try:
                item = parse_item(body, collection)
            except StagingError:
                refused += 1
                continue
            stop_request_of(item)
            derive_phase(facts_of(item), None, False, ())
            read += 1
    assert read > 50
    assert refused < read
