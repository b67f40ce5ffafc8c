"""Subscriptions, Recovery Services vaults, fabrics and containers."""

from azstaging.emulator.addresses import SITE_RECOVERY, stable_guid
from azstaging.emulator.estate import Subscription, Vault
from azstaging.emulator.shapes.scene import Json, Scene


def subscription_body(scene: Scene, subscription: Subscription) -> Json:
    """Render a subscription."""
    return {
        "id": f"/subscriptions/{subscription.id}",
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": subscription.id,
        "tenantId": scene.estate.tenant_id,
        "displayName": subscription.name,
        "state": "Enabled",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "EnterpriseAgreement_2014-09-01",
            "spendingLimit": "Off",
        },
    }


def group_body(group: str, location: str) -> Json:
    """Render a resource group by its id."""
    return {
        "id": group,
        "name": group.rpartition("/")[2],
        "type": "Microsoft.Resources/resourceGroups",
        "location": location,
        "properties": {"provisioningState": "Succeeded"},
    }


def vault_body(scene: Scene, vault: Vault) -> Json:
    """Render a Recovery Services vault."""
    return {
        "location": vault.location,
        "name": vault.name,
        "etag": f"W/\"datetime'{stable_guid('etag', vault.name)}'\"",
        "properties": {
            "provisioningState": "Succeeded",
            "privateEndpointStateForBackup": "None",
            "privateEndpointStateForSiteRecovery": "None",
            "backupStorageVersion": "Unassigned",
            "monitoringSettings": {
                "azureMonitorAlertSettings": {"alertsForAllJobFailures": "Enabled"},
                "classicAlertSettings": {"alertsForCriticalOperations": "Enabled"},
            },
            "securitySettings": {
                "immutabilitySettings": None,
                "softDeleteSettings": {
                    "softDeleteRetentionPeriodInDays": 14,
                    "softDeleteState": "Enabled",
                },
                "multiUserAuthorization": "Disabled",
            },
            "publicNetworkAccess": "Enabled",
            "restoreSettings": {
                "crossSubscriptionRestoreSettings": {"crossSubscriptionRestoreState": "Enabled"}
            },
        },
        "id": scene.ids.vault(vault),
        "type": "Microsoft.RecoveryServices/vaults",
        "sku": {"name": "Standard"},
    }


def fabric_body(scene: Scene, vault: Vault) -> Json:
    """Render the fabric of a vault."""
    return {
        "id": scene.ids.fabric(vault),
        "name": vault.fabric,
        "type": "Microsoft.RecoveryServices/vaults/replicationFabrics",
        "properties": {
            "friendlyName": vault.fabric,
            "encryptionDetails": None,
            "rolloverEncryptionDetails": None,
            "internalIdentifier": stable_guid("fabric", vault.name),
            "bcdrState": "Valid",
            "customDetails": {"instanceType": "VMwareV2"},
            "healthErrorDetails": [],
            "health": "Normal",
        },
    }


def container_body(scene: Scene, vault: Vault) -> Json:
    """Render the protection container of a vault."""
    return {
        "id": scene.ids.container(vault),
        "name": vault.container,
        "type": SITE_RECOVERY,
        "properties": {
            "fabricFriendlyName": vault.fabric,
            "friendlyName": vault.container,
            "fabricType": "VMwareV2",
            "protectedItemCount": sum(m.vault == vault.name for m in scene.estate.machines),
            "pairingStatus": "Paired",
            "role": "Primary",
            "fabricSpecificDetails": None,
        },
    }
