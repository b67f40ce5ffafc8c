"""What is compared of the machine as a whole: compute, system, placement, licence, tags, agents."""

from azstaging.model.ids import ResourceId
from azstaging.model.inventory import InventoryItem
from azstaging.model.machines import TargetMachine
from azstaging.rules.diff_names import (
    generation,
    judge_os_name,
    licence,
    os_family,
    region,
    short_host,
)
from azstaging.rules.diff_rows import Rows, number, switch

_MEMORY_TOLERANCE_MIB = 1
_MEMORY_SHARE = 0.9
_NETBIOS = 15
NONE = "none"


def compare_agents(rows: Rows, row: InventoryItem) -> None:
    """VM agent and extensions of the target."""
    target = row.target
    agent = target.agent if target else ""
    rules = {"ready": "agent.ready", "not ready": "agent.not-ready"}
    rows.add("agents", "vm_agent", ("", "", agent), rules.get(agent, rows.unseen))
    for name, state in target.extensions.items() if target else ():
        folded = state.casefold()
        rule = "extension.pending"
        if folded in {"succeeded", "failed"}:
            rule = "extension.added" if folded == "succeeded" else "extension.failed"
        sides = ("", "", state)
        rows.add("agents", f"extension[{name}]", sides, rule if state else rows.unseen)


def compare_compute(rows: Rows, row: InventoryItem) -> None:
    """Name, size, cores, memory, generation, secure boot."""
    settings, target = row.item.settings, row.target
    _name(rows, row)
    as_sized = bool(target and settings.vm_size) and _same(
        settings.vm_size, target.size if target else ""
    )
    size = row.source.size if row.source else ""
    rows.planned("compute", "size", (size, settings.vm_size, target.size if target else ""))
    _cores(rows, row, as_sized=as_sized)
    _memory(rows, row, as_sized=as_sized)
    _generation(rows, row)
    _secure_boot(rows, row)


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


def _name(rows: Rows, row: InventoryItem) -> None:
    source = row.source.name if row.source else row.name
    intended = row.item.settings.vm_name
    actual = row.target.name if row.target else ""
    rule = rows.judge_planned(source, intended, actual)
    rows.add(
        "compute",
        "name",
        (source, intended, actual),
        "name.renamed" if rule == "not-as-planned" else rule,
    )


def _cores(rows: Rows, row: InventoryItem, *, as_sized: bool) -> None:
    source = _told(row.source.cores if row.source else None, row.item.source.cores)
    actual = row.target.cores if row.target else None
    intended = _told(row.item.settings.cores, actual if as_sized else None)
    rule = "same"
    if actual is None:
        rule = rows.unseen
    elif source is None:
        rule = "source-not-told"
    elif actual > source:
        rule = "cores.more"
    elif actual < source:
        rule = "cores.fewer-by-plan" if as_sized else "cores.fewer"
    rows.add("compute", "cores", (number(source), number(intended), number(actual)), rule)


def _memory(rows: Rows, row: InventoryItem, *, as_sized: bool) -> None:
    source = _told(row.source.memory_mib if row.source else None, row.item.source.memory_mib)
    actual = row.target.memory_mib if row.target else None
    intended = _told(row.item.settings.memory_mib, actual if as_sized else None)
    rule = rows.unseen if actual is None else "source-not-told"
    if source is not None and actual is not None:
        rule = _judge_memory(source, actual)
    elif source is not None and intended is not None and intended < source * _MEMORY_SHARE:
        rule = "plan.less"
    rows.add("compute", "memory_mib", (number(source), number(intended), number(actual)), rule)


def _judge_memory(source: int, actual: int) -> str:
    if abs(source - actual) <= _MEMORY_TOLERANCE_MIB:
        return "same"
    if actual > source:
        return "memory.more"
    return "memory.step" if actual >= source * _MEMORY_SHARE else "memory.less"


def _told(*values: int | None) -> int | None:
    return next((value for value in values if value is not None), None)


def _generation(rows: Rows, row: InventoryItem) -> None:
    source = (row.source.firmware if row.source else "") or row.item.source.firmware
    intended = row.item.settings.generation
    actual = row.target.generation if row.target else ""
    kinds = generation(source), generation(intended), generation(actual)
    rule = "same"
    if not actual:
        rule = rows.unseen
    elif source and kinds[0] != kinds[2]:
        rule = "generation.changed"
    elif intended and kinds[1] != kinds[2]:
        rule = "not-as-planned"
    elif not source:
        rule = "source-not-told"
    rows.add("compute", "generation", (source, intended, actual), rule)


def _secure_boot(rows: Rows, row: InventoryItem) -> None:
    """Compare secure boot; ARM leaves the security profile out of a machine that has none."""
    intended = row.item.settings.secure_boot
    actual = (row.target.secure_boot is True) if row.target else None
    if actual is None and intended is None:
        return
    rule = "same"
    if actual is None:
        rule = rows.unseen
    elif intended is True and not actual:
        rule = "secure-boot.lost"
    elif actual and intended is not True:
        rule = "secure-boot.added"
    elif intended is None:
        rule = "intended-not-told"
    rows.add("compute", "secure_boot", ("", switch(intended), switch(actual)), rule)


def compare_diagnostics(rows: Rows, row: InventoryItem) -> None:
    """Boot diagnostics of the target."""
    actual = row.target.boot_diagnostics if row.target else None
    rules = {True: "boot-diagnostics.on", False: "boot-diagnostics.off", None: rows.unseen}
    rows.add("diagnostics", "boot_diagnostics", ("", "", switch(actual)), rules[actual])


def compare_licence(rows: Rows, row: InventoryItem) -> None:
    """The Azure Hybrid Benefit; only Azure tells that of a source."""
    source, target = row.source, row.target
    was = (licence(source.licence_type) or NONE) if source and source.size else ""
    intended = licence(row.item.settings.licence_type)
    actual = (licence(target.licence_type) or NONE) if target else ""
    families = _families(row)
    rule = _judge_licence(rows, was or intended, intended or was, actual)
    if rule == "intended-not-told" and actual == NONE and families and "windows" not in families:
        rule = "same"
    rows.add("licence", "licence", (was, intended, actual), rule)


def _judge_licence(rows: Rows, source: str, wanted: str, actual: str) -> str:
    """Judge a benefit; without an intention the machine takes along what its source had."""
    if not actual:
        return rows.unseen
    if not wanted:
        return "intended-not-told"
    if wanted == actual:
        return "same" if source == actual else "as-planned"
    if actual == NONE:
        return "licence.lost"
    return "licence.unplanned" if wanted == NONE else "not-as-planned"


def _families(row: InventoryItem) -> set[str]:
    """Return what either side tells: a benefit is asked of what one of them calls Windows."""
    source = (row.source.os_family if row.source else "") or row.item.source.os_type
    target = row.target.os_family if row.target else ""
    return {os_family(each) for each in (source, target) if each}


def compare_os(rows: Rows, row: InventoryItem) -> None:
    """Family, product and version, host name."""
    item, source, target = row.item, row.source, row.target
    family = os_family((source.os_family if source else "") or item.source.os_type)
    actual = os_family(target.os_family if target else "")
    rule = _both(rows, family, actual) or ("same" if family == actual else "os.family")
    rows.add("os", "os_family", (family, "", actual), rule)
    name = (source.os_name if source else "") or item.source.os_name
    actual = target.os_name if target else ""
    rule = _both(rows, name, actual) or judge_os_name(name, actual)
    rows.add("os", "os_name", (name, "", actual), rule)
    host = source.host_name if source else ""
    actual = target.computer_name if target else ""
    rule = _both(rows, host, actual) or _judge_host(short_host(host), short_host(actual))
    rows.add("os", "host_name", (host, "", actual), rule)


def _both(rows: Rows, source: str, actual: str) -> str:
    """Return the rule for a side that is not told, or ""."""
    if not actual:
        return rows.unseen
    return "" if source else "source-not-told"


def _judge_host(source: str, actual: str) -> str:
    if source == actual:
        return "same"
    if actual == "localhost":
        return "host-name.hydration"
    if len(source) > _NETBIOS and source[:_NETBIOS] == actual:
        return "host-name.short"
    return "host-name.changed"


def compare_placement(rows: Rows, row: InventoryItem, *, on_network: bool) -> None:
    """Region, resource group, zone, availability set.

    Args:
        rows: what the rows are added to.
        row: the item.
        on_network: every adapter is on the intended network.
    """
    settings, target = row.item.settings, row.target
    source = region(row.source.location if row.source else "")
    intended, actual = region(settings.location), region(target.location if target else "")
    rule = rows.judge_planned(source, intended, actual)
    if not intended and actual and on_network:
        rule = "region.of-network"
    rows.add("placement", "region", (source, intended, actual), rule)
    _resource_group(rows, settings.resource_group_id, target)
    told = bool(settings.vm_name or settings.vm_size)
    _zone(rows, settings.availability_zone or (NONE if told else ""), target)
    _availability_set(rows, settings.availability_set_id, target, told=told)


def _resource_group(rows: Rows, intended: ResourceId | None, target: TargetMachine | None) -> None:
    """Compare groups with their subscriptions: two subscriptions can have groups of one name."""
    wanted, found = _group(intended), _group(target.id if target else None)
    rule = rows.judge_planned("", "/".join(wanted), "/".join(found))
    if not (wanted and found) or wanted[0].casefold() == found[0].casefold():
        wanted, found = wanted[1:], found[1:]
    rows.add("placement", "resource_group", ("", "/".join(wanted), "/".join(found)), rule)


def _group(id: ResourceId | None) -> tuple[str, ...]:
    if id is None or not id.resource_group:
        return ()
    return (id.subscription_id or "", id.resource_group)


def _zone(rows: Rows, intended: str, target: TargetMachine | None) -> None:
    actual = (", ".join(sorted(target.zones)) or NONE) if target else ""
    rule = rows.judge_planned("", intended, actual)
    if intended == NONE and rule == "not-as-planned":
        rule = "zone.unplanned"
    rows.add("placement", "zone", ("", intended, actual), rule)


def _availability_set(
    rows: Rows, intended: ResourceId | None, target: TargetMachine | None, *, told: bool
) -> None:
    actual = target.availability_set_id if target else None
    texts = (
        "",
        intended.name if intended else (NONE if told else ""),
        (actual.name if actual else NONE) if target else "",
    )
    rule = rows.judge_planned(*texts)
    if rule == "same" and intended is not None and intended != actual:
        rule = "not-as-planned"
    rows.add("placement", "availability_set", texts, rule)


def compare_tags(rows: Rows, row: InventoryItem) -> None:
    """Intended tags and those added; names compare without case, values with it."""
    intended = {
        name.casefold(): (name, value) for name, value in (row.item.settings.tags or {}).items()
    }
    actual = {
        name.casefold(): (name, value)
        for name, value in (row.target.tags.items() if row.target else ())
    }
    for folded in sorted({*intended, *actual}):
        wanted, found = intended.get(folded), actual.get(folded)
        name = (wanted or found or ("", ""))[0]
        sides = ("", wanted[1] if wanted else "", found[1] if found else "")
        rows.add("tags", f"tag[{name}]", sides, _judge_tag(rows, row, wanted, found))


def _judge_tag(
    rows: Rows,
    row: InventoryItem,
    wanted: tuple[str, str] | None,
    found: tuple[str, str] | None,
) -> str:
    if row.target is None:
        return rows.unseen
    if wanted is None:
        return "tag.added" if row.item.settings.tags is not None else "intended-not-told"
    if found is None:
        return "tag.missing"
    return "same" if wanted[1] == found[1] else "tag.other-value"
