"""The target carries the source's load, and not with more effort than the source."""

from collections.abc import Iterable

from azstaging.checks.interface import (
    DAY,
    ItemContext,
    Verdict,
    check,
    failed,
    inconclusive,
    passed,
)
from azstaging.model.usage import Usage

_POINTS = 20
_TIMES = 2
# Below this a rate is the noise of an idle machine, on either side.
_IDLE_BYTES_PER_SECOND = 1_048_576
_PERCENTS = (("CPU", "cpu_percent"), ("memory", "memory_percent"))
_RATES = (("disk", "disk_bytes_per_second"), ("network", "network_bytes_per_second"))


@check(
    id="performance",
    title="The target works no harder than the source did, under the same load",
    source="https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/"
    "microsoft-compute-virtualmachines-metrics",
    lifetime_seconds=DAY,
    boot=True,
    next_step="Look at the machine's load, its size and the tiers of its disks.",
    on_request=True,
)
def performance(context: ItemContext) -> Verdict:
    """Compare the 95th percentiles of both sides; less load than before proves nothing."""
    target, source = context.around.usage, context.around.source_usage
    if target is None:
        return inconclusive(context.around.usage_problem or "metrics were not read")
    if source is None:
        return inconclusive(
            "nothing tells how hard the source worked",
            "Import its 95th percentiles: azstaging baseline --source FILE; see docs/checks.md.",
        )
    if worse := [*_harder(source, target), *_busier(source, target)]:
        return failed("; ".join(worse))
    pairs = (*_PERCENTS, *_RATES)
    if missing := [name for name, of in pairs if None in _both(source, target, of)]:
        return inconclusive(f"not told of both sides: {', '.join(missing)}")
    if idle := list(_idler(source, target)):
        return inconclusive(f"the load is not there yet: {'; '.join(idle)}")
    return passed("; ".join(_said(source, target, *pair) for pair in pairs))


def _both(source: Usage, target: Usage, of: str) -> tuple[int | None, int | None]:
    return getattr(source, of), getattr(target, of)


def _said(source: Usage, target: Usage, name: str, of: str) -> str:
    before, now = _both(source, target, of)
    unit = " %" if of.endswith("percent") else " B/s"
    return f"{name} {before} -> {now}{unit}"


def _harder(source: Usage, target: Usage) -> Iterable[str]:
    for name, of in _PERCENTS:
        before, now = _both(source, target, of)
        if before is not None and now is not None and now > before + _POINTS:
            yield _said(source, target, name, of)


def _busier(source: Usage, target: Usage) -> Iterable[str]:
    for name, of in _RATES:
        before, now = _both(source, target, of)
        if before is None or now is None:
            continue
        if now > _TIMES * max(before, _IDLE_BYTES_PER_SECOND):
            yield _said(source, target, name, of)


def _idler(source: Usage, target: Usage) -> Iterable[str]:
    for name, of in _RATES:
        before, now = _both(source, target, of)
        if before is None or now is None or before <= _IDLE_BYTES_PER_SECOND:
            continue
        if now * _TIMES < before:
            yield _said(source, target, name, of)
