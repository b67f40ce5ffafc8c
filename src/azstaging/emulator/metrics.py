"""Platform metrics of machines: ``{vm}/providers/Microsoft.Insights/metrics``.

Documented: https://learn.microsoft.com/rest/api/monitor/metrics/list (parameters, shape, points
without a value where nothing was measured). Guessed: the text of its refusal.
"""

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from azstaging.emulator import answers
from azstaging.emulator.answers import Answer
from azstaging.emulator.paths import Address
from azstaging.model.times import format_time, parse_time

if TYPE_CHECKING:
    from azstaging.emulator.arm import Call
    from azstaging.emulator.state import State

_PATH = "/providers/microsoft.insights/metrics"
_GIB = 1024**3
# What a machine of which nothing else is said reports, in every interval: a quiet one.
QUIET = {
    "Percentage CPU": 12.5,
    "Available Memory Bytes": 2.0 * _GIB,
    "Disk Read Bytes": 30_000_000.0,
    "Disk Write Bytes": 60_000_000.0,
    "Network In Total": 20_000_000.0,
    "Network Out Total": 40_000_000.0,
}
_AVERAGED = {"Percentage CPU": "Percent", "Available Memory Bytes": "Bytes"}


def metrics(state: "State", address: Address, call: "Call") -> Answer | None:
    """Answer the metrics of a machine, or None: another path."""
    if not address.key.endswith(_PATH):
        return None
    key = address.key.removesuffix(_PATH)
    entry = state.entries.get(key)
    if entry is None or entry.kind != "vm":
        return answers.resource_not_found(key.rpartition("/providers/")[2], address.group)
    begin, _, end = call.query.get("timespan", "").partition("/")
    since, until = parse_time(begin), parse_time(end)
    minutes = re.fullmatch(r"PT([0-9]{1,3})M", call.query.get("interval", ""))
    if since is None or until is None or minutes is None:
        return answers.error(400, "BadRequest", "The timespan or the interval is not valid.")
    step = timedelta(minutes=int(minutes[1]) or 1)
    times = [format_time(since + step * index) for index in range((until - since) // step)]
    told = state.metrics.get(key, QUIET)
    names = call.query.get("metricnames", "").split(",")
    value = [_metric(entry.id, name, times, told.get(name)) for name in names]
    return Answer(status=200, body={"timespan": f"{begin}/{end}", "value": value})


def _metric(vm_id: str, name: str, times: list[str], value: float | None) -> dict[str, object]:
    key = "average" if name in _AVERAGED else "total"
    points = [{"timeStamp": at, **({} if value is None else {key: value})} for at in times]
    return {
        "id": f"{vm_id}/providers/Microsoft.Insights/metrics/{name}",
        "type": "Microsoft.Insights/metrics",
        "name": {"value": name, "localizedValue": name},
        "unit": _AVERAGED.get(name, "Bytes"),
        "timeseries": [{"metadatavalues": [], "data": points}],
        "errorCode": "Success",
    }
