"""CI's requirements turn skips into failures, and only those."""

import importlib.util
from pathlib import Path

import pytest

_SPEC = importlib.util.spec_from_file_location(
    "root_conftest", Path(__file__).resolve().parents[1] / "conftest.py"
)
assert _SPEC is not None
assert _SPEC.loader is not None
root_conftest = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(root_conftest)


@pytest.mark.parametrize(
    ("reason", "required", "expected"),
    [
        ("the recorded payloads are not at /x; set AZSTAGING_CORPUS", "chromium,corpus", "corpus"),
        ("no chromium on this machine", "chromium,corpus", "chromium"),
        ("no chromium on this machine", "corpus", None),
        ("needs SIGKILL", "chromium,corpus", None),
        ("no chromium on this machine", "", None),
    ],
)
def test_a_missing_requirement_is_named(reason, required, expected):
    assert root_conftest.missing_requirement(reason, required) == expected
