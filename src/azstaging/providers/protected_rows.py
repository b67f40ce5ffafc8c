"""Rows of the vault-wide list of protected items, from their bytes; see `documented`.

Azure: ReplicationProtectedItemProperties of 2024-04-01 and 2025-08-01,
https://learn.microsoft.com/rest/api/site-recovery/replication-protected-items/list
"""

from typing import Any

from msgspec import UNSET, Raw

from azstaging.errors import UnexpectedResponseError
from azstaging.model.items import Collection, JsonObject, ReplicatedItem
from azstaging.providers.a2a_rows import A2ARow
from azstaging.providers.documented import (
    Documented,
    Rows,
    Told,
    beside,
    shared_names,
    shared_states,
    told,
)
from azstaging.providers.envelope import assemble, job_name
from azstaging.providers.fields import as_id
from azstaging.providers.hyperv_replica_azure_rows import HyperVReplicaAzureRow
from azstaging.providers.inmage_rcm_rows import InMageRcmRow
from azstaging.providers.protected_item import STATE_FIELDS

_SCENARIO = frozenset({"jobId", "scenarioName", "startTime"})


@beside(
    "protectedItemType protectableItemId recoveryServicesProviderId primaryFabricFriendlyName "
    "primaryFabricProvider recoveryFabricFriendlyName recoveryFabricId "
    "primaryProtectionContainerFriendlyName recoveryProtectionContainerFriendlyName policyId "
    "policyFriendlyName failoverRecoveryPointId recoveryContainerId"
)
class _Properties(Documented):
    provider_specific_details: InMageRcmRow | HyperVReplicaAzureRow | A2ARow
    friendly_name: str | None = None
    event_correlation_id: str | None = None
    allowed_operations: list[str] | None = None
    health_errors: list[Raw] | None = None
    current_scenario: Any = UNSET
    protection_state: Told = UNSET
    protection_state_description: Told = UNSET
    active_location: Told = UNSET
    test_failover_state: Told = UNSET
    test_failover_state_description: Told = UNSET
    switch_provider_state: Told = UNSET
    switch_provider_state_description: Told = UNSET
    replication_health: Told = UNSET
    failover_health: Told = UNSET
    last_successful_failover_time: Told = UNSET
    last_successful_test_failover_time: Told = UNSET

    def raw(self) -> dict[str, Any]:
        specific = self.provider_specific_details
        shared = shared_states(
            STATE_FIELDS + specific.STATE_FIELDS,
            self.protection_state,
            self.protection_state_description,
            self.active_location,
            self.test_failover_state,
            self.test_failover_state_description,
            self.switch_provider_state,
            self.switch_provider_state_description,
            self.replication_health,
            self.failover_health,
            *specific.states(),
        )
        own = {
            "lastSuccessfulFailoverTime": self.last_successful_failover_time,
            "lastSuccessfulTestFailoverTime": self.last_successful_test_failover_time,
            "currentScenario": self.current_scenario,
        }
        return {**shared, **told(own)}


@beside("name type location systemData")
class Row(Documented):
    """One row of protected items."""

    id: str
    properties: _Properties

    def item(self, body: JsonObject) -> ReplicatedItem | None:
        """Return the item of the row; None where the provider must be asked."""
        properties = self.properties
        specific = properties.provider_specific_details
        item_id = as_id(self.id)
        details = None if properties.health_errors else specific.details()
        if item_id is None or details is None:
            return None
        try:
            return assemble(
                item_id,
                details,
                body=body,
                collection=Collection.PROTECTED_ITEMS,
                name=properties.friendly_name or "",
                provider=str(specific.__struct_config__.tag),
                generation=properties.event_correlation_id or "",
                allowed_operations=shared_names(*(properties.allowed_operations or ())),
                running_job=_job(properties.current_scenario),
                health=properties.replication_health or "",
                failover_health=properties.failover_health or "",
                raw=properties.raw(),
            )
        except UnexpectedResponseError:
            return None


PROTECTED_ROWS = Rows(Row)


def _job(scenario: Any) -> str:
    if type(scenario) is dict and scenario.keys() <= _SCENARIO:
        name = scenario.get("scenarioName")
        if name == "None" or name is None:
            return ""
    return job_name(None if scenario is UNSET else scenario)
