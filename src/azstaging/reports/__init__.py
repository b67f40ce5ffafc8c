"""Reports: a value becomes a document, a view chooses from it, a format turns it into bytes.

Pure: nothing here reads, writes or looks at a clock. One file per format, listed in ``FORMATS``.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from azstaging.errors import ConfigurationError
from azstaging.model.report import Report
from azstaging.reports.content import make_document
from azstaging.reports.document import Document
from azstaging.reports.json_ import Sealed, seal, unseal
from azstaging.reports.masking import masked
from azstaging.reports.pausing import collect_cycles, collection_paused
from azstaging.reports.views import VIEWS, View, find_view

__all__ = [
    "DEFAULT_FORMATS",
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
    "render_each",
    "render_sealed",
    "seal",
    "unseal",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One format.

    Attributes:
        per_view: False when every view gives the same file: the format holds everything.
        by_default: False for a format that needs an extra and is written only when asked for.
        module: its file here, loaded on use; its ``render`` turns a sealed document and a view
            into named files.
    """

    name: str
    per_view: bool
    module: str
    by_default: bool = True

    def write(self, shown: Sealed, view: View) -> dict[str, bytes]:
        """Turn a document and a view into named files."""
        render: Callable[[Sealed, View], dict[str, bytes]]
        render = import_module(f"{__name__}.{self.module}").render
        return render(shown, view)


# The largest first: what it leaves free, the others use.
FORMATS: tuple[Format, ...] = (
    Format(name="json", per_view=False, module="json_"),
    Format(name="html", per_view=True, module="html"),
    Format(name="xlsx", per_view=False, module="xlsx"),
    Format(name="csv", per_view=False, module="csv_"),
    Format(name="markdown", per_view=True, module="markdown"),
    Format(name="parquet", per_view=False, module="parquet", by_default=False),
)
VIEW_NAMES = tuple(view.name for view in VIEWS)
FORMAT_NAMES = tuple(found.name for found in FORMATS)
DEFAULT_FORMATS = tuple(found.name for found in FORMATS if found.by_default)


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
    formats: Iterable[str] = DEFAULT_FORMATS,
    mask: bool = False,
) -> dict[str, bytes]:
    """Return the files of several views and formats; what is the same for all views comes once.

    Raises:
        ConfigurationError: there is no such view or format.
    """
    return render_sealed(seal(make_document(report)), views=views, formats=formats, mask=mask)


def render_sealed(made: Sealed, **choices: Any) -> dict[str, bytes]:
    """Return what ``render_each`` yields, by file name."""
    return dict(render_each(made, **choices))


def render_each(
    made: Sealed,
    *,
    views: Iterable[str] = VIEW_NAMES,
    formats: Iterable[str] = DEFAULT_FORMATS,
    mask: bool = False,
) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of each file of a document, so that not all are in memory at once.

    The same document gives the same bytes.

    Raises:
        ConfigurationError: there is no such view or format; raised before the first file.
    """
    wanted = [find_view(name) for name in views]
    chosen = [find_format(name) for name in formats]
    shown = seal(masked(made.document)) if mask else made
    for found in chosen:
        for view in wanted if found.per_view else wanted[:1]:
            with collection_paused():
                files = found.write(shown, view)
            yield from sorted(files.items())
            del files
        collect_cycles()
