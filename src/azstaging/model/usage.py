"""How hard a machine works: 95th percentiles, on both sides of a migration. None is not told."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """95th percentiles of one machine, rounded to whole numbers.

    Attributes:
        cpu_percent: of all its processors together.
        memory_percent: of its own memory.
        disk_bytes_per_second: read and written, all disks.
        network_bytes_per_second: received and sent, all adapters.
    """

    cpu_percent: int | None = None
    memory_percent: int | None = None
    disk_bytes_per_second: int | None = None
    network_bytes_per_second: int | None = None
