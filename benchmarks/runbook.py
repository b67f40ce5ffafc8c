"""Peak memory and time of the assess and report runbooks: python benchmarks/runbook.py [ITEMS].

They run as the tests run them: on Python 3.10 where it is found, without children and stderr,
against an emulated Azure in this process.
"""

import importlib.util
import sys
import tempfile
import time
from pathlib import Path

from azstaging.emulator import Emulator, sample_estate

_HARNESS = Path(__file__).parents[1] / "tests" / "runbook" / "conftest.py"
_SPEC = importlib.util.spec_from_file_location("harness", _HARNESS)
harness = importlib.util.module_from_spec(_SPEC)
sys.modules["harness"] = harness
_SPEC.loader.exec_module(harness)


def main(items: int) -> None:
    with tempfile.TemporaryDirectory() as name, Emulator(sample_estate(items)) as azure:
        folder = Path(name)
        account = harness.make_account(folder, azure)
        runs = [("azstaging_assess.py", ()), ("azstaging_report.py", (str(folder / "reports"),))]
        for runbook, parameters in runs:
            start = time.perf_counter()
            job = account(runbook, *parameters)
            seconds = time.perf_counter() - start
            ending = job.lines[-1].partition(":")[0]
            python = ".".join(map(str, job.seen["python"]))
            print(f"{runbook} {ending} {seconds:.1f} s {job.seen['peak_mib']} MiB Python {python}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
