"""OpenTelemetry spans through azure-core's own support; nothing is done while that is off.

``azure.core.settings.settings.tracing_enabled = True`` or ``AZURE_TRACING_ENABLED=true`` switches
it on; opentelemetry-api has to be installed, and an SDK to send the spans anywhere.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from azstaging import __version__
from azstaging.errors import StagingError

_MOST = 300


def tracer() -> Any | None:
    """Return azure-core's tracer for azstaging, or None while tracing is off."""
    # Not before a verb begins: importing azstaging loads no Azure module.
    from azure.core.settings import settings  # noqa: PLC0415

    if not settings.tracing_enabled():
        return None
    from azure.core.instrumentation import get_tracer  # noqa: PLC0415 - only where spans are made

    return get_tracer(library_name="azstaging", library_version=__version__)


@contextmanager
def span(name: str, **attributes: str) -> Iterator[None]:
    """Put what happens inside into a span ``azstaging NAME``.

    Args:
        name: the verb, or what is done with an item.
        attributes: ids and names, never secrets; kept as ``azstaging.KEY``.
    """
    active = tracer()
    if active is None:
        yield
        return
    given = {f"azstaging.{key}": value for key, value in attributes.items()}
    with active.start_as_current_span(f"azstaging {name}", attributes=given) as it:
        try:
            yield
        except StagingError as error:
            it.set_attribute("error.type", type(error).__name__)
            it.set_attribute("azstaging.effect", error.effect.value)
            active.set_span_error_status(it, str(error)[:_MOST])
            raise
