"""Reports: a value becomes a document, a view chooses from it, a format turns it into bytes.

Pure: nothing here reads, writes or looks at a clock. One file per format, listed in ``FORMATS``.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from azstaging.errors import ConfigurationError
from azstaging.model.report import Report
from azstaging.reports import csv_, html, json_, markdown, xlsx
from azstaging.reports.content import make_document
from azstaging.reports.document import Document
from azstaging.reports.json_ import Sealed, seal, unseal
from azstaging.reports.masking import masked
from azstaging.reports.views import VIEWS, View, find_view

__all__ = [
    "FORMATS",
    "FORMAT_NAMES",
    "VIEWS",
    "VIEW_NAMES",
    "Document",
    "Format",
    "Sealed",
    "View",
    "find_format",
    "find_view",
    "make_document",
    "masked",
    "render",
    "render_all",
    "render_sealed",
    "seal",
    "unseal",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One format.

    Attributes:
        per_view: False when every view gives the same file: the format holds everything.
        write: turns a sealed document and a view into named files.
    """

    name: str
    per_view: bool
    write: Callable[[Sealed, View], dict[str, bytes]]


FORMATS: tuple[Format, ...] = (
    Format(name="html", per_view=True, write=html.render),
    Format(name="xlsx", per_view=False, write=xlsx.render),
    Format(name="csv", per_view=False, write=csv_.render),
    Format(name="json", per_view=False, write=json_.render),
    Format(name="markdown", per_view=True, write=markdown.render),
)
VIEW_NAMES = tuple(view.name for view in VIEWS)
FORMAT_NAMES = tuple(found.name for found in FORMATS)


def find_format(name: str) -> Format:
    """Return a format by its name.

    Raises:
        ConfigurationError: there is no such format.
    """
    for found in FORMATS:
        if found.name == name:
            return found
    known = ", ".join(found.name for found in FORMATS)
    raise ConfigurationError(f"There is no format {name!r}. The formats are {known}.")


def render(report: Report, view: str, format: str, *, mask: bool = False) -> dict[str, bytes]:
    """Return the files of one view in one format: file name -> content.

    The same report gives the same bytes. ``mask`` replaces ids and addresses by pseudonyms.

    Raises:
        ConfigurationError: there is no such view or format.
    """
    return render_all(report, views=[view], formats=[format], mask=mask)


def render_all(
    report: Report,
    *,
    views: Iterable[str] = VIEW_NAMES,
    formats: Iterable[str] = FORMAT_NAMES,
    mask: bool = False,
) -> dict[str, bytes]:
    """Return the files of several views and formats; what is the same for all views comes once.

    Raises:
        ConfigurationError: there is no such view or format.
    """
    return render_sealed(seal(make_document(report)), views=views, formats=formats, mask=mask)


def render_sealed(
    made: Sealed,
    *,
    views: Iterable[str] = VIEW_NAMES,
    formats: Iterable[str] = FORMAT_NAMES,
    mask: bool = False,
) -> dict[str, bytes]:
    """Return the files of a document that was made before; the same document, the same bytes.

    Raises:
        ConfigurationError: there is no such view or format.
    """
    wanted = [find_view(name) for name in views]
    chosen = [find_format(name) for name in formats]
    shown = seal(masked(made.document)) if mask else made
    files: dict[str, bytes] = {}
    for found in chosen:
        for view in wanted if found.per_view else wanted[:1]:
            files |= found.write(shown, view)
    return files
