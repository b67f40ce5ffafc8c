"""Where each behaviour of the emulator comes from, so that nobody takes a guess for a fact.

``recorded``: seen in exchanges with the real service. ``documented``: published descriptions or
official clients. ``guessed``: neither; the emulator had to answer something.
"""

from typing import NamedTuple


class Source(NamedTuple):
    """One behaviour, what it rests on, and a remark."""

    behaviour: str
    basis: str
    remark: str


SOURCES: tuple[Source, ...] = (
    Source(
        "UpdateStepStatus of a wave's execution",
        "guessed",
        "Path, version and body are those of the Azure CLI's extension; answers are unknown.",
    ),
    Source(
        "VMwareCbt item and vault-wide list",
        "recorded",
        "The list leaves protectedDisks and vmNics empty; seedDiskTags is {} there, null in GET.",
    ),
    Source("VMwareCbt while a stop runs or after it failed", "documented", "State names only."),
    Source(
        "VMwareCbt with a test migration outstanding",
        "documented",
        "testMigrateState and TestMigrateCleanup are published enum values; never recorded.",
    ),
    Source("A2A and HyperVReplicaAzure items", "recorded", "Keys of 2022-08-01 recordings."),
    Source(
        "A2A and HyperVReplicaAzure after failover",
        "guessed",
        "States and allowed operations after commit were never recorded.",
    ),
    Source(
        "InMageRcm item",
        "documented",
        "Keys of 2024-04-01; the failed-over, uncommitted state was recorded.",
    ),
    Source("InMageAzureV2 item", "documented", "2016-08-10 recording, names of 2024-04-01."),
    Source("Azure Local protected item", "recorded", "Keys; after cutover from client sources."),
    Source("Azure Local job", "documented", "Workflow_Get of 2021-02-16-preview."),
    Source("Azure Local operations URL", "documented", "Path of 2021-02-16-preview."),
    Source("Recovery Services vault, fabric, container", "recorded", ""),
    Source("DELETE of a migration item: 202, three headers, empty body", "recorded", ""),
    Source("POST remove of a protected item: 202", "recorded", "Also with properties {}."),
    Source("DELETE of a protected item is the purge", "recorded", ""),
    Source("Signed operation URLs", "recorded", "Parameters t, c, s, h; contents invented."),
    Source(
        "replicationOperationStatus body", "recorded", "error is null or an object, never absent."
    ),
    Source("Succeeded with an error in the status", "recorded", "Fault operation-error."),
    Source("operationresults: 202 while running, then 204", "guessed", "202 was recorded."),
    Source("DisableMigration and DisableDr jobs", "recorded", "NotStarted first, then InProgress."),
    Source("A failed job's error", "guessed", "Code 539 and its text."),
    Source("Job list without tasks, activity, details", "recorded", "$filter is ignored."),
    Source("A second stop while one runs: 409", "guessed", "The code was never recorded."),
    Source("A stop that the item does not allow: 400", "guessed", ""),
    Source("404 of the resource provider", "recorded", "No x-ms-failure-cause, Server: Kestrel."),
    Source("404 of ARM", "recorded", "ResourceNotFound with x-ms-failure-cause: gateway."),
    Source("404 of OffAzure", "recorded", "MachineNotFound."),
    Source("400 without api-version", "documented", "MissingApiVersionParameter."),
    Source("401 without or with a wrong token", "documented", ""),
    Source("403 names the exact action", "documented", "AuthorizationFailed."),
    Source("Locks: CanNotDelete stops DELETE, not POST", "documented", "409 ScopeLocked."),
    Source("Rate limit", "documented", "250 and 25/s reads, 200 and 10/s writes and deletes."),
    Source("Code of a 429", "guessed", "SubscriptionRequestsThrottled."),
    Source("Ids that start with /Subscriptions/", "recorded", "Recovery Services only."),
    Source("x-ms-request-id with a US date, or a job's id", "recorded", ""),
    Source("nextLink null, absent, lower-case escapes", "recorded", "By resource provider."),
    Source("Page sizes", "guessed", "100 for OffAzure was recorded."),
    Source("VM, disk, network interface", "recorded", "A migrated VM has no osProfile and image."),
    Source("statusOnly=true", "guessed", "Identity and instance view without the model."),
    Source("vmSizes", "recorded", "A few sizes, unpaged."),
    Source("Resource SKUs", "documented", "2021-07-01; machine sizes only, capabilities are text."),
    Source("Locks in lists of a scope", "documented", "Own, inherited and below."),
    Source("Discovered VMware machine", "recorded", "allocatedMemoryInMb since api-version 2023."),
    Source("Discovered Hyper-V machine, server", "documented", "2020-07-07 and 2023-06-06."),
    Source("Migrate project and solutions", "recorded", "Counters stay 0, as recorded."),
    Source("Migrate machines", "documented", "migrationData[].targetVMArmId."),
    Source("Backup items of a vault", "documented", "Azure VMs only; names of 2023-02-01."),
    Source("Run Command: 202, then the operation", "documented", "Output cut to 4,096 bytes."),
    Source("Run Command: 409 while another runs", "documented", "Its text is guessed."),
    Source("Boot diagnostics, and their blobs", "documented", "A token at a blob is refused."),
    Source("Metrics of a VM", "documented", "The same value in every interval."),
    Source("Resource Graph", "recorded", "resultTruncated is text; migration items are absent."),
    Source("Identity endpoint", "documented", "App Service flavour, numeric expires_on."),
)
