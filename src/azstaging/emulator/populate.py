"""From specifications to resources: which ids exist, and in which lists they appear."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from azstaging.emulator.estate import LOCAL_PROVIDERS, MIGRATION_PROVIDERS, Machine, kind_of
from azstaging.emulator.shapes import compute, discovery, vaults
from azstaging.emulator.shapes.a2a import source_disk_id, source_nic
from azstaging.emulator.shapes.local import local_item, replication_vault
from azstaging.emulator.shapes.migration import migration_item
from azstaging.emulator.shapes.protected import protected_item
from azstaging.emulator.shapes.scene import Scene

Json = dict[str, Any]
Render = Callable[[str], Json]
Entries = dict[str, "Entry"]
Lists = dict[str, list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One resource.

    Attributes:
        kind: ``migration``, ``protected``, ``local``, ``vm``, ``discovered``, or "" where nobody
            needs to know.
        render: makes its body for a view; views only differ for migration items and VMs.
        override: its body once somebody changed it.
        owned: ids that vanish with it (seed disks); ``test_owned`` vanish with a clean-up.
    """

    id: str
    kind: str
    render: Render | None = None
    override: Json | None = None
    owned: tuple[str, ...] = ()
    test_owned: tuple[str, ...] = ()

    def body(self, view: str) -> Json:
        """Return the body: ``full``, ``slim``, ``model`` or ``status``."""
        if self.override is not None:
            return _project(self.override, self.kind, view)
        if self.render is None:
            raise LookupError(f"{self.id} has neither a body nor a way to make one.")
        return self.render(view)


def _project(body: Json, kind: str, view: str) -> Json:
    """Cut a changed body down to a view."""
    if view == "full":
        return body
    properties = body["properties"]
    if kind == "migration" and view == "slim":
        details = {**properties["providerSpecificDetails"], "seedDiskTags": {}}
        details |= {"protectedDisks": [], "vmNics": []}
        return {**body, "properties": {**properties, "providerSpecificDetails": details}}
    if kind == "vm" and view == "model":
        kept = {k: v for k, v in properties.items() if k != "instanceView"}
        return {**body, "properties": kept}
    if kind == "vm" and view == "status":
        names = ("provisioningState", "vmId", "timeCreated", "instanceView")
        return {**body, "properties": {k: properties[k] for k in names if k in properties}}
    return body


class _Builder:
    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.entries: Entries = {}
        self.lists: defaultdict[str, list[str]] = defaultdict(list)

    def put(self, entry: Entry, *paths: str) -> None:
        key = entry.id.casefold()
        self.entries[key] = entry
        for path in paths:
            self.lists[path.casefold()].append(key)

    def tracked(self, entry: Entry) -> None:
        """Add a resource that ARM itself lists by subscription and by group."""
        scope, _, rest = entry.id.partition("/providers/")
        kind = rest.rpartition("/")[0]
        subscription = scope.partition("/resourceGroups/")[0]
        self.put(
            entry,
            f"{subscription}/providers/{kind}",
            f"{scope}/providers/{kind}",
            f"{subscription}/resources",
        )
        group = scope.casefold()
        if group not in self.entries:
            body = partial(_plain, vaults.group_body, scope, "westeurope")
            self.put(Entry(id=scope, kind="", render=body), f"{subscription}/resourceGroups")


def _plain(make: Callable[..., Json], *args: object) -> Json:
    """Render a body that has one view only; the last argument is the view."""
    return make(*args[:-1])


def populate(scene: Scene) -> tuple[Entries, Lists]:
    """Return every resource by casefolded id, and the ids of every list by casefolded path."""
    build = _Builder(scene)
    _declare(build)
    for subscription in scene.estate.subscriptions:
        body = partial(_plain, vaults.subscription_body, scene, subscription)
        entry = Entry(id=f"/subscriptions/{subscription.id}", kind="", render=body)
        build.put(entry, "/subscriptions")
    _vaults(build)
    _sites(build)
    for machine in scene.estate.machines:
        _machine(build, machine)
    _projects(build)
    for copied in scene.estate.copies:
        _copy(build, copied)
    return build.entries, dict(build.lists)


def _declare(build: _Builder) -> None:
    """Make lists exist that may stay empty: an empty list is not a 404."""
    kinds = (
        "Microsoft.RecoveryServices/vaults",
        "Microsoft.DataReplication/replicationVaults",
        "Microsoft.Compute/virtualMachines",
        "Microsoft.Compute/disks",
        "Microsoft.Network/networkInterfaces",
    )
    for subscription in build.scene.estate.subscriptions:
        root = f"/subscriptions/{subscription.id}"
        for path in (*(f"{root}/providers/{kind}" for kind in kinds), f"{root}/resources"):
            build.lists[path.casefold()] = []
        build.lists[f"{root}/resourceGroups".casefold()] = []


def _vaults(build: _Builder) -> None:
    scene, ids = build.scene, build.scene.ids
    for vault in scene.estate.vaults:
        vault_id = ids.vault(vault)
        if vault.kind == "DataReplication":
            body = partial(_plain, replication_vault, scene, vault)
            build.tracked(Entry(id=vault_id, kind="", render=body))
            build.lists[f"{vault_id}/protectedItems".casefold()] = []
            continue
        body = partial(_plain, vaults.vault_body, scene, vault)
        build.tracked(Entry(id=vault_id, kind="", render=body))
        fabric = partial(_plain, vaults.fabric_body, scene, vault)
        build.put(
            Entry(id=ids.fabric(vault), kind="", render=fabric), f"{vault_id}/replicationFabrics"
        )
        container = partial(_plain, vaults.container_body, scene, vault)
        build.put(
            Entry(id=ids.container(vault), kind="", render=container),
            f"{vault_id}/replicationProtectionContainers",
            f"{ids.fabric(vault)}/replicationProtectionContainers",
        )
        for name in ("replicationMigrationItems", "replicationProtectedItems"):
            build.lists[f"{vault_id}/{name}".casefold()] = []
            build.lists[f"{ids.container(vault)}/{name}".casefold()] = []


def _sites(build: _Builder) -> None:
    for site in build.scene.estate.sites:
        body = partial(_plain, discovery.site_body, build.scene, site)
        site_id = build.scene.ids.site(site)
        build.tracked(Entry(id=site_id, kind="", render=body))
        build.lists[f"{site_id}/machines".casefold()] = []


def _projects(build: _Builder) -> None:
    scene, ids = build.scene, build.scene.ids
    for project in scene.estate.projects:
        project_id = ids.project(project)
        body = partial(_plain, discovery.project_body, scene, project)
        build.tracked(Entry(id=project_id, kind="", render=body))
        for name in discovery.SOLUTION_NAMES:
            body = partial(_plain, discovery.solution_body, scene, project, name)
            build.put(
                Entry(id=f"{project_id}/Solutions/{name}", kind="", render=body),
                f"{project_id}/solutions",
            )
        for machine in scene.estate.machines:
            if machine.vault == project.vault:
                body = partial(_plain, discovery.migrate_machine, scene, project, machine)
                name = discovery.migrate_name(machine)
                build.put(
                    Entry(id=f"{project_id}/Machines/{name}", kind="", render=body),
                    f"{project_id}/machines",
                )


def _machine(build: _Builder, machine: Machine) -> None:
    scene, ids = build.scene, build.scene.ids
    count = range(len(machine.disks_gib))
    local = machine.provider in LOCAL_PROVIDERS
    seeds = () if local else tuple(ids.seed_disk(machine, index) for index in count)
    test: tuple[str, ...] = ()
    if machine.test_vm:
        test = _vm(build, machine, "test")
    _item(build, machine, seeds, test)
    for index, seed in enumerate(seeds):
        body = partial(_plain, compute.managed_disk, scene, machine, "seed", index)
        build.tracked(Entry(id=seed, kind="", render=body))
    if machine.provider == "A2A":
        _vm(build, machine, "source")
    else:
        body = partial(_plain, discovery.discovered_machine, scene, machine)
        source = ids.source(machine)
        build.put(Entry(id=source, kind="discovered", render=body), source.rpartition("/")[0])
    if machine.has_vm and not local:
        _vm(build, machine, "target")


def _item(build: _Builder, machine: Machine, seeds: tuple[str, ...], test: tuple[str, ...]) -> None:
    scene, item_id = build.scene, build.scene.ids.item(machine)
    parent = item_id.rpartition("/")[0]
    render: Render
    if machine.provider in MIGRATION_PROVIDERS:
        kind, render = "migration", partial(_migration, scene, machine)
    elif machine.provider in LOCAL_PROVIDERS:
        kind, render = "local", partial(_plain, local_item, scene, machine)
    else:
        kind, render = "protected", partial(_plain, protected_item, scene, machine)
    vault_wide = item_id.partition("/replicationFabrics/")[0] + f"/{parent.rpartition('/')[2]}"
    paths = (parent,) if kind == "local" else (vault_wide, parent)
    entry = Entry(id=item_id, kind=kind, render=render, owned=seeds, test_owned=test)
    build.put(entry, *paths)


_HELD: dict[str, tuple[str, ...]] = {
    "vaults": ("replicationMigrationItems", "replicationProtectedItems"),
    "replicationvaults": ("protectedItems",),
}


def _copy(build: _Builder, body: Json) -> None:
    """Add a real resource's body, and the lists that hold it or that it holds."""
    entry = Entry(id=body["id"], kind=kind_of(body), override=body)
    parent, collection = entry.id.rsplit("/", 2)[:2]
    if entry.kind in {"migration", "protected"}:
        vault = entry.id.casefold().partition("/replicationfabrics/")[0]
        build.put(entry, f"{vault}/{collection}", f"{parent}/{collection}")
    elif entry.kind in {"local", "discovered"}:
        build.put(entry, f"{parent}/{collection}")
    else:
        build.tracked(entry)
        for name in _HELD.get(collection.casefold(), ()):
            build.lists.setdefault(f"{entry.id}/{name}".casefold(), [])


def _migration(scene: Scene, machine: Machine, view: str) -> Json:
    return migration_item(scene, machine, slim=view == "slim")


def _vm(build: _Builder, machine: Machine, role: str) -> tuple[str, ...]:
    """Add one VM with its disks and its adapter, and return their ids."""
    scene, ids = build.scene, build.scene.ids
    count = range(len(machine.disks_gib))
    if role == "source":
        vm_id, nic = ids.source(machine), source_nic(scene, machine)
        disks = [source_disk_id(scene, machine, index) for index in count]
    elif role == "test":
        vm_id, nic = ids.test_vm(machine), f"{ids.nic(machine)}-test"
        disks = [f"{ids.disk(machine, index)}-test" for index in count]
    else:
        vm_id, nic = ids.vm(machine), ids.nic(machine)
        disks = [ids.disk(machine, index) for index in count]
    render = partial(compute.virtual_machine, scene, machine, role)
    build.tracked(Entry(id=vm_id, kind="vm", render=render))
    for index, disk in enumerate(disks):
        body = partial(_plain, compute.managed_disk, scene, machine, role, index)
        build.tracked(Entry(id=disk, kind="", render=body))
    body = partial(_plain, compute.network_interface, scene, machine, role)
    build.tracked(Entry(id=nic, kind="", render=body))
    return (vm_id, *disks, nic)
