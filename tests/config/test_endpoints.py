"""Endpoints: a text stays one, a table says what a good answer is."""

from pathlib import Path

import pytest

from azstaging.config import load_configuration
from azstaging.errors import ConfigurationError
from azstaging.model.waves import Endpoint, Workload


def workload(tmp_path: Path, lines: str) -> Workload:
    file = tmp_path / "azstaging.toml"
    file.write_text(f'[[workload]]\nname = "Payroll"\nitems = ["*"]\n{lines}\n', "utf-8")
    return load_configuration(file).wave.workloads[0]


def test_texts_and_tables_stand_in_one_list(tmp_path: Path) -> None:
    lines = """endpoints = [
      "tcp://10.20.0.4:1433",
      { url = "https://payroll.example/health", status = 200, contains = "ok", max_ms = 500 },
      { url = "tls://payroll.example:443", max_ms = 200 },
    ]"""
    assert workload(tmp_path, lines).endpoints == (
        Endpoint(kind="tcp", address="10.20.0.4:1433"),
        Endpoint(
            kind="http",
            address="https://payroll.example/health",
            status=200,
            contains="ok",
            max_ms=500,
        ),
        Endpoint(kind="tls", address="payroll.example:443", max_ms=200),
    )


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("{ status = 200 }", "url is missing"),
        ('{ url = "ftp://x" }', "is not tcp://host:port"),
        ('{ url = "https://x", status = 20 }', "must be from 100 to 599"),
        ('{ url = "https://x", max_ms = 0 }', "must be from 1 to"),
        ('{ url = "https://x", state = 200 }', "did you mean 'status'"),
        ('{ url = "tcp://x:1", status = 200 }', "for http and https alone"),
        ("3", "texts or tables"),
    ],
)
def test_what_is_no_endpoint_is_named(tmp_path: Path, entry: str, problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        workload(tmp_path, f"endpoints = [{entry}]")


def test_a_suite_is_pinned_by_a_sha_256(tmp_path: Path) -> None:
    digest = "AB" * 32
    found = workload(tmp_path, f'suite_sha256 = "{digest}"\nsuite_requires = ["test_a.py::test_a"]')
    assert found.suite_sha256 == digest.casefold()
    assert found.suite_requires == ("test_a.py::test_a",)
    with pytest.raises(ConfigurationError, match="64 hexadecimal digits"):
        workload(tmp_path, 'suite_sha256 = "abc"')
