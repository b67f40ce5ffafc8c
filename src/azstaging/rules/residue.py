"""What a release leaves behind: replica disks, cache accounts, test networks, agents. Pure.

Nothing is cleaned up here. What belongs to replication should go with it; what was made for it by
people stays, and somebody has to decide.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from azstaging.model.frames import Tabular
from azstaging.model.ids import ResourceId
from azstaging.model.plans import PlanItem
from azstaging.rules.baseline import Frozen

LEFT, KEPT, UNKNOWN = "left", "kept", "unknown"
_MOBILITY = "the Mobility service, at the source and in the new machine"
_AGENTS = {
    "InMageRcm": _MOBILITY,
    "InMageAzureV2": _MOBILITY,
    "A2A": "the Site Recovery extension, in the source machine",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """One thing that is, or may be, left of a released replication.

    Attributes:
        state: ``left`` (should be gone, and is there), ``kept`` (stays until somebody decides) or
            ``unknown`` (could not be looked at).
        machines: of which released machines.
    """

    kind: str
    what: str
    state: str
    machines: tuple[str, ...]
    next_step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Residue(Tabular):
    """What is left of all that was released, what should be gone first."""

    at: datetime
    released: int
    leftovers: tuple[Leftover, ...]

    @property
    def known(self) -> bool:
        """True when everything could be looked at."""
        return all(each.state != UNKNOWN for each in self.leftovers)

    def rows(self) -> list[dict[str, Any]]:
        """Return one dict per leftover."""
        return [
            {
                "state": each.state,
                "kind": each.kind,
                "what": each.what,
                "machines": ", ".join(each.machines),
            }
            for each in self.leftovers
        ]

    def __repr__(self) -> str:
        return f"Residue({len(self.leftovers)} leftovers of {self.released} released)"


def residue(
    released: Iterable[tuple[PlanItem, Frozen | None]],
    disks: Mapping[str, Collection[str] | None],
    *,
    now: datetime,
) -> Residue:
    """List what is left.

    Args:
        released: plan item and baseline of everything that a receipt says is done.
        disks: casefolded subscription id -> casefolded ids of its disks, None when unread.
        now: aware UTC.
    """
    pairs = list(released)
    found: dict[tuple[str, str, str, str], list[str]] = {}
    for item, frozen in pairs:
        for kind, what, state, step in _of(item, frozen, disks):
            found.setdefault((kind, what, state, step), []).append(item.name)
    leftovers = [
        Leftover(kind=kind, what=what, state=state, machines=tuple(names), next_step=step)
        for (kind, what, state, step), names in found.items()
    ]
    order = {LEFT: 0, UNKNOWN: 1, KEPT: 2}
    leftovers.sort(key=lambda each: (order[each.state], each.kind, each.what.casefold()))
    return Residue(at=now, released=len(pairs), leftovers=tuple(leftovers))


def seed_disks(frozen: Frozen | None) -> tuple[ResourceId, ...]:
    """Return the disks that replication made for itself."""
    disks = frozen.disks if frozen else ()
    return tuple(disk.seed_disk_id for disk in disks if disk.seed_disk_id is not None)


def _of(
    item: PlanItem, frozen: Frozen | None, disks: Mapping[str, Collection[str] | None]
) -> Iterable[tuple[str, str, str, str]]:
    for disk in seed_disks(frozen):
        there = disks.get((disk.subscription_id or "").casefold())
        if there is None:
            yield "replica disk", str(disk), UNKNOWN, "Grant Microsoft.Compute/disks/read."
        elif disk.key in there:
            yield (
                "replica disk",
                str(disk),
                LEFT,
                "Replication should have deleted it: look at it, then delete it; it is billed.",
            )
    for account in item.cache_accounts:
        step = "Delete it when no other machine replicates through it."
        yield "cache account", account, KEPT, step
    network = frozen.settings.test_network_id if frozen else None
    if network is not None:
        yield "test network", str(network), KEPT, "Delete it if it was made for tests only."
    if agent := _AGENTS.get(item.provider):
        yield "agent", agent, KEPT, "Uninstall it; nothing uses it any more."
