"""Sources: OffAzure sites and machines, Azure Migrate projects and solutions."""

from azstaging.emulator.addresses import stable_guid
from azstaging.emulator.estate import Machine, Project, Site
from azstaging.emulator.shapes.migration import os_name, source_disk
from azstaging.emulator.shapes.scene import GIB, NEVER, Json, Scene


def site_body(scene: Scene, site: Site) -> Json:
    """Render a discovery site."""
    return {
        "id": scene.ids.site(site),
        "name": site.name,
        "type": f"Microsoft.OffAzure/{site.kind}",
        "etag": f'"{stable_guid("etag", site.name)}"',
        "location": site.location,
        "properties": {
            "masterSiteId": None,
            "servicePrincipalIdentityDetails": None,
            "agentDetails": {
                "id": f"{stable_guid('agent', site.name)}-agent",
                "version": "6.1.294.1001",
                "lastHeartBeatUtc": scene.ago(4),
                "keyVaultUri": None,
                "keyVaultId": None,
            },
            "serviceEndpoint": "https://discovery.contoso.example/",
            "applianceName": site.name,
            "discoverySolutionId": None,
            "provisioningState": "Succeeded",
        },
    }


def discovered_machine(scene: Scene, machine: Machine) -> Json:
    """Render a discovered machine of a VMware, Hyper-V or server site."""
    kind = scene.ids.sites[machine.site].kind
    own = {"VMwareSites": _vmware, "HyperVSites": _hyperv, "ServerSites": _server}[kind]
    tags = {"asrprotectedmachine": "True"}
    return {
        "properties": {**own(scene, machine), **_common(scene, machine), "tags": tags},
        "id": scene.ids.source(machine),
        "name": scene.ids.source_name(machine),
        "type": f"Microsoft.OffAzure/{kind}/machines",
        "tags": tags,
    }


def _common(scene: Scene, machine: Machine) -> Json:
    return {
        "powerStatus": machine.source_power,
        "vmFqdn": f"{machine.key}.contoso.example",
        "guestOSDetails": {
            "osType": None,
            "osName": None,
            "osVersion": None,
            "osArchitecture": None,
        },
        "numberOfApplications": -1,
        "guestDetailsDiscoveryTimestamp": None,
        "isGuestDetailsDiscoveryInProgress": False,
        "dependencyMapping": "Disabled",
        "runAsAccountId": None,
        "applianceNames": [machine.site],
        "errors": [],
        "appsAndRoles": None,
        "productSupportStatus": {
            "currentVersion": "",
            "esuStatus": "Unknown",
            "supportStatus": "Unknown",
            "supportEndDate": NEVER,
            "esuYear": "Unknown",
        },
        "numberOfProcessorCore": machine.cores,
        "allocatedMemoryInMB": float(machine.memory_mib),
        "operatingSystemDetails": {
            "osType": f"{machine.os}guest",
            "osName": os_name(machine),
            "osVersion": "",
            "osArchitecture": "x86_64",
        },
        "biosSerialNumber": stable_guid("bios", machine.key),
        "biosGuid": stable_guid("bios", machine.key),
        "displayName": machine.name,
        "isDeleted": False,
        "createdTimestamp": scene.ago(60 * 24 * 120),
        "updatedTimestamp": scene.ago(25),
    }


def _address(machine: Machine) -> str:
    return "10.1" + machine.address[4:]


def _mac(machine: Machine) -> str:
    digits = stable_guid("mac", machine.key)[:6]
    return "00:50:56:" + ":".join(digits[i : i + 2] for i in (0, 2, 4))


def _vmware(scene: Scene, machine: Machine) -> Json:
    site = scene.ids.site(scene.ids.sites[machine.site])
    return {
        "totalDiskSizeInGB": float(sum(machine.disks_gib)),
        "vCenterFQDN": "vcenter-01.contoso.example",
        "vCenterId": f"{site}/vcenters/vcenter-01",
        "instanceUuid": stable_guid("source", machine.key),
        "dataCenterScope": "Datacenter 1",
        "description": "",
        "disks": [
            {
                "uuid": source_disk(machine, index),
                "label": f"Hard disk {index + 1}",
                "diskProvisioningPolicy": "ThinProvisioned",
                "diskScrubbingPolicy": "LazilyScrubbed",
                "diskMode": "persistent",
                "controllerType": "VirtualLsiLogicSASController",
                "maxSizeInBytes": size * GIB,
                "usedSpaceInBytes": 0,
                "name": f"scsi0:{index}",
                "diskType": "Dynamic",
                "lun": index,
                "path": f"[datastore1] {machine.key}/{machine.key}_{index}.vmdk",
                "logicalSectorSizeInBytes": 512,
            }
            for index, size in enumerate(machine.disks_gib)
        ],
        "hostInMaintenanceMode": False,
        "hostName": "esx-01.contoso.example",
        "hostPowerState": "poweredOn",
        "hostVersion": "7.0.3",
        "networkAdapters": [
            {
                "label": "Network adapter 1",
                "adapterType": "VirtualVmxnet3",
                "nicId": "4000",
                "macAddress": _mac(machine),
                "ipAddressList": [_address(machine)],
                "networkName": "VM Network",
                "ipAddressType": "Static",
            }
        ],
        "vMwareToolsStatus": "NotRunning",
        "vMwareToolsVersion": "12325",
        "changeTrackingSupported": True,
        "changeTrackingEnabled": True,
        "maxSnapshots": -1,
        "diskEnabledUuid": "yes",
        "numberOfSnapshots": 0,
        "altGuestName": os_name(machine),
        "vmConfigurationFileLocation": f"[datastore1] {machine.key}/{machine.key}.vmx",
        "firmware": "efi",
        **_guest_discovery(),
    }


def _guest_discovery() -> Json:
    """Render what the appliance looked for inside the guest: nothing, without a run-as account."""
    scope = {"discoveryScopeStatus": "RunAsAccountNotAssociated"}
    agentless: Json = {**scope, "errors": [], "hydratedRunAsAccountId": None}
    databases = {
        "totalInstanceCount": 0,
        "shallowDiscoveryStatus": "Disabled",
        "discoveryScopeStatus": "DiscoverySucceeded",
    }
    web = {"totalWebServerCount": 0, "totalWebApplicationCount": 0, **scope}
    return {
        "isFileServerSupported": None,
        "autoEnableDependencyMapping": "ValidationInProgress",
        "dependencyMappingStartTime": None,
        "dependencyMappingEndTime": None,
        "distinctErrorCount": 0,
        "applicationDiscovery": agentless,
        "dependencyMapDiscovery": agentless,
        "staticDiscovery": {**agentless, "discoveryScopeStatus": "DiscoverySucceeded"},
        "sqlDiscovery": {
            "successfullyDiscoveredServerCount": -1,
            "totalServerCount": -1,
            "sqlMetadataHydratedRunAsAccountId": None,
            "sqlMetadataDiscoveryPipe": "Unknown",
            **scope,
        },
        "webAppDiscovery": web,
        "iisDiscovery": web,
        "tomcatDiscovery": web,
        "oracleDiscovery": {**databases, "totalDatabaseCount": 0},
        "mySQLDiscovery": {**databases, "totalDatabaseCount": 0},
        "pgSQLDiscovery": {**databases, "totalDatabaseCount": 0},
        "springBootDiscovery": {**databases, "totalApplicationCount": 0},
        "totalApplicationCount": 0,
        "totalInstanceCount": -1,
        "ipAddresses": "",
        "discoveredWorkloads": [],
        "eTag": '"0000e8bf-0000-0200-0000-000000000000"',
    }


def _hyperv(scene: Scene, machine: Machine) -> Json:
    site = scene.ids.site(scene.ids.sites[machine.site])
    guid = stable_guid("source", machine.key).upper()
    return {
        "hostFqdn": "hv-01.contoso.example",
        "hostId": f"{site}/hosts/hv-01",
        "clusterFqdn": None,
        "clusterId": None,
        "managementServerType": "Host",
        "generation": 2,
        "version": "9.0",
        "highAvailability": "No",
        "maxMemoryMB": 1048576,
        "firmware": "EFI",
        "isDynamicMemoryEnabled": False,
        "instanceUuid": guid.lower(),
        "disks": [
            {
                "instanceId": f"Microsoft:{guid}\\83F8638B-8DCA-4152-9EDA-2CA8B33039B4\\0\\{i}\\L",
                "vhdId": stable_guid("vhd", machine.key, i),
                "maxSizeInBytes": size * GIB,
                "name": machine.key if i == 0 else f"{machine.key}_{i}",
                "diskType": "Dynamic",
                "lun": i,
                "path": f"D:\\VHDs\\{machine.key}_{i}.vhdx",
            }
            for i, size in enumerate(machine.disks_gib)
        ],
        "networkAdapters": [
            {
                "networkId": "switch-01",
                "subnetName": "switch-01",
                "staticIpAddress": None,
                "nicType": "NicType",
                "nicId": f"Microsoft:{stable_guid('nic', machine.key).upper()}",
                "macAddress": _mac(machine),
                "ipAddressList": [_address(machine)],
                "networkName": None,
                "ipAddressType": "Dynamic",
            }
        ],
        "vmConfigurationFileLocation": f"D:\\VMs\\{guid}.vmcx",
    }


def _server(_scene: Scene, machine: Machine) -> Json:
    return {
        "fqdn": f"{machine.key}.contoso.example",
        "hydratedFqdn": f"{machine.key}.contoso.example",
        "validationRequired": "true",
        "firmware": "UEFI",
        "disks": [
            {
                "id": f"{{{stable_guid('disk', machine.key, index)}}}",
                "generatedId": stable_guid("generated", machine.key, index),
                "maxSizeInBytes": size * GIB,
                "name": f"\\\\.\\PHYSICALDRIVE{index}",
                "diskType": "Basic",
                "lun": index,
                "path": f"\\\\.\\PHYSICALDRIVE{index}",
            }
            for index, size in enumerate(machine.disks_gib)
        ],
        "networkAdapters": [
            {
                "nicId": _mac(machine),
                "macAddress": _mac(machine),
                "ipAddressList": [_address(machine)],
                "networkName": "Ethernet",
                "ipAddressType": "Static",
            }
        ],
    }


_SOLUTIONS = {
    "Servers-Discovery-ServerDiscovery": ("ServerDiscovery", "Discovery"),
    "Servers-Assessment-ServerAssessment": ("ServerAssessment", "Assessment"),
    "Servers-Migration-ServerMigration": ("ServerMigration", "Migration"),
}
SOLUTION_NAMES = tuple(_SOLUTIONS)


def project_body(scene: Scene, project: Project) -> Json:
    """Render an Azure Migrate project."""
    return {
        "id": scene.ids.project(project),
        "name": project.name,
        "type": "Microsoft.Migrate/MigrateProjects",
        "etag": f'"{stable_guid("etag", project.name)}"',
        "location": project.location,
        "tags": {"Migrate Project": project.name},
        "properties": {
            "registeredTools": ["ServerDiscovery", "ServerAssessment", "ServerMigration"],
            "serviceEndpoint": "https://migration.contoso.example/",
            "summary": _project_summary(scene),
            "lastSummaryRefreshedTime": scene.ago(60),
            "refreshSummaryState": "Completed",
            "provisioningState": "Succeeded",
        },
    }


def _project_summary(scene: Scene) -> Json:
    refreshed = {
        "refreshSummaryState": "Completed",
        "lastSummaryRefreshedTime": scene.ago(60),
        "extendedSummary": {},
    }
    others = {
        "databases": "Databases",
        "webApplications": "WebApplications",
        "desktopVirtualization": "DesktopVirtualization",
    }
    rest = {name: {"instanceType": kind, **refreshed} for name, kind in others.items()}
    return {"servers": {**_summary(), **refreshed}, **rest}


def _summary() -> Json:
    """Counters that the service leaves at zero although items replicate: recorded so."""
    return {
        "instanceType": "Servers",
        "discoveredCount": 0,
        "assessedCount": 0,
        "replicatingCount": 0,
        "testMigratedCount": 0,
        "migratedCount": 0,
    }


def solution_body(scene: Scene, project: Project, name: str) -> Json:
    """Render one solution of a project; the migration one points to its vault."""
    tool, purpose = _SOLUTIONS[name]
    vault = scene.ids.vaults[project.vault]
    details = {"vaultId": scene.ids.vault(vault)} if purpose == "Migration" else {}
    return {
        "id": f"{scene.ids.project(project)}/Solutions/{name}",
        "name": name,
        "type": "Microsoft.Migrate/MigrateProjects/Solutions",
        "etag": f'"{stable_guid("etag", project.name, name)}"',
        "properties": {
            "tool": tool,
            "purpose": purpose,
            "goal": "Servers",
            "status": "Active",
            "cleanupState": "None",
            "summary": _summary(),
            "details": {"groupCount": 0, "assessmentCount": 0, "extendedDetails": details},
        },
    }


def migrate_name(machine: Machine) -> str:
    """ARM name of a machine in its Azure Migrate project."""
    return stable_guid("migrate", machine.key)


def migrate_machine(scene: Scene, project: Project, machine: Machine) -> Json:
    """Render a machine of a project: the only place that claims the target VM's id (CBT)."""
    name = migrate_name(machine)
    common = {
        "enqueueTime": scene.ago(60 * 30),
        "solutionName": "Servers-Migration-ServerMigration",
        "machineId": scene.ids.source_name(machine),
        "machineName": machine.name,
        "lastUpdatedTime": scene.ago(60 * 30),
        "extendedInfo": {},
    }
    migrated = machine.situation in {"staged", "test-outstanding", "notes", "partial"}
    migration = {
        **common,
        "migrationPhase": "Migrated" if migrated else "Replicating",
        "migrationTested": False,
        "replicationProgressPercentage": 100,
        "targetVMArmId": scene.ids.vm(machine) if migrated and machine.has_vm else "",
    }
    return {
        "id": f"{scene.ids.project(project)}/Machines/{name}",
        "name": name,
        "type": "Microsoft.Migrate/MigrateProjects/Machines",
        "properties": {
            "discoveryData": [
                {
                    **common,
                    "osType": machine.os.title(),
                    "osName": os_name(machine),
                    "osVersion": "",
                }
            ],
            "assessmentData": [],
            "migrationData": [migration],
            "lastUpdatedTime": scene.ago(60 * 30),
        },
    }
