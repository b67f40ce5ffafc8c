"""What every shape needs: ids, and times relative to the start of the emulator."""

from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

from azstaging.emulator.addresses import Addresses
from azstaging.emulator.estate import Estate

Json = dict[str, Any]

NEVER = "0001-01-01T00:00:00"
IDLE_SINCE = "1753-01-01T01:01:01Z"
NO_EXPIRY = "9999-12-31T23:59:59.9999999"
GIB = 2**30


def service_time(value: datetime) -> str:
    """Write a time as Site Recovery does: seven digits and Z."""
    return value.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f") + "7Z"


class Scene:
    """One estate from the moment ``epoch`` on."""

    def __init__(self, estate: Estate, epoch: datetime) -> None:
        self.estate = estate
        self.epoch = epoch
        self.ids = Addresses(estate)
        # Thousands of rows share a handful of times.
        self.ago = lru_cache(maxsize=None)(self._ago)
        self.since = lru_cache(maxsize=None)(self._since)

    def _ago(self, minutes: float) -> str:
        return service_time(self.epoch - timedelta(minutes=minutes))

    def _since(self, minutes: float) -> str:
        """The same time as the Compute resource provider writes it."""
        return (self.epoch - timedelta(minutes=minutes)).isoformat()
