"""The shipped notebooks run from top to bottom, and store nothing that a run would change."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def read(path):
    return nbformat.read(path, as_version=4)


def test_the_four_notebooks_are_there():
    assert [path.stem for path in NOTEBOOKS] == [
        "chase-the-red-checks",
        "explore-an-estate",
        "read-a-diff",
        "rehearse-a-release",
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_stores_no_output(path):
    nbformat.validate(read(path))
    code = [cell for cell in read(path).cells if cell.cell_type == "code"]
    assert [cell.outputs for cell in code] == [[]] * len(code)
    assert {cell.execution_count for cell in code} == {None}


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """Every notebook as nbmake leaves it, by its path; run in a folder of its own."""
    folder = tmp_path_factory.mktemp("notebooks")
    copies = [shutil.copy(path, folder) for path in NOTEBOOKS]
    source = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    own = {"IPYTHONDIR": str(folder / "ipython"), "TMPDIR": str(folder), "PYTHONPATH": source}
    command = [sys.executable, "-m", "pytest", "--nbmake", "--overwrite", "-q", "-p", "no:xdist"]
    done = subprocess.run(
        [*command, "-c", os.devnull, "--rootdir", str(folder), *map(str, copies)],
        cwd=folder,
        env=os.environ | own,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return {path: read(folder / path.name) for path in NOTEBOOKS}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_top_to_bottom(executed, path):
    cells = [cell for cell in executed[path].cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.get("outputs", ())]
    assert [o for o in outputs if o.output_type == "stream" and o.name == "stderr"] == []
    tables = [o.data["text/html"] for o in outputs if "text/html" in o.get("data", {})]
    assert any('<table style="text-align:left"><caption>' in table for table in tables)
    assert not any("<b>web</b>" in table for table in tables), "names are escaped"
