"""An answer is taken in one piece where its length is told in plain words, else by blocks."""

import gzip
import json
import socketserver
import threading
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from azure.core.pipeline.transport import _requests_basic

from azstaging.azure.clouds import choose_cloud
from azstaging.errors import UnreachableError

BODY = json.dumps({"id": "/x", "text": "y" * 5000}).encode()
CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)


@pytest.fixture
def blocks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Write down each answer that azure-core reads by blocks."""
    seen: list[int] = []
    usual = _requests_basic.StreamDownloadGenerator.__init__

    def counted(self: Any, *arguments: Any, **options: Any) -> None:
        seen.append(1)
        usual(self, *arguments, **options)

    monkeypatch.setattr(_requests_basic.StreamDownloadGenerator, "__init__", counted)
    return seen


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [("", BODY), ("gzip", gzip.compress(BODY)), ("deflate", zlib.compress(BODY))],
    ids=["plain", "gzip", "deflate"],
)
def test_a_plain_answer_is_whole_and_decompressed(
    arm: Any, session: Any, reply: Any, blocks: list[int], encoding: str, packed: bytes
) -> None:
    arm.says(reply(200, packed, {"Content-Encoding": encoding} if encoding else {}))
    answer = session.get_bytes("/x", "1")
    assert answer.body == BODY
    assert blocks == []


def test_an_answer_of_nothing_is_empty(arm: Any, session: Any, reply: Any) -> None:
    arm.says(reply(200, b""))
    assert session.get_bytes("/x", "1").body == b""


@pytest.fixture
def wire(open_session: Callable[..., Any]) -> Iterator[Callable[[bytes], Any]]:
    """Answer every request with these bytes, to the letter, and hang up."""
    servers: list[socketserver.ThreadingTCPServer] = []

    def session_to(raw: bytes) -> Any:
        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                while self.rfile.readline().strip():
                    pass
                self.wfile.write(raw)

        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        return open_session(
            cloud=choose_cloud(arm_endpoint=f"http://127.0.0.1:{server.server_address[1]}")
        )

    yield session_to
    for server in servers:
        server.shutdown()
        server.server_close()


def _answer(*headers: str, body: bytes = BODY) -> bytes:
    return "\r\n".join(["HTTP/1.1 200 OK", *headers, "", ""]).encode() + body


@pytest.mark.parametrize(
    "raw",
    [
        _answer("Transfer-Encoding: chunked", body=CHUNKED),
        _answer("Transfer-Encoding: identity, chunked", body=CHUNKED),
        _answer("Transfer-Encoding: chunked", f"Content-Length: {len(BODY)}", body=CHUNKED),
        _answer("Connection: close"),
    ],
    ids=["chunked", "identity", "both", "closed"],
)
def test_an_answer_of_no_plain_length_is_read_by_blocks(
    wire: Any, blocks: list[int], raw: bytes
) -> None:
    assert wire(raw).get_bytes("/x", "1").body == BODY
    assert blocks == [1]


@pytest.mark.parametrize(
    "raw",
    [
        _answer(f"Content-Length: {len(BODY) + 1}"),
        # No memory is taken for what is only announced.
        _answer(f"Content-Length: {2**36}"),
        _answer("Transfer-Encoding: chunked", body=b"%x\r\n%s" % (2**36, BODY)),
        _answer(f"Content-Length: {len(BODY) + 1}", f"Content-Length: {len(BODY) + 1}"),
        _answer(f"Content-Length: {len(BODY)}", "Content-Encoding: gzip"),
    ],
    ids=["torn", "huge", "huge-chunk", "two-lengths", "no-gzip"],
)
def test_an_answer_that_is_torn_or_odd_is_read_again_and_then_an_error(
    wire: Any, fake_time: Any, raw: bytes
) -> None:
    with pytest.raises(UnreachableError):
        wire(raw).get_bytes("/x", "1")
    assert len(fake_time.sleeps) == 3


def test_an_answer_that_announces_too_much_is_read_by_blocks(wire: Any, blocks: list[int]) -> None:
    with pytest.raises(UnreachableError):
        wire(_answer(f"Content-Length: {64 * 2**20 + 1}")).get_bytes("/x", "1")
    assert blocks == [1] * 4
