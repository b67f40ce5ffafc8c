"""What is compared of the network adapters. Matched before compared.

Replicated adapters are matched to those of the target by intended address, then the primary one,
then what is left over alone, then order; to those of the source by id, MAC address or address.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from azstaging.model.ids import ResourceId
from azstaging.model.inventory import InventoryItem
from azstaging.model.items import ItemNic
from azstaging.model.machines import SourceNic, TargetAddress, TargetNic
from azstaging.rules.diff_disks import judge_count
from azstaging.rules.diff_names import mac
from azstaging.rules.diff_rows import Rows, number

_NONE = "none"


@dataclass(frozen=True, slots=True)
class NicTriple:
    """One adapter on its three sides; None where there is none, or where none was matched."""

    source: SourceNic | None
    intended: ItemNic | None
    actual: TargetNic | None
    how: str = ""


def compare_network(rows: Rows, row: InventoryItem) -> None:
    """Count of adapters; address, allocation, subnet, MAC, public address of each."""
    triples = match_nics(row)
    _count(rows, row)
    for index, triple in enumerate(triples):
        prefix = f"nic[{index}]"
        if row.target is not None and _is_lonely(triple):
            _lonely(rows, row, prefix, triple)
        else:
            _adapter(rows, row, prefix, triple)


def on_intended_network(row: InventoryItem) -> bool:
    """Tell whether the target has adapters and every one is on the intended network."""
    intended = row.item.settings.network_id
    if row.target is None or intended is None:
        return False
    networks = [_network_of(_primary(nic)) for nic in row.target.nics]
    return bool(networks) and all(network == intended for network in networks)


def match_nics(row: InventoryItem) -> list[NicTriple]:
    """Match the adapters of the three sides: replicated ones first, in the order of the item."""
    sources = source_nics(row)
    targets = list(row.target.nics) if row.target else []
    items = list(row.item.nics)
    selected = [nic for nic in items if nic.is_selected is not False]
    to_target = _to_targets(selected, targets)
    to_source = _to_sources(items, sources)
    found = []
    for nic in items:
        actual, how = to_target.get(id(nic), (None, ""))
        found.append(NicTriple(to_source.get(id(nic)), nic, actual, how))
    used = {id(triple.actual) for triple in found} | {id(triple.source) for triple in found}
    rest_sources = [nic for nic in sources if id(nic) not in used]
    rest_targets = [nic for nic in targets if id(nic) not in used]
    if not items and len(rest_sources) == len(rest_targets):
        pairs = zip(rest_sources, rest_targets, strict=True)
        return [NicTriple(source, None, target, "order") for source, target in pairs]
    found += [NicTriple(source, None, None) for source in rest_sources]
    return found + [NicTriple(None, None, target) for target in rest_targets]


def source_nics(row: InventoryItem) -> list[SourceNic]:
    """Return the adapters that discovery saw; one that two appliances told is one adapter."""
    found: dict[str, SourceNic] = {}
    for index, nic in enumerate(row.source.nics if row.source else ()):
        same = nic.id and nic.mac_address
        found.setdefault(
            f"{nic.id} {mac(nic.mac_address)}".casefold() if same else f"#{index}", nic
        )
    return list(found.values())


def _to_targets(items: list[ItemNic], targets: list[TargetNic]) -> dict[int, tuple[TargetNic, str]]:
    found: dict[int, tuple[TargetNic, str]] = {}
    free = list(targets)

    def take(nic: ItemNic, target: TargetNic, how: str) -> None:
        found[id(nic)] = (target, how)
        free[:] = [other for other in free if other is not target]

    for nic in items:
        wanted = nic.target_address
        match = next((t for t in free if wanted and wanted in _addresses(t)), None)
        if match is not None:
            take(nic, match, "address")
    waiting = [nic for nic in items if id(nic) not in found]
    primary = [nic for nic in waiting if nic.is_primary]
    primary_targets = [t for t in free if t.is_primary]
    if len(primary) == 1 and len(primary_targets) == 1:
        take(primary[0], primary_targets[0], "the primary one")
    waiting = [nic for nic in items if id(nic) not in found]
    if len(waiting) == len(free):
        how = "what was left" if len(waiting) == 1 else "order"
        for nic, target in zip(waiting, tuple(free), strict=True):
            take(nic, target, how)
    return found


def _to_sources(items: list[ItemNic], sources: list[SourceNic]) -> dict[int, SourceNic]:
    found: dict[int, SourceNic] = {}
    free = list(sources)
    for nic in items:
        match = next((s for s in free if _is_source_of(s, nic)), None)
        if match is not None:
            found[id(nic)] = match
            free = [s for s in free if s is not match]
    waiting = [nic for nic in items if id(nic) not in found]
    if len(waiting) == len(free):
        found |= {id(nic): source for nic, source in zip(waiting, free, strict=True)}
    return found


def _is_source_of(source: SourceNic, nic: ItemNic) -> bool:
    wanted = nic.source_id.casefold()
    if wanted and wanted == source.id.casefold():
        return True
    if mac(nic.source_id) and mac(nic.source_id) == mac(source.mac_address):
        return True
    return bool(nic.source_address) and nic.source_address in source.addresses


def _addresses(nic: TargetNic) -> list[str]:
    return [ip.private_address for ip in nic.addresses if ip.private_address]


def _primary(nic: TargetNic) -> TargetAddress | None:
    chosen = (ip for ip in nic.addresses if ip.is_primary)
    return next(chosen, nic.addresses[0] if nic.addresses else None)


def _network_of(address: TargetAddress | None) -> ResourceId | None:
    subnet = address.subnet_id if address else None
    return subnet.parent() if subnet and len(subnet.segments) > 2 else None  # noqa: PLR2004 - /a/b


def _count(rows: Rows, row: InventoryItem) -> None:
    source = len(source_nics(row) or row.item.nics)
    selected = sum(nic.is_selected is not False for nic in row.item.nics)
    intended = selected if row.item.nics else None
    actual = len(row.target.nics) if row.target else None
    sides = (number(source or None), number(intended), number(actual))
    rows.add(
        "network", "nic_count", sides, judge_count(rows, source or None, intended, actual, "nics")
    )


def _is_lonely(triple: NicTriple) -> bool:
    return triple.actual is None or (triple.intended is None and triple.source is None)


def _lonely(rows: Rows, row: InventoryItem, prefix: str, triple: NicTriple) -> None:
    """Add the one row of an adapter that the other side does not have."""
    source, intended, actual = triple.source, triple.intended, triple.actual
    sides = (
        _source_address(triple),
        intended.target_address if intended else "",
        ", ".join(_addresses(actual)) if actual else "",
    )
    if actual is not None:
        rule = "nic.unplanned" if row.item.nics else "nothing-told"
    elif intended is None or intended.is_selected is False:
        rule = "nics.excluded" if row.item.nics else "intended-not-told"
    else:
        rule = "nic.missing"
    name = actual.id.name if actual else ""
    detail = name or (source.network if source else "") or (intended.source_id if intended else "")
    rows.add("network", f"{prefix}.address", sides, rule, detail)


def _adapter(rows: Rows, row: InventoryItem, prefix: str, triple: NicTriple) -> None:
    _address(rows, prefix, triple)
    _allocation(rows, prefix, triple)
    _subnet(rows, row, prefix, triple)
    _mac(rows, prefix, triple)
    _public_address(rows, prefix, triple)
    _secondary(rows, prefix, triple)
    _ipv6(rows, prefix, triple)


def _source_address(triple: NicTriple) -> str:
    if triple.intended and triple.intended.source_address:
        return triple.intended.source_address
    found = _ipv4(triple.source.addresses) if triple.source else []
    return found[0] if found else ""


def _actual(triple: NicTriple) -> TargetAddress | None:
    return _primary(triple.actual) if triple.actual else None


def _address(rows: Rows, prefix: str, triple: NicTriple) -> None:
    address = _actual(triple)
    source, actual = _source_address(triple), address.private_address if address else ""
    wanted = triple.intended.target_address if triple.intended else ""
    dynamic = bool(triple.intended) and _is_dynamic(triple.intended)
    rule = rows.judge_planned(source, wanted, actual)
    if actual and not wanted and dynamic:
        rule = "same" if source == actual else "address.dynamic"
    elif rule == "not-as-planned":
        rule = "address.dynamic" if dynamic else "address.lost"
    how = f"{triple.actual.id.name}, matched by {triple.how}" if triple.actual else ""
    shown = wanted or ("any" if dynamic else "")
    rows.add("network", f"{prefix}.address", (source, shown, actual), rule, how)


def _is_dynamic(nic: ItemNic | None) -> bool:
    return nic is not None and nic.target_address_type.casefold() == "dynamic"


def _allocation(rows: Rows, prefix: str, triple: NicTriple) -> None:
    address = _actual(triple)
    actual = address.allocation if address else ""
    wanted = triple.intended.target_address_type if triple.intended else ""
    if address is None and not wanted:
        return
    rule = rows.judge_planned("", wanted, actual)
    if rule == "not-as-planned":
        rule = "allocation.dynamic" if wanted.casefold() == "static" else "allocation.reserved"
    rows.add("network", f"{prefix}.allocation", ("", wanted, actual), rule)


def _subnet(rows: Rows, row: InventoryItem, prefix: str, triple: NicTriple) -> None:
    settings, nic = row.item.settings, triple.intended
    network = (nic.target_network_id if nic else None) or settings.network_id
    name = nic.target_subnet if nic else ""
    address = _actual(triple)
    found, subnet = _network_of(address), address.subnet_id if address else None
    source = triple.source.network if triple.source else ""
    sides = (_last(source), _subnet_text(network, name), _subnet_text(found, _name_of(subnet)))
    stayed = subnet is not None and source.casefold() == subnet.key
    rule = rows.judge_planned(sides[2] if stayed else source, sides[1], sides[2])
    if rule in {"same", "as-planned"} and network is not None and network != found:
        rule = "not-as-planned"
    if found is not None and found == settings.test_network_id != settings.network_id:
        rule = "subnet.test"
    rows.add("network", f"{prefix}.subnet", sides, rule)


def _name_of(id: ResourceId | None) -> str:
    return id.name if id else ""


def _last(text: str) -> str:
    """Show the name of a subnet that is told as an ARM id."""
    return text.rstrip("/").rpartition("/")[2] if text.startswith("/") else text


def _subnet_text(network: ResourceId | None, subnet: str) -> str:
    if not subnet or network is None:
        return ""
    return f"{network.name}/{subnet}"


def _mac(rows: Rows, prefix: str, triple: NicTriple) -> None:
    source = triple.source.mac_address if triple.source else ""
    actual = triple.actual.mac_address if triple.actual else ""
    if not (source or actual):
        return
    rule = "same" if mac(source) == mac(actual) else "mac.new"
    if not actual:
        rule = rows.unseen
    elif not source:
        rule = "source-not-told"
    rows.add("network", f"{prefix}.mac", (source, "", actual), rule)


def _public_address(rows: Rows, prefix: str, triple: NicTriple) -> None:
    addresses = triple.actual.addresses if triple.actual else ()
    public = [ip.public_address_id.name for ip in addresses if ip.public_address_id]
    if not addresses:
        return
    actual = ", ".join(public) or _NONE
    rule = "public-address.unplanned" if public else "same"
    rows.add("network", f"{prefix}.public_address", ("", "", actual), rule)


def _secondary(rows: Rows, prefix: str, triple: NicTriple) -> None:
    """Compare secondary IPv4 addresses by value, where either side has some."""
    source = _ipv4(triple.source.addresses) if triple.source else []
    actual = _ipv4_or_unread(triple.actual.addresses) if triple.actual else []
    if max(len(source), len(actual)) <= 1:
        return
    first, now = _primaries(triple)
    before, after = _without(source, first), _without(actual, now)
    rule = _judge_secondary(rows, before, after, moved=_moved(triple))
    if not actual:
        rule = rows.unseen
    elif not source:
        rule = "source-not-told"
    sides = (_told(source, before), "", _told(actual, after))
    rows.add("network", f"{prefix}.secondary_addresses", sides, rule)


def _primaries(triple: NicTriple) -> tuple[str, str]:
    address = _actual(triple)
    return _source_address(triple), address.private_address if address else ""


def _moved(triple: NicTriple) -> bool:
    first, now = _primaries(triple)
    return bool(first and now) and first != now


def _ipv6(rows: Rows, prefix: str, triple: NicTriple) -> None:
    """Compare global IPv6 addresses by value, where either side has some."""
    told = triple.source.addresses if triple.source else ()
    there = triple.actual.addresses if triple.actual else ()
    before, after = _given(told, 6), _given([ip.private_address for ip in there], 6)
    if not before and not after:
        return
    # One that does not tell its address may be of either version.
    unread = [""] * sum(not ip.private_address for ip in there)
    if set(before) <= set(after):
        rule = "same" if len(before) == len(after) else "addresses.more"
    else:
        rule = _judge_secondary(rows, before, [*after, *unread], moved=_moved(triple))
    if not there:
        rule = rows.unseen
    elif not told:
        rule = "source-not-told"
    sides = (_told(list(told), before), "", _told([str(ip) for ip in there], [*after, *unread]))
    rows.add("network", f"{prefix}.ipv6_addresses", sides, rule)


def _judge_secondary(rows: Rows, before: list[str], after: list[str], *, moved: bool) -> str:
    """Judge two lists; on another network than the source's, every address is another one."""
    if len(after) < len(before):
        return "addresses.fewer"
    if set(before) <= set(after):
        return "same" if len(before) == len(after) else "addresses.more"
    if "" in after:
        return rows.unseen
    return "addresses.new" if moved else "addresses.lost"


def _without(addresses: list[str], primary: str) -> list[str]:
    """Return the addresses besides the primary one, which is the first where none is it."""
    index = addresses.index(primary) if primary in addresses else 0
    return addresses[:index] + addresses[index + 1 :]


def _told(all_of_side: list[str], secondary: list[str]) -> str:
    if not all_of_side:
        return ""
    return ", ".join(each or "unread" for each in sorted(secondary)) or _NONE


def _ipv4_or_unread(addresses: Sequence[TargetAddress]) -> list[str]:
    """Return the IPv4 addresses of IP configurations; "" for one that does not tell it."""
    return [
        found
        for ip in addresses
        for found in (_ipv4([ip.private_address]) if ip.private_address else [""])
    ]


def _ipv4(addresses: Sequence[str]) -> list[str]:
    return _given(addresses, 4)


def _given(addresses: Sequence[str], version: int) -> list[str]:
    """Return the addresses that a person gave: no link-local ones, no loopback."""
    found = []
    for text in addresses:
        try:
            address = ipaddress.ip_address(text.strip())
        except ValueError:
            continue
        if address.version == version and not (address.is_link_local or address.is_loopback):
            found.append(str(address))
    return found
