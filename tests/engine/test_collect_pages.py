"""Pages that are cut, empty, endless or false, over real sockets and the real clients."""

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from azstaging.emulator import Emulator, Fault
from azstaging.model.bodies import Body
from azstaging.model.items import Collection
from azstaging.model.waves import Scope
from azstaging.providers import ROWS


class Pages:
    """Serves bytes by the end of a path, an empty list for everything else."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}
        self.promised: int | None = None
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # One packet an answer; else each waits for a delayed acknowledgement.
            wbufsize = -1

            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                body = next(
                    (body for end, body in outer.bodies.items() if path.endswith(end)), None
                )
                promised = len(body) if body is not None else 0
                if body is not None and outer.promised is not None:
                    promised = outer.promised
                    self.close_connection = True
                body = b'{"value": []}' if body is None else body
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(promised or len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *_args: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def pages() -> Iterator[Pages]:
    serving = Pages()
    yield serving
    serving.close()


def _small_page(shapes: Any) -> bytes:
    row = {"id": shapes.protected_item("a", shapes.vault())["id"], "properties": {}}
    return json.dumps({"value": [row], "nextLink": None}).encode()


@pytest.mark.parametrize("honest", [True, False], ids=["short-length", "broken-off"])
def test_a_page_cut_at_any_byte_never_gives_a_complete_inventory(
    shapes: Any, read: Any, connected: Callable[..., Any], pages: Pages, honest: bool
) -> None:
    whole = _small_page(shapes)
    scope = Scope(vaults=(shapes.vault(),))
    # A connection that breaks off is tried again, so every fifth byte has to do there.
    cuts = range(1, len(whole)) if honest else range(0, len(whole), 5)
    with connected(pages.url) as azure:
        pages.bodies["/replicationProtectedItems"] = whole
        assert read(azure, scope).complete
        for cut in cuts:
            pages.bodies["/replicationProtectedItems"] = whole[:cut]
            pages.promised = None if honest else len(whole)
            inventory = read(azure, scope)
            assert not inventory.complete, cut
            assert inventory.read == 0
            assert [gap.scope for gap in inventory.gaps] == [shapes.vault()]


def test_a_page_of_documented_rows_cut_at_any_byte_is_not_complete_either(
    shapes: Any, read: Any, connected: Callable[..., Any], pages: Pages
) -> None:
    """Its rows are decoded into structs."""
    details = {"providerSpecificDetails": {"instanceType": "InMageRcm"}}
    row = {"id": shapes.protected_item("a", shapes.vault())["id"], "properties": details}
    whole = json.dumps({"value": [row]}).encode()
    text = json.dumps(row).encode()
    assert ROWS[Collection.PROTECTED_ITEMS].item(text, Body(text)) is not None
    scope = Scope(vaults=(shapes.vault(),))
    with connected(pages.url) as azure:
        pages.bodies["/replicationProtectedItems"] = whole
        assert read(azure, scope, lists_only=True).complete
        for cut in range(1, len(whole)):
            pages.bodies["/replicationProtectedItems"] = whole[:cut]
            inventory = read(azure, scope, lists_only=True)
            assert (inventory.complete, inventory.read) == (False, 0), cut


@pytest.mark.parametrize(
    ("link", "told"),
    [(7, "nextLink"), ({}, "nextLink"), ("https://elsewhere.example/x", "this cloud's ARM")],
)
def test_a_page_of_documented_rows_with_an_odd_link_is_a_gap(
    shapes: Any, read: Any, connected: Callable[..., Any], pages: Pages, link: Any, told: str
) -> None:
    details = {"providerSpecificDetails": {"instanceType": "InMageRcm"}}
    row = {"id": shapes.protected_item("a", shapes.vault())["id"], "properties": details}
    page = {"value": [row], "nextLink": link}
    pages.bodies["/replicationProtectedItems"] = json.dumps(page).encode()
    with connected(pages.url) as azure:
        inventory = read(azure, Scope(vaults=(shapes.vault(),)), lists_only=True)
    (gap,) = inventory.gaps
    assert not inventory.read
    assert told in gap.detail


def test_a_row_of_which_more_is_needed_than_its_value_is_read_whole(
    shapes: Any, read: Any, connected: Callable[..., Any], pages: Pages
) -> None:
    """Its health errors are."""
    errors = {"healthErrors": [{"errorCode": "9", "errorMessage": "too slow"}]}
    details = {"providerSpecificDetails": {"instanceType": "InMageRcm"}}
    rows = [
        {"id": shapes.protected_item(name, shapes.vault())["id"], "properties": details | more}
        for name, more in {"a": {}, "b": errors, "c": {}}.items()
    ]
    pages.bodies["/replicationProtectedItems"] = json.dumps({"value": rows}).encode()
    with connected(pages.url) as azure:
        inventory = read(azure, Scope(vaults=(shapes.vault(),)), lists_only=True)
    assert [row.item.id.name for row in inventory] == ["a", "b", "c"]
    assert [[each.code for each in row.item.health_errors] for row in inventory] == [[], ["9"], []]


@pytest.mark.parametrize("lists_only", [False, True])
@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (b'{"value": null}', "unexpected-response"),
        (b'{"items": []}', "unexpected-response"),
        (b'{"value": {}}', "unexpected-response"),
        (b'{"value": [null]}', "unexpected-response"),
        (b"[]", "unexpected-response"),
        (b"", "unexpected-response"),
        (b"<html>sign in</html>", "unexpected-response"),
        (b'{"error": {"code": "Busy"}}', "unexpected-response"),
    ],
)
def test_a_page_of_another_shape_is_a_gap(
    shapes: Any,
    read: Any,
    connected: Callable[..., Any],
    pages: Pages,
    page: bytes,
    reason: str,
    lists_only: bool,
) -> None:
    pages.bodies["/replicationMigrationItems"] = page
    with connected(pages.url) as azure:
        inventory = read(azure, Scope(vaults=(shapes.vault(),)), lists_only=lists_only)
    assert [(gap.scope, gap.reason) for gap in inventory.gaps] == [(shapes.vault(), reason)]


FIRST = "GET */vaults/vlt-*/replicationmigrationitems"


@pytest.mark.parametrize("kind", ["null-value", "repeated-link", "foreign-link", "drop", "torn"])
def test_a_false_page_of_the_emulator_is_a_gap(
    read: Any, connected: Callable[..., Any], emulator: Emulator, kind: str
) -> None:
    with connected(emulator.url, emulator.token("planner")) as azure:
        before = read(azure)
        options = {"host": "https://elsewhere.example"} if kind == "foreign-link" else {}
        emulator.script.set([Fault(kind=kind, match=FIRST, times=0, **options)])
        try:
            inventory = read(azure)
        finally:
            emulator.script.set([])
    hidden = {gap.scope for gap in inventory.gaps} - {gap.scope for gap in before.gaps}
    assert hidden
    missing = {row.id for row in before} - {row.id for row in inventory}
    assert all(any(each.is_under(scope) for scope in hidden) for each in missing)
    assert {row.id for row in inventory} <= {row.id for row in before}


def test_a_page_that_comes_whole_at_the_second_try_leaves_no_gap(
    read: Any, connected: Callable[..., Any], emulator: Emulator
) -> None:
    with connected(emulator.url, emulator.token("planner")) as azure:
        before = read(azure)
        emulator.script.set([Fault(kind="torn", match=FIRST, times=1, bytes=100)])
        try:
            inventory = read(azure)
        finally:
            emulator.script.set([])
    assert inventory.read == before.read
    assert inventory.gaps == before.gaps
