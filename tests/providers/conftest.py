"""The recorded payloads, where they are."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Exchange = dict[str, Any]


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of the recorded payloads; the test is skipped where it is absent."""
    default = Path(__file__).parents[3] / "shared" / "corpus"
    folder = Path(os.environ.get("AZSTAGING_CORPUS", default))
    if not (folder / "recordings").is_dir():
        pytest.skip(f"the recorded payloads are not at {folder}; set AZSTAGING_CORPUS")
    return folder


@pytest.fixture(scope="session")
def recordings(corpus: Path) -> dict[str, list[Exchange]]:
    """All exchanges by recording, in order."""
    found = {}
    for path in sorted((corpus / "recordings").glob("*.jsonl")):
        lines = path.read_text("utf-8").splitlines()
        found[path.name.removesuffix(".jsonl")] = [json.loads(line) for line in lines]
    return found


@pytest.fixture(scope="session")
def exchange(recordings: dict[str, list[Exchange]]) -> Callable[[str, int], Exchange]:
    """Look up one exchange by recording and seq."""

    def look_up(recording: str, seq: int) -> Exchange:
        return next(found for found in recordings[recording] if found["seq"] == seq)

    return look_up
