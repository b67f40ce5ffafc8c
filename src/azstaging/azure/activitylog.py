"""The activity log: who changed what, for 90 days."""

from datetime import datetime

from azstaging.azure import api_versions as versions
from azstaging.azure.bodies import Json
from azstaging.azure.session import ArmSession
from azstaging.errors import ConfigurationError
from azstaging.model.ids import ResourceId, subscription_scope
from azstaging.model.times import format_time

_FIELDS = "caller,eventTimestamp,operationName,resourceId,status"


class ActivityLog:
    """Reads of the activity log."""

    def __init__(self, session: ArmSession) -> None:
        self._session = session

    def list_activity(self, group: ResourceId, since: datetime, until: datetime) -> list[Json]:
        """List what happened to the resources of a group, by caller and time.

        Azure: ActivityLogs_List,
        GET {subscription}/providers/Microsoft.Insights/eventtypes/management/values, 2015-04-01,
        https://learn.microsoft.com/rest/api/monitor/activity-logs/list

        Args:
            group: a resource group.
            since: aware UTC; at most 90 days ago.
            until: aware UTC.

        Raises:
            ConfigurationError: the group's name holds a quote.
        """
        name = group.name
        if "'" in name or not group.subscription_id:
            raise ConfigurationError(f"{group} is not a resource group.")
        path = subscription_scope(group.subscription_id)
        path = path.child("providers", "Microsoft.Insights", "eventtypes", "management", "values")
        query = {
            "$filter": f"eventTimestamp ge '{format_time(since)}' "
            f"and eventTimestamp le '{format_time(until)}' and resourceGroupName eq '{name}'",
            "$select": _FIELDS,
        }
        return self._session.list_all(path, versions.ACTIVITY_LOG, query)
