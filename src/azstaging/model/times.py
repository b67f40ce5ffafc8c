"""Times of the service: 7 digits, no zone, sentinels. Everything here is aware UTC.

``datetime.fromisoformat`` of Python 3.10 refuses what the service writes, so we parse it.
"""

import re
from datetime import datetime, timedelta, timezone

_TIME = re.compile(
    r"^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?"
    r"(Z|z|[+-]\d{2}:?\d{2})?$"
)
# Written by the service for "not set" and "never".
_SENTINEL_YEARS = {1, 1601, 1753, 1999, 9999}


def parse_time(value: object) -> datetime | None:
    """Read a time of the service as aware UTC; sentinels, "" and nonsense give None.

    A time without zone is taken as UTC: that is what the service means where it can be checked.
    """
    if not isinstance(value, str) or not (match := _TIME.match(value.strip())):
        return None
    year, month, day, hour, minute, second = (int(match.group(i)) for i in range(1, 7))
    if year in _SENTINEL_YEARS:
        return None
    micro = int((match.group(7) or "0").ljust(6, "0")[:6])
    try:
        parsed = datetime(year, month, day, hour, minute, second, micro, tzinfo=timezone.utc)
    except ValueError:
        return None
    return parsed - _offset(match.group(8))


def _offset(zone: str | None) -> timedelta:
    if zone in {None, "Z", "z"} or zone is None:
        return timedelta()
    sign = -1 if zone[0] == "-" else 1
    digits = zone[1:].replace(":", "")
    return sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))


def format_time(value: datetime) -> str:
    """Write an aware time as RFC 3339 UTC with milliseconds, ``2026-01-31T08:00:00.000Z``."""
    utc = value.astimezone(timezone.utc)
    return utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{utc.microsecond // 1000:03d}Z"


def require_time(value: object) -> datetime:
    """Read a time that must be there.

    Raises:
        ValueError: it is missing or is not a time.
    """
    parsed = parse_time(value)
    if parsed is None:
        raise ValueError(f"{value!r} is not a time.")
    return parsed
