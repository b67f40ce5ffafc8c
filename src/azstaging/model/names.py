"""What items are called where people read of several: a display name is not unique."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from azstaging.model.ids import ResourceId
from azstaging.model.plans import ReleaseResult

_VAULTS = ("vaults", "replicationVaults")


def told_apart(named: Iterable[tuple[ResourceId | str, str]]) -> Mapping[str, str]:
    """Return what to call each item, by its casefolded id.

    That is its name; where several have one, followed by its vault, its container, the last part
    of its id, or all of that, whichever first tells them apart.
    """
    names = {(item := ResourceId(str(each))).key: (item, name) for each, name in named}
    often = Counter(name.casefold() for _, name in names.values())
    twins: dict[str, list[ResourceId]] = {}
    for item, name in names.values():
        if often[name.casefold()] > 1:
            twins.setdefault(name.casefold(), []).append(item)
    places = {key: place for items in twins.values() for key, place in _places(items)}
    return {
        key: f"{name} ({places[key]})" if key in places else name
        for key, (_, name) in names.items()
    }


def _places(items: list[ResourceId]) -> Iterable[tuple[str, str]]:
    places: list[str] = []
    for place_of in (_vault, _container, _last, str):
        places = [place_of(each) for each in items]
        if len(set(places) - {""}) == len(items):
            break
    return zip((each.key for each in items), places, strict=True)


def _vault(item: ResourceId) -> str:
    return next((found for each in _VAULTS if (found := item.after(each))), "")


def _container(item: ResourceId) -> str:
    return item.after("replicationProtectionContainers") or ""


def _last(item: ResourceId) -> str:
    return item.name


def names_of(result: ReleaseResult) -> Callable[[str], str]:
    """Return what gives each item of a result its name in it, told apart from others."""
    planned = ((each, result.names.get(each)) for each, _ in result.requests)
    named = [(each, name or ResourceId(each).name) for each, name in planned]
    named += [(each.item_id, each.name) for each in result.receipts]
    named += [(each.item_id, each.name) for each in result.held]
    names = told_apart(named)
    return lambda item_id: names[ResourceId(item_id).key]
