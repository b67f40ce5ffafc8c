"""The disks are encrypted with more than the platform's own keys."""

from azstaging.checks.interface import (
    DAY,
    ItemContext,
    Verdict,
    check,
    failed,
    inconclusive,
    passed,
)

_IN_GUEST = frozenset({"azurediskencryption", "azurediskencryptionforlinux"})


@check(
    id="encryption",
    title="The disks are encrypted with customer keys, at the host, or in the guest",
    source="https://learn.microsoft.com/azure/virtual-machines/disk-encryption-overview",
    lifetime_seconds=7 * DAY,
    next_step="Set a disk encryption set, or encryption at host; platform keys are always on.",
    on_request=True,
)
def encryption(context: ItemContext) -> Verdict:
    """Judge disk encryption sets, encryption at host, and encryption in the guest."""
    target = context.row.target
    if target is None:
        return inconclusive("the target machine was not read")
    if target.encryption_at_host:
        return passed("encrypted at the host")
    if target.disks and all(disk.encryption_set_id for disk in target.disks):
        return passed(f"{len(target.disks)} disks, each with a disk encryption set")
    states = {name.casefold(): state.casefold() for name, state in target.extensions.items()}
    if any(states.get(name) == "succeeded" for name in _IN_GUEST):
        return passed("encrypted in the guest")
    if target.encryption_at_host is None:
        return inconclusive("Azure does not tell whether the host encrypts")
    without = sum(disk.encryption_set_id is None for disk in target.disks)
    return failed(f"{without} of {len(target.disks)} disks have no key but the platform's")
