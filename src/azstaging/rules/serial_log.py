"""A serial log: whether the last boot ended well. Pure."""

_LAST_BYTES = 65_536
# What the kernel, systemd and the boot loader write when they stop; whatever is added here must
# never be written by a boot that goes on.
_STUCK = (
    "Kernel panic - not syncing",
    "You are in emergency mode",
    "You are in rescue mode",
    "Entering emergency mode",
    "grub rescue>",
)
_BOOTS = "Linux version "


def stuck_at(log: bytes) -> str:
    """Return the words by which the last boot of a log is known to have stopped, or ""."""
    text = log[-_LAST_BYTES:].decode("utf-8", errors="replace")
    last = text[text.rfind(_BOOTS) + 1 :]
    return next((words for words in _STUCK if words in last), "")
