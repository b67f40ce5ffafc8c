"""Metrics of Azure Monitor -> how hard a target machine worked. Pure.

Azure: Metrics_List, https://learn.microsoft.com/rest/api/monitor/metrics/list; names and units of
https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-compute-virtualmachines-metrics
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from azstaging.model.usage import Usage

INTERVAL_SECONDS = 300
HOURS = 24
LEAST_POINTS = HOURS * 3600 // INTERVAL_SECONDS // 2
"""Half a day of points; fewer say nothing about a working day."""

CPU, MEMORY = "Percentage CPU", "Available Memory Bytes"
_DISK = ("Disk Read Bytes", "Disk Write Bytes")
_NETWORK = ("Network In Total", "Network Out Total")
NAMES = (CPU, MEMORY, *_DISK, *_NETWORK)
_MIB = 1024**2

Series = Mapping[str, float]
"""Time as the service wrote it -> value."""


def usage_from(body: Mapping[str, Any], *, memory_mib: int | None) -> tuple[Usage | None, str]:
    """Return the 95th percentiles that an answer tells, and why there are none.

    Args:
        body: the answer to a request for ``NAMES``, average and total.
        memory_mib: memory of the machine, or None: then its use is not told.
    """
    series = {name: _series(body, name) for name in NAMES}
    if len(series[CPU]) < LEAST_POINTS:
        hours = len(series[CPU]) * INTERVAL_SECONDS // 3600
        return None, f"Azure Monitor has metrics of {hours} of the last {HOURS} hours"
    usage = Usage(
        cpu_percent=_p95(series[CPU].values()),
        memory_percent=_p95(_used(series[MEMORY], memory_mib)),
        disk_bytes_per_second=_p95(_rate(*(series[name] for name in _DISK))),
        network_bytes_per_second=_p95(_rate(*(series[name] for name in _NETWORK))),
    )
    return usage, ""


def _series(body: Mapping[str, Any], name: str) -> Series:
    """Return the points of one metric that have a value; what has another shape has none."""
    found: dict[str, float] = {}
    key = "average" if name in {CPU, MEMORY} else "total"
    for metric in _rows(body.get("value")):
        told = metric.get("name")
        if not isinstance(told, dict) or told.get("value") != name:
            continue
        for series in _rows(metric.get("timeseries")):
            for point in _rows(series.get("data")):
                at, value = point.get("timeStamp"), point.get(key)
                if isinstance(at, str) and (number := _number(value)) is not None:
                    found[at] = number
    return found


def _rows(value: object) -> list[dict[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _number(value: object) -> float | None:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return None
    return float(value) if math.isfinite(value) and value >= 0 else None


def _used(available: Series, memory_mib: int | None) -> list[float]:
    if not memory_mib:
        return []
    whole = memory_mib * _MIB
    return [max(0.0, 100.0 * (whole - each) / whole) for each in available.values()]


def _rate(one: Series, other: Series) -> list[float]:
    """Add two totals at the times that both have, per second."""
    return [(one[at] + other[at]) / INTERVAL_SECONDS for at in one.keys() & other.keys()]


def _p95(values: Iterable[float]) -> int | None:
    """Return the nearest-rank 95th percentile, or None of too few."""
    ranked = sorted(values)
    if len(ranked) < LEAST_POINTS:
        return None
    return round(ranked[math.ceil(0.95 * len(ranked)) - 1])
