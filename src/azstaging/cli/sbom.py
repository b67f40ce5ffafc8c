"""What a bundle of wheels holds, as a CycloneDX 1.5 bill of materials."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from azstaging import __version__

if TYPE_CHECKING:
    from azstaging.cli.bundle import Wheel

FILE = "sbom.cdx.json"


def bill_of_materials(wheels: Iterable["Wheel"]) -> dict[str, Any]:
    """Return the bill: azstaging is the subject, every other wheel a component with its hash.

    The same wheels give the same bill: it has no time and no serial number.
    Source: CycloneDX 1.5, https://cyclonedx.org/docs/1.5/json/.
    """
    components = {wheel.name: _component(wheel) for wheel in wheels}
    subject = components.pop("azstaging", None)
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": (subject or {"name": "azstaging", "version": __version__})
            | {"type": "application"},
        },
        "components": [components[name] for name in sorted(components)],
    }


def _component(wheel: "Wheel") -> dict[str, Any]:
    purl = f"pkg:pypi/{quote(wheel.name)}@{quote(wheel.version)}"
    return {
        "type": "library",
        "bom-ref": purl,
        "name": wheel.name,
        "version": wheel.version,
        "purl": purl,
        "hashes": [{"alg": "SHA-256", "content": wheel.sha256}],
    }
