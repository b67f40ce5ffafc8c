"""Metrics of a machine, by REST: one request gives all of them."""

from datetime import datetime

from azstaging.azure.api_versions import METRICS
from azstaging.azure.bodies import Json
from azstaging.azure.session import ArmSession
from azstaging.model.ids import ResourceId
from azstaging.model.times import format_time


class Metrics:
    """Reads of Azure Monitor's platform metrics; they are kept for 93 days."""

    def __init__(self, session: ArmSession) -> None:
        self._session = session

    def get_metrics(
        self,
        vm_id: ResourceId,
        names: tuple[str, ...],
        since: datetime,
        until: datetime,
        *,
        interval_seconds: int,
    ) -> Json:
        """Get metrics of a machine, average and total per interval.

        Azure: Metrics_List, GET {vm}/providers/Microsoft.Insights/metrics, 2023-10-01,
        https://learn.microsoft.com/rest/api/monitor/metrics/list

        Args:
            vm_id: the machine.
            names: at most 20.
            since: aware UTC.
            until: aware UTC.
            interval_seconds: whole minutes.
        """
        query = {
            "metricnames": ",".join(names),
            "aggregation": "Average,Total",
            "interval": f"PT{interval_seconds // 60}M",
            "timespan": f"{format_time(since)}/{format_time(until)}",
        }
        path = vm_id.child("providers", "Microsoft.Insights", "metrics")
        return self._session.get_json(path, METRICS, query)
