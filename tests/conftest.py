"""What CI requires and does not find is a failure there; elsewhere the test skips."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

_IN_REASON = {
    "azurite": "azurite is needed",
    "corpus": "recorded payloads",
    "chromium": "chromium",
    "dask": "dask is needed",
    "fish": "fish is needed",
    "libreoffice": "libreoffice",
    "polars": "polars is an extra",
    "python310": "python 3.10",
    "wheel": "the wheel alone is needed",
    "zsh": "zsh is needed",
}


def missing_requirement(reason: str, required: str) -> str | None:
    """Return the name of the requirement that a skip reason says is missing, if it is required."""
    for name in filter(None, required.split(",")):
        if _IN_REASON[name] in reason.casefold():
            return name
    return None


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Turn the skip of a required program or of required data into a failure."""
    del item
    outcome: Any = yield
    report = outcome.get_result()
    if report.skipped and isinstance(report.longrepr, tuple):
        reason = str(report.longrepr[-1])
        name = missing_requirement(reason, os.environ.get("AZSTAGING_REQUIRE", ""))
        if name:
            report.outcome = "failed"
            report.longrepr = f"{name} is required here. {reason}"
