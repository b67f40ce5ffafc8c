"""The machines and workloads of the sample estate, as tables."""

from typing import Any

from azstaging.emulator.estate import Machine, Workload

_PLACES = {
    "VMwareCbt": ("vlt-agentless", "vmware-west"),
    "InMageRcm": ("vlt-agents", "vmware-north"),
    "InMageAzureV2": ("vlt-agents", "physical-north"),
    "HyperVReplicaAzure": ("vlt-hyperv", "hyperv-shared"),
    "A2A": ("vlt-hyperv", ""),
    "VMwareToAzStackHCI": ("drv-azlocal", "vmware-north"),
    "HyperVToAzStackHCI": ("drv-azlocal", "hyperv-shared"),
    # No published description knows this one; a tool must not guess what it means.
    "VMwareAvs": ("vlt-hyperv", "vmware-west"),
}


def _m(key: str, provider: str, group: str, **more: Any) -> Machine:
    vault, site = _PLACES[provider]
    fields = {"name": key.upper(), "vault": vault, "site": site, **more}
    return Machine(key=key, provider=provider, group=f"rg-{group}", **fields)


_BIG = {"cores": 4, "memory_mib": 16384, "size": "Standard_D4s_v5", "disks_gib": (64, 256)}
_LINUX = {"os": "linux"}
_HIDDEN = {"vault": "vlt-restricted"}

MACHINES: tuple[Machine, ...] = (
    # Payroll. One of its names is what spreadsheets and shells trip over in real estates.
    _m("pay-web-01", "VMwareCbt", "payroll"),
    _m("pay-app-01", "VMwareCbt", "payroll", **_BIG),
    _m("pay-db-01", "VMwareCbt", "payroll", name="Lohn&Gehalt-DB (alt)", **_BIG),
    # Intranet
    _m("intranet-01", "VMwareCbt", "intranet", **_LINUX),
    _m("intranet-02", "VMwareCbt", "intranet", name="<b>web</b>", **_LINUX),
    # File services
    _m("file-01", "VMwareCbt", "files", disks_gib=(64, 512, 512)),
    _m("file-02", "VMwareCbt", "files", disks_gib=(64, 512)),
    # Build; one of two machines called APP-07
    _m("build-01", "VMwareCbt", "build", **_LINUX),
    _m("build-02", "VMwareCbt", "build", **_LINUX),
    _m("build-app-07", "VMwareCbt", "build", name="APP-07", **_LINUX),
    # Reporting
    _m("report-01", "VMwareCbt", "reporting", name="=cmd|x"),
    _m("report-02", "VMwareCbt", "reporting", **_BIG),
    # Print; one item is failed over, its failover not yet committed
    _m("print-01", "InMageRcm", "print"),
    _m("print-02", "InMageRcm", "print", situation="commit-pending"),
    # Time recording; its web server was renamed by the service
    _m(
        "time-web-01",
        "InMageRcm",
        "time",
        vm="time-web-01-6f1c2a90-77d4-4f0e-9c55-2b9d0e6b1a01",
    ),
    _m("time-db-01", "InMageRcm", "time", **_BIG),
    # Ticketing; the other APP-07
    _m("ticket-web-01", "InMageRcm", "ticketing", **_LINUX),
    _m("ticket-app-07", "InMageRcm", "ticketing", name="APP-07", **_LINUX),
    _m("ticket-db-01", "InMageAzureV2", "ticketing", **_BIG),
    # Wiki, part of the intranet
    _m("wiki-01", "InMageAzureV2", "wiki", **_LINUX),
    _m("wiki-02", "InMageAzureV2", "wiki", **_LINUX),
    # Monitoring
    _m("monitor-01", "HyperVReplicaAzure", "monitoring"),
    _m("monitor-02", "HyperVReplicaAzure", "monitoring"),
    # Directory
    _m("directory-01", "HyperVReplicaAzure", "directory"),
    _m("directory-02", "HyperVReplicaAzure", "directory"),
    # Archive
    _m("archive-01", "A2A", "archive"),
    _m("archive-02", "A2A", "archive"),
    _m("archive-03", "A2A", "archive", **_LINUX),
    _m("archive-04", "A2A", "archive", **_LINUX),
    # Warehouse: the item says migrated, the VM failed
    _m("warehouse-app-01", "VMwareCbt", "warehouse", vm_state="Failed", agent="Not Ready"),
    _m("warehouse-db-01", "VMwareCbt", "warehouse", **_BIG),
    # Web shop: a test machine is left over, and the item says so
    _m("shop-web-01", "VMwareCbt", "shop", situation="test-outstanding", test_vm=True),
    _m("shop-web-02", "VMwareCbt", "shop"),
    # Customer relations: a test machine is left over, and the item does not say so
    _m("crm-app-01", "InMageRcm", "crm", test_vm=True),
    _m("crm-db-01", "InMageRcm", "crm", **_BIG),
    # Analytics: replicating again after its migration
    _m("analytics-01", "VMwareCbt", "analytics", situation="replicating-again", **_BIG),
    _m("analytics-02", "VMwareCbt", "analytics", **_BIG),
    # Personnel portal: paused, and looks migrated
    _m("personnel-01", "VMwareCbt", "personnel", situation="paused", has_vm=False),
    _m("personnel-02", "VMwareCbt", "personnel"),
    # Customer portal: in a vault that nobody here may read
    _m("portal-web-01", "VMwareCbt", "portal", **_HIDDEN),
    _m("portal-web-02", "VMwareCbt", "portal", **_HIDDEN),
    _m("portal-app-01", "VMwareCbt", "portal", **_HIDDEN),
    _m("portal-db-01", "VMwareCbt", "portal", **_BIG, **_HIDDEN),
    # Plant control: on Azure Local
    _m("plant-01", "VMwareToAzStackHCI", "azlocal"),
    _m("plant-02", "VMwareToAzStackHCI", "azlocal"),
    _m("plant-hist-01", "HyperVToAzStackHCI", "azlocal"),
    # Legacy planning: a provider that nobody knows
    _m("legacy-01", "VMwareAvs", "legacy"),
    # Billing and invoicing share a database host; invoicing is not there yet
    _m("billing-01", "InMageRcm", "billing"),
    _m("invoice-01", "InMageRcm", "invoicing", situation="replicating", has_vm=False),
    _m("invoice-02", "InMageRcm", "invoicing"),
    _m("sql-shared-01", "InMageAzureV2", "databases", **_BIG),
    # Mail: the machine does not run
    _m("mail-01", "InMageAzureV2", "mail", power="deallocated"),
    _m("mail-02", "InMageAzureV2", "mail"),
    # Laboratory: the new machine is smaller than the old one
    _m("lab-01", "HyperVReplicaAzure", "laboratory", actual_size="Standard_B2s", **_BIG),
    _m("lab-02", "HyperVReplicaAzure", "laboratory"),
    # Scanning and licence servers
    _m("scan-01", "VMwareCbt", "scan"),
    _m("scan-02", "VMwareCbt", "scan"),
    _m("licence-01", "VMwareCbt", "licences", **_LINUX),
    _m("licence-02", "InMageRcm", "licences", **_LINUX),
    _m("licence-03", "InMageRcm", "licences"),
)


def _w(name: str, criticality: str, machines: str, story: str = "") -> Workload:
    owner = name.lower().replace(" ", "-") + "@contoso.example"
    return Workload(
        name=name,
        owner=owner,
        criticality=criticality,
        machines=tuple(machines.split()),
        story=story,
    )


WORKLOADS: tuple[Workload, ...] = (
    _w("Payroll", "high", "pay-web-01 pay-app-01 pay-db-01"),
    _w("Intranet", "medium", "intranet-01 intranet-02 wiki-01 wiki-02"),
    _w("File services", "high", "file-01 file-02"),
    _w("Build", "low", "build-01 build-02 build-app-07"),
    _w("Reporting", "medium", "report-01 report-02"),
    _w("Print", "low", "print-01 print-02"),
    _w("Time recording", "medium", "time-web-01 time-db-01"),
    _w("Ticketing", "medium", "ticket-web-01 ticket-app-07 ticket-db-01"),
    _w("Monitoring", "medium", "monitor-01 monitor-02"),
    _w("Directory", "high", "directory-01 directory-02"),
    _w("Archive", "low", "archive-01 archive-02 archive-03 archive-04"),
    _w("Scanning", "low", "scan-01 scan-02 licence-01 licence-02 licence-03"),
    _w("Warehouse", "high", "warehouse-app-01 warehouse-db-01", "the target machine failed"),
    _w("Web shop", "high", "shop-web-01 shop-web-02", "a test machine is left over"),
    _w("Customer relations", "medium", "crm-app-01 crm-db-01", "a test machine nobody mentions"),
    _w("Analytics", "medium", "analytics-01 analytics-02", "an item replicates again"),
    _w("Personnel", "high", "personnel-01 personnel-02", "a paused item looks migrated"),
    _w(
        "Customer portal",
        "high",
        "portal-web-01 portal-web-02 portal-app-01 portal-db-01",
        "its vault cannot be read",
    ),
    _w("Plant control", "high", "plant-01 plant-02 plant-hist-01", "Azure Local"),
    _w("Legacy planning", "low", "legacy-01", "an unknown provider"),
    _w("Billing", "high", "billing-01 sql-shared-01", "waits for Invoicing: they share a host"),
    _w("Invoicing", "high", "invoice-01 invoice-02 sql-shared-01", "not migrated yet"),
    _w("Mail", "high", "mail-01 mail-02", "a machine does not run"),
    _w("Laboratory", "low", "lab-01 lab-02", "a machine is smaller than its source"),
)
