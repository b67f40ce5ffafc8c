"""The words of a report: what codes are called, and in which order things are shown."""

# From the worst to the best; the worst stands for a group.
STANDINGS = (
    "failed",
    "from-the-future",
    "void",
    "error",
    "inconclusive",
    "flaky",
    "expired",
    "missing",
    "skipped",
    "waived",
    "passed",
)
PHASES = (
    "preparing",
    "replicating",
    "paused",
    "test-migrated",
    "cutover-running",
    "staged",
    "stopping",
    "released",
    "failed",
    "reversed",
    "contradiction",
    "unrecognised",
)
DIFF_CLASSES = ("suspicious", "act", "unknown", "expected", "same")
WORKLOAD_STATES = ("held", "ready", "released")

_TITLES = {
    "already-released": "Already released",
    "cooling-off": "The cooling-off period has not ended",
    "empty-inventory": "The inventory is empty",
    "empty-workload": "The workload has no item",
    "evidence-error": "A check could not run",
    "evidence-expired": "Evidence has expired",
    "evidence-failed": "A check failed",
    "evidence-flaky": "A check failed, then passed",
    "evidence-from-the-future": "Evidence is dated in the future",
    "evidence-inconclusive": "A check was inconclusive",
    "evidence-missing": "Evidence is missing",
    "evidence-skipped": "A check was skipped",
    "evidence-void": "The machine changed since it was checked",
    "gap": "Something could not be read",
    "job-running": "A job runs, or may run",
    "lock": "A lock would block the stop",
    "max-release": "The plan would release too many items",
    "no-generation": "The replication cannot be told from a later one",
    "no-required-check": "The policy requires no check",
    "not-decided": "No decision was made",
    "not-detailed": "Only part of the item could be read",
    "phase": "The item is not staged",
    "shared-item": "A shared item waits for another workload",
    "stale-inventory": "The inventory is too old",
    "stop-not-allowed": "The service does not offer the stop",
    "target-missing": "No Azure VM was found",
    "target-not-provable": "The target cannot be proven",
    "target-unread": "The Azure VM could not be read",
    "test-machine": "A test machine is left over",
    "unrecognised": "The service gave an unknown value",
    "unresolved-selector": "A selector matches no item",
}


def title(code: str) -> str:
    """Return what a reason's code is called; an unknown code is shown as it is, readable."""
    return _TITLES.get(code) or code.replace("-", " ").replace("_", " ").capitalize()


def count(number: int, singular: str, plural: str | None = None) -> str:
    """Return ``1 item``, ``2,000 items``."""
    noun = singular if number == 1 else plural or f"{singular}s"
    return f"{number:,} {noun}"


def is_or_are(number: int) -> str:
    """Return the verb that follows a number."""
    return "is" if number == 1 else "are"


def worst(standings: list[str]) -> str:
    """Return the worst of some standings, or "" when there is none."""
    return min(standings, key=STANDINGS.index, default="")


def moment(time: str) -> str:
    """Return an RFC 3339 UTC time as ``2026-11-26 16:00``, for people."""
    return time[:16].replace("T", " ")


def duration(seconds: int) -> str:
    """Return a duration in its largest fitting unit: ``45 s``, ``12 min``, ``5 h``, ``3 d``."""
    for unit, length, most in (("s", 1, 120), ("min", 60, 7200), ("h", 3600, 172_800)):
        if seconds < most:
            return f"{seconds // length} {unit}"
    return f"{seconds // 86_400:,} d"


def some(words: list[str], most: int = 3) -> str:
    """Return the first few of a list, and how many more there are."""
    if len(words) <= most + 1:
        return ", ".join(words)
    return f"{', '.join(words[:most])} and {len(words) - most:,} more"
