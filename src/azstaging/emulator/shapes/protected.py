"""Protected items: everything of Site Recovery but agentless VMware."""

from collections.abc import Callable
from typing import NamedTuple

from azstaging.emulator.addresses import SITE_RECOVERY, stable_guid
from azstaging.emulator.estate import Machine
from azstaging.emulator.shapes.a2a import a2a_details
from azstaging.emulator.shapes.hyperv import hyperv_details
from azstaging.emulator.shapes.inmage import inmage_azure_v2_details, inmage_rcm_details
from azstaging.emulator.shapes.migration import idle_job
from azstaging.emulator.shapes.scene import Json, Scene

TYPE = f"{SITE_RECOVERY}/replicationProtectedItems"

Details = Callable[[Scene, Machine], Json]
_DETAILS: dict[str, Details] = {
    "InMageRcm": inmage_rcm_details,
    "InMageAzureV2": inmage_azure_v2_details,
    "HyperVReplicaAzure": hyperv_details,
    "A2A": a2a_details,
}
_FABRICS = {
    "InMageRcm": "InMageRcmFabric",
    "InMageAzureV2": "InMageFabric",
    "HyperVReplicaAzure": "SingleHostHyperVFabric",
    "A2A": "AzureFabric",
}


class _Stage(NamedTuple):
    state: str
    description: str
    location: str
    allowed: tuple[str, ...]
    health: str = "Normal"


_COMMITTED = ("DisableProtection", "CompleteMigration")
_STAGES = {
    "staged": _Stage("UnplannedFailoverCommitted", "Failover committed", "Recovery", _COMMITTED),
    "commit-pending": _Stage(
        "UnplannedFailoverCommitPendingStatesBegin",
        "Failover completed",
        "Recovery",
        ("CompleteMigration", "Commit", "DisableProtection", "ChangePit", "SwitchProtection"),
    ),
    "replicating": _Stage(
        "Protected",
        "Protected",
        "Primary",
        ("UnplannedFailover", "DisableProtection", "TestFailover"),
    ),
    "seeding": _Stage(
        "InitialReplicationInProgress",
        "Initial replication is in progress",
        "Primary",
        ("DisableProtection",),
    ),
    "cutover-running": _Stage("UnplannedFailoverInProgress", "Failover in progress", "Primary", ()),
    "failed": _Stage(
        "UnplannedFailoverFailed",
        "Failover failed",
        "Primary",
        ("UnplannedFailover", "DisableProtection"),
        "Critical",
    ),
    "test-outstanding": _Stage(
        "UnplannedFailoverCommitted",
        "Failover committed",
        "Recovery",
        ("DisableProtection", "TestFailoverCleanup"),
    ),
}
# Hyper-V is migrated by a planned failover, and Azure to Azure can be protected back.
_BY_PROVIDER = {
    ("HyperVReplicaAzure", "staged"): _Stage(
        "PlannedFailoverCommitted", "Failover committed", "Recovery", _COMMITTED
    ),
    ("A2A", "staged"): _Stage(
        "UnplannedFailoverCommitted",
        "Failover committed",
        "Recovery",
        ("ReverseReplicate", "DisableProtection"),
    ),
}


def protected_item(scene: Scene, machine: Machine) -> Json:
    """Render one item; the list gives the same rows."""
    default = _STAGES.get(machine.situation, _STAGES["staged"])
    stage = _BY_PROVIDER.get((machine.provider, machine.situation), default)
    ids = scene.ids
    item_id = ids.item(machine)
    name = ids.item_name(machine)
    return {
        "id": item_id,
        "name": name,
        "type": TYPE,
        "properties": _properties(scene, machine, stage),
    }


def _properties(scene: Scene, machine: Machine, stage: _Stage) -> Json:
    ids = scene.ids
    container = ids.item(machine).partition("/replicationProtectedItems/")[0]
    vault_id, _, rest = container.partition("/replicationFabrics/")
    fabric = rest.partition("/")[0]
    tested = machine.situation == "test-outstanding"
    failed_over = stage.location == "Recovery"
    policy = f"{fabric}-policy"
    recovery_fabric = f"{vault_id}/replicationFabrics/{stable_guid('azure', vault_id)}"
    local = machine.provider != "A2A"
    render = _DETAILS.get(machine.provider)
    details = render(scene, machine) if render else {"instanceType": machine.provider}
    return {
        "friendlyName": machine.name,
        "protectedItemType": "HyperVVirtualMachine" if machine.provider.startswith("Hyper") else "",
        "protectableItemId": f"{container}/replicationProtectableItems/"
        + stable_guid("protectable", machine.key)
        if local
        else None,
        "recoveryServicesProviderId": f"{vault_id}/replicationFabrics/{fabric}"
        f"/replicationRecoveryServicesProviders/{stable_guid('dra', fabric)}",
        "primaryFabricFriendlyName": fabric,
        "primaryFabricProvider": _FABRICS.get(machine.provider, "Unknown"),
        "recoveryFabricFriendlyName": "Microsoft Azure" if local else "West Europe",
        "recoveryFabricId": "Microsoft Azure" if local else recovery_fabric,
        "primaryProtectionContainerFriendlyName": container.rpartition("/")[2],
        "recoveryProtectionContainerFriendlyName": "Microsoft Azure" if local else "recovery",
        "protectionState": stage.state,
        "protectionStateDescription": stage.description,
        "activeLocation": stage.location,
        "testFailoverState": "WaitingForCompletion" if tested else "None",
        "testFailoverStateDescription": "Waiting for completion" if tested else "None",
        "switchProviderState": "None",
        "switchProviderStateDescription": None,
        "allowedOperations": list(stage.allowed),
        "replicationHealth": stage.health,
        "failoverHealth": stage.health,
        "healthErrors": [],
        "policyId": f"{vault_id}/replicationPolicies/{policy}",
        "policyFriendlyName": policy,
        **({"lastSuccessfulFailoverTime": scene.ago(60 * 48)} if failed_over else {}),
        "currentScenario": idle_job(vault_id, "scenarioName"),
        "failoverRecoveryPointId": None,
        "providerSpecificDetails": details,
        "recoveryContainerId": f"{recovery_fabric}/replicationProtectionContainers/"
        + stable_guid("recovery", vault_id),
        "eventCorrelationId": ids.correlation(machine),
    }
