"""The storage accounts that replication caches in. Pure."""

from collections.abc import Mapping
from typing import Any

from azstaging.model.ids import parse_id


def cache_accounts(body: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the storage accounts that an item replicates through, wherever its JSON names one."""
    found: dict[str, str] = {}

    def walk(value: object, key: str) -> None:
        if isinstance(value, Mapping):
            for name, member in value.items():
                walk(member, str(name))
        elif isinstance(value, list):
            for member in value:
                walk(member, key)
        elif "storageaccount" in key.casefold() and "diag" not in key.casefold():
            account = parse_id(value)
            if account is not None and account.resource_type == "microsoft.storage/storageaccounts":
                found.setdefault(account.key, account.text)

    walk(body.get("properties"), "")
    return tuple(found[key] for key in sorted(found))
