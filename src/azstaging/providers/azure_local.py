"""The ``Microsoft.DataReplication/replicationVaults/protectedItems`` envelope: Azure Local."""

from collections.abc import Callable, Mapping

from azstaging.model.items import (
    Collection,
    Cutover,
    Facts,
    ItemDisk,
    ItemNic,
    JsonObject,
    ReplicatedItem,
    Replication,
    SourceFacts,
    StopRequest,
    TargetSettings,
    TestMachine,
)
from azstaging.providers.envelope import (
    ABSENT,
    assemble,
    health_errors_of,
    id_of,
    is_item_of,
    raw_of,
    shown,
)
from azstaging.providers.fields import Fields
from azstaging.providers.interface import Details, StateMeaning, StateTable

RAW = (
    "provisioningState",
    "protectionState",
    "protectionStateDescription",
    "activeLocation",
    "testFailoverState",
    "testFailoverStateDescription",
    "resynchronizationState",
    "resyncRequired",
    "resyncState",
    "replicationHealth",
    "currentJob",
    "lastFailedEnableProtectionJob",
    "lastFailedPlannedFailoverJob",
    "lastTestFailoverJob",
    "lastSuccessfulPlannedFailoverTime",
    "lastSuccessfulUnplannedFailoverTime",
    "lastSuccessfulTestFailoverTime",
)

_PREPARING: StateMeaning = (Cutover.NONE, Replication.PREPARING)
_ACTIVE: StateMeaning = (Cutover.NONE, Replication.ACTIVE)
_RUNNING: StateMeaning = (Cutover.RUNNING, Replication.ACTIVE)
_BROKEN: StateMeaning = (Cutover.FAILED, Replication.PAUSED)
_DONE: StateMeaning = (Cutover.DONE, Replication.PAUSED)

STATES: StateTable = {
    "UnprotectedStatesBegin": _PREPARING,
    "EnablingProtection": _PREPARING,
    "EnablingFailed": (Cutover.NONE, Replication.FAILED),
    "DisablingProtection": (None, Replication.STOPPING),
    "MarkedForDeletion": (None, Replication.STOPPING),
    "DisablingFailed": (None, Replication.STOP_FAILED),
    "UnprotectedStatesEnd": _PREPARING,
    "InitialReplicationStatesBegin": _PREPARING,
    "InitialReplicationInProgress": _PREPARING,
    "InitialReplicationCompletedOnPrimary": _PREPARING,
    "InitialReplicationCompletedOnRecovery": _PREPARING,
    "InitialReplicationFailed": (Cutover.NONE, Replication.FAILED),
    "InitialReplicationStatesEnd": _PREPARING,
    "ProtectedStatesBegin": _ACTIVE,
    "Protected": _ACTIVE,
    "ProtectedStatesEnd": _ACTIVE,
    "PlannedFailoverTransitionStatesBegin": _RUNNING,
    "PlannedFailoverInitiated": _RUNNING,
    "PlannedFailoverCompleting": _RUNNING,
    "PlannedFailoverCompleted": _DONE,
    "PlannedFailoverFailed": _BROKEN,
    "PlannedFailoverCompletionFailed": _BROKEN,
    "PlannedFailoverTransitionStatesEnd": _RUNNING,
    "UnplannedFailoverTransitionStatesBegin": _RUNNING,
    "UnplannedFailoverInitiated": _RUNNING,
    "UnplannedFailoverCompleting": _RUNNING,
    # Failed over without the last changes of the source: not the cutover of a migration.
    "UnplannedFailoverCompleted": (Cutover.PARTIAL, Replication.PAUSED),
    "UnplannedFailoverFailed": _BROKEN,
    "UnplannedFailoverCompletionFailed": _BROKEN,
    "UnplannedFailoverTransitionStatesEnd": _RUNNING,
    "CommitFailoverStatesBegin": _RUNNING,
    "CommitFailoverInProgressOnPrimary": _RUNNING,
    "CommitFailoverInProgressOnRecovery": _RUNNING,
    "CommitFailoverCompleted": _DONE,
    "CommitFailoverFailedOnPrimary": _BROKEN,
    "CommitFailoverFailedOnRecovery": _BROKEN,
    "CommitFailoverStatesEnd": _RUNNING,
    "CancelFailoverStatesBegin": _RUNNING,
    "CancelFailoverInProgressOnPrimary": _RUNNING,
    "CancelFailoverInProgressOnRecovery": _RUNNING,
    "CancelFailoverFailedOnPrimary": _BROKEN,
    "CancelFailoverFailedOnRecovery": _BROKEN,
    "CancelFailoverStatesEnd": _RUNNING,
    "ChangeRecoveryPointStatesBegin": _RUNNING,
    "ChangeRecoveryPointInitiated": _RUNNING,
    "ChangeRecoveryPointCompleted": _RUNNING,
    "ChangeRecoveryPointFailed": _BROKEN,
    "ChangeRecoveryPointStatesEnd": _RUNNING,
    "ReprotectStatesBegin": _ACTIVE,
    "ReprotectInitiated": _ACTIVE,
    "ReprotectFailed": (Cutover.NONE, Replication.FAILED),
    "ReprotectStatesEnd": _ACTIVE,
}

TESTS: Mapping[str, TestMachine] = {
    "None": TestMachine.NONE,
    "MarkedForDeletion": TestMachine.NONE,
    "TestFailoverInitiated": TestMachine.RUNNING,
    "TestFailoverCompleting": TestMachine.RUNNING,
    "TestFailoverCleanupInitiated": TestMachine.RUNNING,
    "TestFailoverCleanupCompleting": TestMachine.RUNNING,
    "TestFailoverCompleted": TestMachine.OUTSTANDING,
    "TestFailoverFailed": TestMachine.OUTSTANDING,
    "TestFailoverCompletionFailed": TestMachine.OUTSTANDING,
}

CLEAN_UP = "TestFailoverCleanup"

_JOB_RUNS = frozenset({"Pending", "Started", "Cancelling"})
_JOB_ENDED = frozenset(
    {
        "Succeeded",
        "Failed",
        "Cancelled",
        "CompletedWithInformation",
        "CompletedWithWarnings",
        "CompletedWithErrors",
    }
)


def parse_data_replication_item(
    body: JsonObject, details_of: Callable[[Fields], Details]
) -> ReplicatedItem:
    """Read an Azure Local item; ``details_of`` reads its ``customProperties``."""
    properties = Fields(body).object("properties")
    specific = properties.object("customProperties")
    return assemble(
        id_of(body),
        details_of(specific),
        body=body,
        health_errors=health_errors_of(properties),
        collection=Collection.DATA_REPLICATION,
        name=properties.text("fabricObjectName") or specific.text("sourceVmName"),
        provider=specific.text("instanceType"),
        generation=properties.text("correlationId"),
        allowed_operations=properties.texts("allowedJobs"),
        running_job=_running_job(properties.object("currentJob")),
        health=properties.text("replicationHealth"),
        raw=raw_of(properties, specific, RAW),
    )


def _running_job(job: Fields) -> str:
    if not job or job.text("state") in _JOB_ENDED:
        return ""
    return job.text("displayName") or job.text("scenarioName") or job.text("name")


def facts_of_data_replication_item(item: ReplicatedItem) -> Facts:
    """Map the raw states of an Azure Local item to facts."""
    unrecognised: list[str] = []
    cutover, replication = _state(item, unrecognised)
    test = _test(item, unrecognised)
    idle = _idle(item, unrecognised)
    return Facts(
        cutover=cutover,
        replication=replication,
        test=test,
        reversed=None if replication is None else _reprotects(item),
        stop_allowed="DisableProtection" in item.allowed_operations,
        cleanup_allowed=CLEAN_UP in item.allowed_operations,
        idle=idle,
        unrecognised=tuple(unrecognised),
    )


def _state(
    item: ReplicatedItem, unrecognised: list[str]
) -> tuple[Cutover | None, Replication | None]:
    given = item.raw.get("protectionState", ABSENT)
    meaning = STATES.get(given) if isinstance(given, str) else None
    if meaning is None:
        unrecognised.append(f"protectionState={shown(given)}")
        return None, None
    location = item.raw.get("activeLocation", ABSENT)
    if location not in ("Primary", "Recovery"):
        unrecognised.append(f"activeLocation={shown(location)}")
        return None, meaning[1]
    if meaning[0] is Cutover.DONE and location == "Primary":
        unrecognised.append(f"activeLocation=Primary with protectionState={given}")
        return None, meaning[1]
    return meaning


def _reprotects(item: ReplicatedItem) -> bool:
    state = str(item.raw.get("protectionState"))
    recovery = item.raw.get("activeLocation") == "Recovery"
    return state.startswith("Reprotect") or (recovery and STATES[state] in (_PREPARING, _ACTIVE))


def _test(item: ReplicatedItem, unrecognised: list[str]) -> TestMachine | None:
    if CLEAN_UP in item.allowed_operations:
        return TestMachine.OUTSTANDING
    given = item.raw.get("testFailoverState", ABSENT)
    if given is None:
        return TestMachine.NONE
    meaning = TESTS.get(given) if isinstance(given, str) else None
    if meaning is None:
        unrecognised.append(f"testFailoverState={shown(given)}")
    return meaning


def _idle(item: ReplicatedItem, unrecognised: list[str]) -> bool | None:
    # An idle item has no currentJob at all; a finished job may linger there.
    job = item.raw.get("currentJob")
    if job is None:
        return True
    state = Fields(job).text("state")
    if state in _JOB_ENDED:
        return True
    if state in _JOB_RUNS:
        return False
    unrecognised.append(f"currentJob.state={state or ABSENT}")
    return None


def stop_data_replication_item(item: ReplicatedItem) -> StopRequest | None:
    """Return the DELETE of an Azure Local item; ``forceDelete`` is never sent.

    Azure: ProtectedItem_Delete,
    https://learn.microsoft.com/rest/api/recoveryservices/protected-item/delete
    """
    if not is_item_of(item.id, Collection.DATA_REPLICATION):
        return None
    return StopRequest(operation="ProtectedItem_Delete", method="DELETE", id=item.id)


def custom_properties(custom: Fields) -> Details:
    """Read ``customProperties``; VMware and Hyper-V differ in nothing that we read."""
    vm_name = custom.text("targetVmName")
    return Details(
        source_id=custom.id("fabricDiscoveryMachineId"),
        test_target_name=f"{vm_name}-test" if vm_name else "",
        settings=_settings(custom, vm_name),
        source=SourceFacts(
            cores=custom.number("sourceCpuCores"),
            memory_mib=custom.number("sourceMemoryInMegaBytes"),
            os_type=custom.text("osType"),
            os_name=custom.text("osName"),
            firmware=custom.text("firmwareType"),
        ),
        disks=tuple(_disk(disk) for disk in custom.objects("protectedDisks")),
        nics=tuple(_nic(nic) for nic in custom.objects("protectedNics")),
        last_recovery_point=custom.text("lastRecoveryPointReceived"),
    )


def _settings(custom: Fields, vm_name: str) -> TargetSettings:
    return TargetSettings(
        vm_name=vm_name,
        location=custom.text("targetLocation"),
        resource_group_id=custom.shared_id("targetResourceGroupId"),
        network_id=custom.shared_id("targetNetworkId"),
        test_network_id=custom.shared_id("testNetworkId"),
        generation=custom.text("hyperVGeneration"),
        cores=custom.number("targetCpuCores"),
        memory_mib=custom.number("targetMemoryInMegaBytes"),
    )


def _disk(disk: Fields) -> ItemDisk:
    return ItemDisk(
        source_id=disk.text("sourceDiskId"),
        name=disk.text("sourceDiskName"),
        is_os=disk.flag("isOSDisk"),
        size_bytes=disk.number("capacityInBytes"),
        target_type=disk.text("diskType"),
    )


def _nic(nic: Fields) -> ItemNic:
    selection = nic.text("selectionTypeForFailover")
    return ItemNic(
        source_id=nic.text("nicId"),
        is_primary=nic.flag("isPrimaryNic"),
        is_selected=selection != "NotSelected" if selection else None,
        target_network_id=nic.shared_id("targetNetworkId"),
    )
