"""Pseudonyms for names, ids and addresses: the same one for the same text, everywhere. Pure.

What is not known to be harmless is replaced: states, types, sizes, versions, numbers and times
stay, every other text gets a pseudonym. So a field that nobody thought of does not leak.
"""

import re
from collections.abc import Mapping
from typing import Any

MAP_SCHEMA = "azstaging/capture-map/1"
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# A time and nothing after it: an adapter's address begins like one.
_CLOCK = r"\d\d?:\d\d(?::\d\d(?:\.\d+)?)?(?: ?[AP]M)?(?:Z| ?[+-]\d\d:?\d\d)?"
_TIME = re.compile(
    rf"(?:\d{{4}}-\d\d-\d\d|\d\d?/\d\d?/\d{{4}})(?:[T ]{_CLOCK})?|(?:\d+\.)?{_CLOCK}", re.IGNORECASE
)
_PLAIN = re.compile(
    r"[-+]?\d+(?:\.\d+)*|true|false|none|null|n/a|yes|no|enabled|disabled|(?:not)?required|"
    r"never|always|unknown|",
    re.IGNORECASE,
)
_V4 = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}(/\d\d?)?")
_MAC = re.compile(r"[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}", re.IGNORECASE)
_ID = re.compile(r"/(subscriptions|providers|tenants)/", re.IGNORECASE)
# Azure's own words, by the key that holds them.
_HARMLESS = re.compile(
    r"(state|states|status|(?:state|status)description|stage|type|types|health|operations|jobs|(?<!file)location|version|generation|size|"
    r"sku|tier|level|licen[cs]e\w*|powerstate|firmware|boottype|zones?|code|caching|createoption|"
    r"deleteoption|scenarioname|jobname|role|ostype|osname|guestos|guestosdetails|guestostype|offer|publisher|kind|"
    r"allocationmethod|privateip\w*version|instancetype|allowedactions|linuxlicensetype|"
    r"category|\w*architecture|edition|region|fabricprovider|displaystatus|sqlserverlicensetype)$",
    re.IGNORECASE,
)
# What such a word looks like: no path of a person's file, no id.
_WORDS = re.compile(r"[\w.+-][\w .,()+&:-]*(/[\w.-]+)*|")
# Objects whose keys people chose.
_CHOSEN_KEYS = re.compile(r"tags$", re.IGNORECASE)
# How the service makes the names of its own things; a pseudonym keeps it.
_SUFFIX = re.compile(r"(.+?)(-test|-asrreplica|-asrtest)$", re.IGNORECASE)
_HOST = re.compile(r"[\w-]+(\.[\w-]+)+")
_PSEUDONYM = re.compile(r"name-\d+")
_FIXED = frozenset({"subscriptions", "resourcegroups", "providers"})


class Anonymiser:
    """Gives pseudonyms, compared without case.

    Args:
        names: a map to go on with, original to pseudonym.
    """

    def __init__(self, names: Mapping[str, str] | None = None) -> None:
        self._given = {_key(name): pseudonym for name, pseudonym in (names or {}).items()}
        self._originals = {pseudonym: name for name, pseudonym in (names or {}).items()}

    @property
    def names(self) -> dict[str, str]:
        """The map: original, as it was first written, to pseudonym."""
        return {name: pseudonym for pseudonym, name in self._originals.items()}

    def restore(self, text: str) -> str:
        """Return a sentence with the originals in place of the pseudonyms."""
        return _PSEUDONYM.sub(lambda m: self._originals.get(m.group(), m.group()), text)

    def value(self, value: Any, key: str = "") -> Any:
        """Return JSON with every text replaced that is not known to be harmless.

        Args:
            value: plain JSON.
            key: the key that holds it; elements of a list have the list's.
        """
        if isinstance(value, Mapping):
            chosen = bool(_CHOSEN_KEYS.search(key))
            return {
                (self.text(str(name)) if chosen or _ID.match(str(name)) else name): self.value(
                    each, "" if chosen else f"{key}.name" if name == "name" else str(name)
                )
                for name, each in value.items()
            }
        if isinstance(value, (list, tuple)):
            return [self.value(each, "" if isinstance(each, Mapping) else key) for each in value]
        if isinstance(value, str):
            return value if _is_harmless(key, value) else self.text(value)
        return value

    def text(self, text: str) -> str:
        """Return the pseudonym of a text; an ARM id keeps its types, a number or time stays."""
        if _ID.match(text):
            return self.arm_id(text)
        if not _V4.fullmatch(text) and (_PLAIN.fullmatch(text) or _TIME.fullmatch(text)):
            return text
        return self._pseudonym(text)

    def arm_id(self, text: str) -> str:
        """Return an ARM id with a pseudonym in place of every name."""
        segments = text.split("/")
        named = [False] * len(segments)
        kind = 0
        for index, segment in enumerate(segments):
            folded = segment.casefold()
            if folded in _FIXED:
                kind = index + (1 if folded == "providers" else 0)
            elif index > kind:
                named[index] = (index - kind) % 2 == (0 if _after_provider(segments, kind) else 1)
        return "/".join(
            self._pseudonym(segment) if is_name and segment else segment
            for segment, is_name in zip(segments, named, strict=True)
        )

    def _pseudonym(self, text: str) -> str:
        key = _key(text)
        if key not in self._given:
            pseudonym = self._given[key] = self._new(text)
            self._originals.setdefault(pseudonym, text)
        return self._given[key]

    def _new(self, text: str) -> str:
        number = len(self._given) + 1
        if _GUID.fullmatch(text):
            return f"00000000-0000-4000-8000-{number:012x}"
        if _MAC.fullmatch(text):
            return "02-" + "-".join(f"{number:010x}"[i : i + 2] for i in range(0, 10, 2))
        if match := _V4.fullmatch(text):
            a, b, c = number >> 16 & 255, number >> 8 & 255, number & 255
            return f"10.{a}.{b}.{c}{match.group(1) or ''}"
        if match := _SUFFIX.fullmatch(text):
            return self._pseudonym(match.group(1)) + match.group(2)
        if _HOST.fullmatch(text):
            return ".".join(self._pseudonym(label) for label in text.split("."))
        return f"name-{number}"


def _key(text: str) -> str:
    folded = text.casefold()
    return folded.replace(":", "-") if _MAC.fullmatch(text) else folded


def _after_provider(segments: list[str], kind: int) -> bool:
    return kind > 0 and segments[kind - 1].casefold() == "providers"


def _is_harmless(key: str, value: str) -> bool:
    if _GUID.search(value) or not _WORDS.fullmatch(value):
        return False
    parent, dot, last = key.rpartition(".")
    return bool(_HARMLESS.search(parent if dot and last == "name" else key))
