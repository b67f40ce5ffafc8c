"""Endpoints of a workload: a text, or a table that says what a good answer is."""

from collections.abc import Iterable

from azstaging.config_fields import Table
from azstaging.errors import ConfigurationError
from azstaging.model.waves import Endpoint

_KINDS = {"tcp", "tls", "http", "https", "dns"}
_LEAST_STATUS, _MOST_STATUS = 100, 599
_MOST_MS = 600_000


def endpoints_from(table: Table, key: str = "endpoints") -> tuple[Endpoint, ...]:
    """Read ``endpoints``: texts, and tables such as ``{ url = "https://...", status = 200 }``.

    Raises:
        ConfigurationError: no URL of a kind that is known, or a table with an unknown key.
    """
    return tuple(_endpoints(table.texts_or_tables(key), table.name(key)))


def _endpoints(entries: Iterable[str | Table], name: str) -> Iterable[Endpoint]:
    for entry in entries:
        yield _endpoint(entry, name) if isinstance(entry, str) else _judged(entry)


def _endpoint(text: str, name: str) -> Endpoint:
    kind, separator, address = text.partition("://")
    if not separator or kind not in _KINDS or not address:
        raise ConfigurationError(
            f"{name}: {text!r} is not tcp://host:port, tls://host:port, "
            "http(s)://... or dns://name."
        )
    if kind in {"http", "https"}:
        return Endpoint(kind="http", address=text)
    return Endpoint(kind=kind, address=address)


def _judged(table: Table) -> Endpoint:
    plain = _endpoint(table.required_text("url"), table.name("url"))
    endpoint = Endpoint(
        kind=plain.kind,
        address=plain.address,
        status=table.integer("status", 0, least=_LEAST_STATUS, most=_MOST_STATUS)
        if table.has("status")
        else None,
        contains=table.text("contains"),
        max_ms=table.integer("max_ms", 0, least=1, most=_MOST_MS) if table.has("max_ms") else None,
    )
    table.finish()
    if plain.kind != "http" and (endpoint.status is not None or endpoint.contains):
        raise ConfigurationError(
            f"{table.name('url')}: status and contains are for http and https alone."
        )
    return endpoint
