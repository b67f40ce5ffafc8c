"""How hard a source worked, as an import of its baseline tells it. Pure.

In Microsoft.OffAzure (2023-06-06) only machines of import sites tell their utilisation, without
units, and none of those is replicated. So it comes with the tables that a baseline is made of,
as facts.
"""

import re
from collections.abc import Mapping

from azstaging.model.usage import Usage

FACTS: Mapping[str, str] = {
    "cpu_p95_percent": "cpu_percent",
    "memory_p95_percent": "memory_percent",
    "disk_p95_bytes_per_second": "disk_bytes_per_second",
    "network_p95_bytes_per_second": "network_bytes_per_second",
}
"""Fact of an import -> attribute of `Usage`."""

_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{1,9})?")


def source_usage(facts: Mapping[str, str]) -> Usage | None:
    """Return what an import tells of a source's load; None where it tells nothing of it.

    What is no plain number is not told: a unit, a comma or a sign would be a guess.
    """
    told = {
        attribute: round(float(text))
        for fact, attribute in FACTS.items()
        if _NUMBER.fullmatch(text := facts.get(fact, "").strip())
    }
    return Usage(**told) if told else None
