"""The target has a recovery point of its own before the old copy goes."""

from datetime import timedelta

from azstaging.checks.interface import (
    DAY,
    ItemContext,
    Verdict,
    check,
    failed,
    inconclusive,
    passed,
)

# The state names of a backup item that is at work. All others are problems or have stopped.
_PROTECTED = "protected"
# Backups run daily; a day and a half leaves room for one that takes its time.
_RECENT = timedelta(hours=36)
_AHEAD = timedelta(minutes=5)


@check(
    id="backup-item",
    title="A backup protects the target machine, and has a recent recovery point",
    source="https://learn.microsoft.com/azure/backup/backup-azure-vms-introduction",
    lifetime_seconds=DAY,
    next_step="Protect the machine with Azure Backup and wait for its first recovery point.",
    on_request=True,
)
def backup_item(context: ItemContext) -> Verdict:
    """Judge the backup items of the target; a backup of the source is none of the target."""
    backups = context.around.backups
    if backups is None:
        why = context.around.backups_problem or "backup items were not read"
        return inconclusive(why)
    if not backups:
        return failed("no backup item protects the machine")
    points = [each.last_point for each in backups if each.state.casefold() == _PROTECTED]
    if not points:
        told = ", ".join(f"{each.state or 'state not told'} in {each.vault}" for each in backups)
        return failed(f"a backup item is there and does not protect: {told}")
    newest = max((point for point in points if point is not None), default=None)
    if newest is None:
        return failed("the backup has no recovery point yet")
    if newest > context.now + _AHEAD:
        return inconclusive(f"the last recovery point is dated in the future: {newest:%Y-%m-%d}")
    detail = f"last recovery point {newest:%Y-%m-%d %H:%M}"
    return passed(detail) if context.now - newest <= _RECENT else failed(f"{detail}: too old")
