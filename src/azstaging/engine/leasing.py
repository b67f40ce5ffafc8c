"""One releaser per vault: leases taken on record, and held for as long as a run lasts."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

from azstaging.engine.ports import Clock, LeasePort
from azstaging.errors import LeaseHeldError
from azstaging.model.ids import ResourceId
from azstaging.model.records import NewRecord
from azstaging.rules import records
from azstaging.rules.history import History


@contextmanager
def leased(
    lease: LeasePort,
    vault_ids: Iterable[str],
    *,
    run: str,
    clock: Clock,
    append: Callable[[NewRecord], object],
) -> Iterator[Mapping[ResourceId, int]]:
    """Hold the leases of some vaults, each taken on record; whatever was read before is old.

    Yields:
        The epoch of each lease; see `require_held`.

    Raises:
        LeaseHeldError: another run holds one of them; nothing was sent.
    """
    taken: dict[ResourceId, int] = {}
    try:
        for vault in sorted({ResourceId(vault_id) for vault_id in vault_ids}):
            epoch = lease.acquire(vault, run=run, now=clock())
            taken[vault] = epoch
            append(records.lease_record(vault, epoch))
        yield taken
    finally:
        for vault in taken:
            lease.release(vault)


def require_held(taken: Mapping[ResourceId, int], past: History) -> None:
    """Check that nobody took a lease after us, by the journal as it is now.

    Raises:
        LeaseHeldError: somebody did; nothing was sent.
    """
    for vault, epoch in taken.items():
        if past.epoch(vault) > epoch:
            raise LeaseHeldError(
                f"Another run took over the vault {vault.name} while this one was starting; "
                "nothing was sent."
            )
