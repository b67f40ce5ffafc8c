"""The next command for a reason: exact, to be pasted into a shell."""

import shlex

_CHECK = frozenset(
    {
        "evidence-error",
        "evidence-expired",
        "evidence-failed",
        "evidence-flaky",
        "evidence-from-the-future",
        "evidence-inconclusive",
        "evidence-missing",
        "evidence-skipped",
        "evidence-void",
    }
)
_READ = frozenset(
    {
        "job-running",
        "no-generation",
        "not-detailed",
        "phase",
        "stale-inventory",
        "stop-not-allowed",
        "target-missing",
        "target-unread",
        "test-machine",
        "unrecognised",
    }
)
_SCOPE = frozenset({"gap", "lock"})


def command_for(code: str, *, workload: str, item_id: str | None) -> str:
    """Return the command that looks at a reason again, or "" where only a person can act."""
    where = f"--workload {shlex.quote(workload)}"
    if code in _CHECK:
        return f"azstaging check {where}"
    if code in _READ:
        return (
            f"azstaging inventory --item {shlex.quote(item_id)}"
            if item_id
            else (f"azstaging inventory {where}")
        )
    return "azstaging doctor" if code in _SCOPE else ""
