"""Names that the two sides spell differently: operating systems, firmware, licences, regions."""

import re
from typing import NamedTuple

# Products by what vCenter, Hyper-V and guest agents write; the first that matches counts.
# Source: guest OS names of vSphere, `osName` of the Azure VM agent, and recorded discovery rows.
_PRODUCTS = (
    ("windows server", r"windows\s*server"),
    ("windows", r"windows"),
    ("red hat enterprise linux", r"red\s*hat|rhel"),
    ("centos", r"centos"),
    ("rocky linux", r"rocky"),
    ("almalinux", r"alma"),
    ("oracle linux", r"oracle"),
    ("suse linux enterprise", r"suse|sles"),
    ("ubuntu", r"ubuntu"),
    ("debian", r"debian"),
)
_PATTERNS = tuple((product, re.compile(pattern)) for product, pattern in _PRODUCTS)
_VERSION = re.compile(r"(\d{1,4}(?:\.\d{1,3})*)(\s*r2\b)?")
_NOISE = re.compile(r"\((?:32|64)-bit\)|\(r\)|\bmicrosoft\b|\bx86_64\b|®")
_GENERATIONS = {
    "bios": "V1",
    "v1": "V1",
    "1": "V1",
    "uefi": "V2",
    "efi": "V2",
    "v2": "V2",
    "2": "V2",
}
_LICENCES = {
    "windowsserver": "windows_server",
    "nolicensetype": "none",
    "notspecified": "",
}


class Product(NamedTuple):
    """An operating system: product, version or "", and whether later versions are meant too."""

    name: str
    version: tuple[str, ...]
    or_later: bool


def plain_os_name(name: str) -> str:
    """Return an operating system's name without vendor, width and marks, casefolded."""
    return " ".join(_NOISE.sub(" ", name.casefold()).split())


def product_of(name: str) -> Product | None:
    """Read product and version out of a name; None when the product is not in the table."""
    plain = plain_os_name(name)
    for product, pattern in _PATTERNS:
        if found := pattern.search(plain):
            version = _VERSION.search(plain, found.end())
            parts = tuple(version.group(1).split(".")) if version else ()
            if version and version.group(2):
                parts = (*parts, "r2")
            return Product(product, parts, "or later" in plain)
    return None


def judge_os_name(source: str, actual: str) -> str:
    """Judge two names that are both told."""
    if plain_os_name(source) == plain_os_name(actual):
        return "same"
    ours, theirs = product_of(source), product_of(actual)
    if ours is None or theirs is None:
        return "os.unrecognised"
    if ours.name != theirs.name:
        return "os.version"
    if not ours.version or not theirs.version:
        return "os.version-not-told"
    if ours.or_later:
        return "os.wording" if _release(theirs) >= _release(ours) else "os.version"
    common = min(len(ours.version), len(theirs.version))
    r2_differs = ("r2" in ours.version) != ("r2" in theirs.version)
    agree = ours.version[:common] == theirs.version[:common] and not r2_differs
    return "os.wording" if agree else "os.version"


def _release(product: Product) -> int:
    return int(product.version[0])


def os_family(text: str) -> str:
    """Return ``windows``, ``linux`` or the casefolded text: ``windowsGuest`` is windows."""
    folded = text.strip().casefold()
    return next((family for family in ("windows", "linux") if folded.startswith(family)), folded)


def generation(text: str) -> str:
    """Return ``V1`` for BIOS and generation 1, ``V2`` for UEFI and generation 2, else the text."""
    return _GENERATIONS.get(text.strip().casefold(), text.strip())


def licence(text: str) -> str:
    """Return a licence type as the VM spells it, ``none`` for no benefit, "" for not told."""
    folded = text.strip().casefold()
    return _LICENCES.get(folded, folded)


def region(text: str) -> str:
    """Return a region's short name: ``West Europe`` is ``westeurope``."""
    return "".join(text.casefold().split())


def mac(text: str) -> str:
    """Return a MAC address as 12 hexadecimal digits, whatever stands between them."""
    return re.sub(r"[^0-9a-f]", "", text.casefold())


def short_host(text: str) -> str:
    """Return the first label of a host name, casefolded."""
    return text.strip().casefold().partition(".")[0]
