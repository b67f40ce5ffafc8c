"""What an Azure Automation sandbox forbids, around one runbook in this process.

Arguments: a file for what was seen, the runbook, its parameters. Children, addresses beyond
loopback and stderr are refused loudly, and written down.
"""

import ipaddress
import json
import os
import runpy
import sys
import types
from pathlib import Path

RECORD, RUNBOOK, *PARAMETERS = sys.argv[1:]
VARIABLES = Path(os.environ.pop("SANDBOX_VARIABLES"))
seen = {"children": [], "addresses": [], "stderr": []}
PROCESSES = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.spawn")


class NoStandardError:
    """sys.stderr is not supported."""

    encoding = "utf-8"

    def write(self, text):
        seen["stderr"].append(text)

    def flush(self):
        """Nothing is kept."""


def watch(event, arguments):
    if event in PROCESSES:
        seen["children"].append(event)
        raise PermissionError("a sandbox starts no process")
    if event == "socket.connect":
        host = arguments[1][0]
        if not ipaddress.ip_address(host).is_loopback:
            seen["addresses"].append(host)
            raise PermissionError("only loopback here")
    if event == "socket.getaddrinfo" and arguments[0] not in {
        "127.0.0.1",
        "localhost",
        b"127.0.0.1",
    }:
        seen["addresses"].append(str(arguments[0]))


def peak_mib():
    """Since exec: ru_maxrss would also count the process that started this one."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if "VmHWM" in line) // 1024


assets = types.ModuleType("automationassets")
assets.get_automation_variable = json.loads(VARIABLES.read_text("utf-8")).__getitem__
sys.modules["automationassets"] = assets
assets.__spec__ = types.SimpleNamespace(name="automationassets")
sys.stderr = NoStandardError()
sys.addaudithook(watch)
sys.argv = [RUNBOOK, *PARAMETERS]
code = None
try:
    runpy.run_path(RUNBOOK, run_name="__main__")
except SystemExit as leaving:
    code = leaving.code
finally:
    seen |= {"code": code, "peak_mib": peak_mib(), "python": list(sys.version_info[:2])}
    Path(RECORD).write_text(json.dumps(seen), encoding="utf-8")
