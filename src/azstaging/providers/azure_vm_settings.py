"""What ``HyperVReplicaAzure`` and ``InMageAzureV2`` say alike of the Azure VM they make."""

from azstaging.model.items import ItemDisk, TargetSettings
from azstaging.providers.fields import Fields, tags_of

MIB = 1024 * 1024


def settings_of(details: Fields) -> TargetSettings:
    """Read the intended target; ``recoveryAzureVMName`` is spelt in two ways."""
    return TargetSettings(
        vm_name=details.text("recoveryAzureVMName"),
        vm_size=details.text("recoveryAzureVMSize"),
        resource_group_id=details.shared_id("recoveryAzureResourceGroupId"),
        network_id=details.shared_id("selectedRecoveryAzureNetworkId"),
        test_network_id=details.shared_id("selectedTfoAzureNetworkId"),
        availability_zone=details.text("targetAvailabilityZone"),
        availability_set_id=details.shared_id("recoveryAvailabilitySetId"),
        generation=details.text("azureVmGeneration"),
        licence_type=details.text("licenseType"),
        tags=tags_of(details.value("targetVmTags")),
    )


def test_machine_name(details: Fields) -> str:
    """Return the name that a test failover usually gives its VM, or ""."""
    name = details.text("recoveryAzureVMName")
    return f"{name}-test" if name else ""


def managed_disks_of(details: Fields) -> dict[str, Fields]:
    """Return ``protectedManagedDisks`` by casefolded disk id."""
    disks = details.objects("protectedManagedDisks")
    return {disk.text("diskId").casefold(): disk for disk in disks}


def azure_disk(disk: Fields, managed: Fields) -> ItemDisk:
    """Read one of ``azureVMDiskDetails`` with its row of ``protectedManagedDisks``."""
    kind = disk.text("vhdType")
    size_mib = disk.number("maxSizeMB")
    return ItemDisk(
        source_id=disk.text("diskId") or disk.text("vhdId"),
        name=disk.text("vhdName"),
        is_os=kind == "OperatingSystem" if kind else None,
        size_bytes=None if size_mib is None else size_mib * MIB,
        target_type=managed.text("targetDiskAccountType", "replicaDiskType"),
        target_name=(
            disk.text("targetDiskName")
            or disk.text("customTargetDiskName")
            or managed.text("targetDiskName")
        ),
        target_disk_id=disk.id("diskId"),
        seed_disk_id=managed.id("seedManagedDiskId"),
        encryption_set_id=disk.shared_id("diskEncryptionSetId")
        or managed.shared_id("diskEncryptionSetId"),
    )
