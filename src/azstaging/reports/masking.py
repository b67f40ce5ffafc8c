"""Masking: ids and addresses become pseudonyms, the same one everywhere in a report.

Names stay (of machines, workloads, resource groups): without them nobody could work with the
report. The numbers follow the order of appearance and say nothing about what they stand for.
"""

import ipaddress
import re

import msgspec

from azstaging.model.ids import ResourceId
from azstaging.reports.document import Document
from azstaging.reports.walk import map_text

_ID = re.compile(r"/(?:subscriptions|providers|tenants)/[^\s\"'<>,;|]+", re.IGNORECASE)
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_MAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_HOST = re.compile(r"(?<=://)[^\s/\"'<>]+")
_MAC = re.compile(r"\b[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}\b", re.IGNORECASE)
# A full stop may end the sentence.
_V4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\w|\.\w)")
_V6 = re.compile(r"(?<![\w:.])(?=[0-9a-f.]*:)[0-9a-f:.]*[0-9a-f:](?![\w:])", re.IGNORECASE)

_KINDS = {
    "subscriptions": "subscription",
    "resourcegroups": "group",
    "vaults": "vault",
    "replicationvaults": "vault",
    "replicationmigrationitems": "item",
    "replicationprotecteditems": "item",
    "protecteditems": "item",
    "virtualmachines": "vm",
    "machines": "machine",
    "disks": "disk",
    "networkinterfaces": "nic",
    "publicipaddresses": "public-address",
    "locks": "lock",
}
# Fields that hold an id and nothing else: the whole text is the id, blanks included.
_ID_FIELDS = {
    "addresses",
    "id",
    "item_id",
    "item_ids",
    "scope",
    "subject",
    "test_machines",
    "unexpected",
    "vault_id",
    "vaults",
}


def masked(document: Document) -> Document:
    """Return the document with every id and address replaced, consistently.

    Replaced: ARM ids as a whole, GUIDs, IPv4, IPv6 and MAC addresses, e-mail addresses, and hosts
    in URLs, also where they occur inside a sentence.
    """
    pseudonyms = _Pseudonyms()
    result = map_text(document, pseudonyms.replace)
    return msgspec.structs.replace(result, masked=True)


class _Pseudonyms:
    """Gives each thing its pseudonym, on first sight."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, str], str] = {}
        self.counts: dict[str, int] = {}

    def give(self, kind: str, value: str) -> str:
        key = (kind, value.casefold())
        if key not in self.known:
            self.counts[kind] = self.counts.get(kind, 0) + 1
            self.known[key] = f"{kind}-{self.counts[kind]}"
        return self.known[key]

    def replace(self, field: str, text: str) -> str:
        if field in _ID_FIELDS and _ID.match(text):
            return self.arm_id(text)
        return self.text(text)

    def text(self, text: str) -> str:
        text = _ID.sub(lambda m: self.arm_id(m.group()), text)
        text = _GUID.sub(lambda m: self.give("id", m.group()), text)
        text = _MAIL.sub(lambda m: self.give("mail", m.group()), text)
        text = _HOST.sub(lambda m: self.give("host", m.group()), text)
        text = _MAC.sub(lambda m: self.give("mac", m.group()), text)
        text = _V4.sub(lambda m: self.address(m.group()), text)
        return _V6.sub(lambda m: self.address(m.group()), text)

    def arm_id(self, text: str) -> str:
        end = text.rstrip(".:)")
        segments = ResourceId(end).segments
        if len(segments) == 1:
            return text
        kind = _KINDS.get(segments[-2].casefold(), "resource")
        name = segments[-1] if kind in {"subscription", "group"} else end
        return self.give(kind, name) + text[len(end) :]

    def address(self, text: str) -> str:
        try:
            ipaddress.ip_address(text)
        except ValueError:
            return text
        return self.give("address", text)
