"""Azure Migrate projects and discovered machines (Microsoft.Migrate, Microsoft.OffAzure), by REST.

There is no Python client to use: azure-mgmt-migrate is an empty placeholder.
"""

import json
from collections.abc import Mapping
from typing import Any

from azstaging.azure.api_versions import MIGRATE_PROJECTS, OFF_AZURE, RESOURCES
from azstaging.azure.bodies import Json, require_id
from azstaging.azure.session import ArmSession
from azstaging.model.ids import ResourceId, parse_id, subscription_scope

_REPLICATION = "Servers-Migration-ServerMigration"
_DATA_REPLICATION = "Servers-Migration-ServerMigration_DataReplication"
_DISCOVERY = "Servers-Discovery-ServerDiscovery"


class Migrate:
    """Reads of migrate projects, their solutions, and the discovery sites."""

    def __init__(self, session: ArmSession) -> None:
        self._session = session

    def list_projects(self, subscription_id: str) -> list[Json]:
        """List the migrate projects of a subscription: id, name, location.

        Azure: Resources_List, GET {subscription}/resources; projects have no list of their own.
        """
        path = subscription_scope(subscription_id).child("resources")
        query = {"$filter": "resourceType eq 'Microsoft.Migrate/migrateProjects'"}
        return self._session.list_all(path, RESOURCES, query)

    def list_solutions(self, project: ResourceId) -> list[Json]:
        """List the solutions of a project; their ``extendedDetails`` lead to vaults and sites.

        Azure: Solutions_EnumerateSolutions, GET {project}/solutions
        """
        return self._session.list_all(project.child("solutions"), MIGRATE_PROJECTS)

    def list_project_machines(self, project: ResourceId) -> list[Json]:
        """List a project's machines with what each tool pushed of them; a second witness only.

        Azure: Machines_EnumerateMachines, GET {project}/machines
        """
        return self._session.list_all(project.child("machines"), MIGRATE_PROJECTS)

    def list_hyper_v_sites(self, subscription_id: str) -> list[Json]:
        """List the Hyper-V sites of a subscription.

        Azure: HypervSitesController_ListBySubscription, 2023-06-06,
        GET {subscription}/providers/Microsoft.OffAzure/HyperVSites
        """
        scope = subscription_scope(subscription_id)
        path = scope.child("providers", "Microsoft.OffAzure", "HyperVSites")
        return self._session.list_all(path, OFF_AZURE)

    def list_discovered_machines(self, site: ResourceId) -> list[Json]:
        """List the machines of a VMware, Hyper-V, server or import site, deleted ones included.

        Azure: Machines_GetAllMachinesInSite, GET {site}/machines
        """
        return self._session.list_all(site.child("machines"), OFF_AZURE, compact=True)

    def get_discovered_machine(self, machine_id: ResourceId) -> Json:
        """Get one discovered machine.

        Azure: Machines_GetMachine, GET {site}/machines/{machine}
        """
        return require_id(self._session.get_json(machine_id, OFF_AZURE), machine_id)


def vaults_of(solutions: list[Json]) -> tuple[ResourceId, ...]:
    """Return the vaults that a project's solutions name, in the order of the solutions."""
    names = {_REPLICATION.casefold(), _DATA_REPLICATION.casefold()}
    found = [
        parse_id(_details(solution).get("vaultId"))
        for solution in solutions
        if str(solution.get("name")).casefold() in names
    ]
    return tuple(dict.fromkeys(vault for vault in found if vault is not None))


def sites_of(solutions: list[Json]) -> tuple[ResourceId, ...]:
    """Return the discovery sites that a project's solutions name.

    The maps are JSON inside a string: a list in V2, an object keyed by appliance in V3.
    """
    found: list[ResourceId | None] = []
    for solution in solutions:
        if str(solution.get("name")).casefold() == _DISCOVERY.casefold():
            details = _details(solution)
            for key in ("applianceNameToSiteIdMapV2", "applianceNameToSiteIdMapV3"):
                found += [parse_id(entry.get("SiteId")) for entry in _entries(details.get(key))]
    return tuple(dict.fromkeys(site for site in found if site is not None))


def _details(solution: Json) -> Mapping[str, Any]:
    properties = solution.get("properties")
    details = properties.get("details") if isinstance(properties, dict) else None
    extended = details.get("extendedDetails") if isinstance(details, dict) else None
    return extended if isinstance(extended, dict) else {}


def _entries(text: object) -> list[dict[str, Any]]:
    if not isinstance(text, str):
        return []
    try:
        parsed = json.loads(text)
    except ValueError:
        return []
    rows = list(parsed.values()) if isinstance(parsed, dict) else parsed
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
