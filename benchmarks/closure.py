"""What it costs to import all that azstaging needs without extras: CPU, and memory.

CPU is told beside that of the libraries alone, which a script of one's own would import, too: how
fast a machine is must not decide.

Run it with the Python that has the wheels: PYTHON -I benchmarks/closure.py
"""

import sys
import time
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

MOST_TIMES = 3.0
MOST_MIB = 80
# Each is loaded by whoever needs its extra; DESIGN 2 keeps them out of the base.
OF_EXTRAS = ("azstaging.emulator", "azstaging.pytest_plugin", "azstaging.notebook")

# Loaded on first use by some of our modules, so importing those does not bring them. The
# libraries that they and we stand on come with them.
ON_USE = (
    "azure.devops.v7_1.work_item_tracking",
    "azure.identity",
    "azure.mgmt.recoveryservicessiterecovery",
    "azure.mgmt.resource.resources",
    "jinja2",
    "jmespath",
    "xlsxwriter",
)


def peak_mib() -> float:
    """Return the most memory this process had resident since it began, in MiB (Linux)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def complaint_of(name: str) -> str:
    """Import a module; say what was missing, or nothing."""
    try:
        import_module(name)
    except ImportError as error:
        return f"{name}: {error}"
    return ""


def main() -> int:
    began = time.process_time()
    missing = [complaint for complaint in map(complaint_of, ON_USE) if complaint]
    libraries = time.process_time() - began
    azstaging = import_module("azstaging")
    names = [
        module.name
        for module in walk_packages(azstaging.__path__, "azstaging.", onerror=lambda _name: None)
        if not module.name.startswith(OF_EXTRAS) and not module.name.endswith("__main__")
    ]
    missing += [complaint for complaint in map(complaint_of, names) if complaint]
    seconds, memory = time.process_time() - began, peak_mib()
    print(f"{len(names)} modules on Python {sys.version.split()[0]}")
    print(
        f"import of the whole closure: {seconds:.2f} s CPU, {seconds / libraries:.1f} times",
        end=" ",
    )
    print(f"the libraries alone (at most {MOST_TIMES:g}), {memory:.0f} MiB (at most {MOST_MIB})")
    for line in missing:
        print(f"not imported: {line}")
    return int(bool(missing) or seconds > MOST_TIMES * libraries or memory > MOST_MIB)


if __name__ == "__main__":
    sys.exit(main())
