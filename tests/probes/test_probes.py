"""The probes over real sockets: what they see, how often they try, and what they keep quiet."""

import errno
import pickle
import socket
import ssl
import threading
from concurrent.futures import Executor, Future
from datetime import datetime, timedelta, timezone

import pytest
import trustme

from azstaging.model.observations import Answer, Observation
from azstaging.model.waves import Endpoint
from azstaging.probes import Probes, observe_endpoint
from azstaging.probes.seen import Limits, failure, shown

ANSWERS = [Answer.ANSWERED]


def look(kind: str, address: str, **limits) -> Observation:
    settings = {"deadline_seconds": 5.0, "attempts": 1, "pause_seconds": 0.0, **limits}
    return observe_endpoint(Endpoint(kind=kind, address=address), Limits(**settings))


def answers(observation: Observation) -> list[Answer]:
    return [attempt.answer for attempt in observation.attempts]


def nothing(_connection: socket.socket) -> None:
    """Accept and hang up."""


def replying(data: bytes):
    def reply(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(data)

    return reply


def http_reply(status: str, body: bytes = b"ok"):
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return replying(head.encode() + body)


def context_for(authority: trustme.CA, name: str, **more) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name, **more).configure_cert(context)
    return context


# TCP


def test_tcp_connects_and_tells_the_address(serve) -> None:
    seen = look("tcp", f"127.0.0.1:{serve(nothing).port}")
    assert answers(seen) == ANSWERS
    assert seen.addresses == ("127.0.0.1",)
    assert seen.last is not None
    assert seen.last.at.tzinfo is timezone.utc


def test_tcp_refused_is_tried_again_and_every_attempt_is_on_record(closed_port: int) -> None:
    seen = look("tcp", f"127.0.0.1:{closed_port}", attempts=3)
    assert answers(seen) == [Answer.REFUSED] * 3
    assert seen.attempts[0].at <= seen.attempts[1].at <= seen.attempts[2].at


def test_an_answer_ends_the_attempts(serve) -> None:
    server = serve(nothing)
    assert len(look("tcp", f"127.0.0.1:{server.port}", attempts=3).attempts) == 1


@pytest.mark.parametrize("address", ["10.0.0.1", "host:0x50", "host:99999999", ":80", "", "[::1"])
def test_an_address_that_is_not_understood_says_nothing_about_the_endpoint(address: str) -> None:
    assert answers(look("tcp", address)) == [Answer.UNREACHABLE]


# TLS


def test_tls_tells_when_the_certificate_expires(serve, authority, ca_file) -> None:
    until = datetime(2033, 5, 17, 12, 0, tzinfo=timezone.utc)
    server = serve(nothing, context_for(authority, "127.0.0.1", not_after=until))
    seen = look("tls", f"127.0.0.1:{server.port}", ca_file=ca_file)
    assert answers(seen) == ANSWERS
    assert seen.certificate_expires == until
    assert seen.last is not None
    assert "2033-05-17" in seen.last.detail


@pytest.mark.parametrize(
    ("name", "trusted", "expired", "complaint"),
    [
        ("127.0.0.1", False, False, "unable to get local issuer"),
        ("10.0.0.9", True, False, "IP address mismatch"),
        ("127.0.0.1", True, True, "expired"),
    ],
)
def test_a_certificate_that_does_not_hold_is_wrong(
    serve, authority, ca_file, name: str, trusted: bool, expired: bool, complaint: str
) -> None:
    past = datetime.now(timezone.utc) - timedelta(days=1)
    more = {"not_before": past - timedelta(days=30), "not_after": past} if expired else {}
    server = serve(nothing, context_for(authority, name, **more))
    seen = look("tls", f"127.0.0.1:{server.port}", ca_file=ca_file if trusted else "")
    assert answers(seen) == [Answer.WRONG]
    assert seen.last is not None
    assert complaint in seen.last.detail


def test_tls_to_a_server_without_tls_is_wrong(serve, ca_file) -> None:
    server = serve(replying(b"220 mail ready\r\n"))
    seen = look("tls", f"127.0.0.1:{server.port}", ca_file=ca_file)
    assert answers(seen) == [Answer.WRONG]


# HTTP


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        ("200 OK", Answer.ANSWERED),
        ("302 Found", Answer.ANSWERED),
        ("404 Not Found", Answer.WRONG),
        ("503 Service Unavailable", Answer.WRONG),
    ],
)
def test_http_is_judged_by_its_status(serve, status: str, answer: Answer) -> None:
    server = serve(http_reply(status))
    seen = look("http", f"http://127.0.0.1:{server.port}/health")
    assert answers(seen) == [answer]
    assert seen.last is not None
    assert seen.last.detail == f"HTTP {status[:3]}"
    assert server.connections == 1


def expected(server, **expects) -> Observation:
    url = f"http://127.0.0.1:{server.port}/health?key=canary"
    limits = Limits(deadline_seconds=5.0, attempts=1, pause_seconds=0.0)
    return observe_endpoint(Endpoint(kind="http", address=url, **expects), limits)


@pytest.mark.parametrize(
    ("status", "expects", "answer", "detail"),
    [
        ("200 OK", {"status": 200, "contains": "all is well"}, Answer.ANSWERED, "HTTP 200"),
        ("204 No Content", {"status": 200}, Answer.WRONG, "HTTP 204, expected 200"),
        ("401 Unauthorized", {"status": 401}, Answer.ANSWERED, "HTTP 401"),
        ("401 Unauthorized", {}, Answer.WRONG, "HTTP 401"),
        (
            "200 OK",
            {"contains": "maintenance"},
            Answer.WRONG,
            "HTTP 200 without the expected text",
        ),
        ("500 Oops", {"contains": "all is well"}, Answer.WRONG, "HTTP 500"),
    ],
)
def test_http_is_judged_by_what_is_expected(serve, status, expects, answer, detail) -> None:
    seen = expected(serve(http_reply(status, b"canary: all is well")), **expects)
    assert answers(seen) == [answer]
    assert seen.last is not None
    assert seen.last.detail == detail
    assert "canary" not in repr(seen)


def test_an_answer_that_takes_too_long_is_wrong(serve) -> None:
    waited = threading.Event()

    def slow(connection: socket.socket) -> None:
        connection.recv(65_536)
        waited.wait(0.2)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    seen = expected(serve(slow), max_ms=50)
    assert answers(seen) == [Answer.WRONG]
    assert seen.last is not None
    assert seen.last.detail == f"HTTP 200 after {seen.last.elapsed_ms} ms, more than 50"
    assert answers(expected(serve(slow), max_ms=60_000)) == ANSWERS


def test_https_verifies_and_tells_the_expiry(serve, authority, ca_file) -> None:
    server = serve(http_reply("200 OK"), context_for(authority, "127.0.0.1"))
    url = f"https://127.0.0.1:{server.port}/"
    seen = look("http", url, ca_file=ca_file)
    assert answers(seen) == ANSWERS
    assert seen.certificate_expires is not None
    assert answers(look("http", url)) == [Answer.WRONG]


def test_what_is_not_http_is_wrong_and_not_quoted(serve) -> None:
    server = serve(replying(b"SSH-2.0-secret-banner\r\n"))
    seen = look("http", f"http://127.0.0.1:{server.port}/")
    assert answers(seen) == [Answer.WRONG]
    assert "secret-banner" not in repr(seen)


def test_a_server_that_recovers_answers_at_the_second_attempt(serve) -> None:
    replies = iter([b"HTTP/1.1 503 Busy\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"])

    def reply(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(next(replies))

    seen = look("http", f"http://127.0.0.1:{serve(reply).port}/", attempts=2)
    assert answers(seen) == [Answer.WRONG, Answer.ANSWERED]


def test_a_server_that_never_answers_is_left_at_the_deadline(serve) -> None:
    over = threading.Event()

    def silence(connection: socket.socket) -> None:
        connection.recv(65_536)
        over.wait(20)

    server = serve(silence)
    seen = look("http", f"http://127.0.0.1:{server.port}/", deadline_seconds=0.4, attempts=2)
    over.set()
    assert answers(seen) == [Answer.TIMEOUT, Answer.TIMEOUT]
    assert sum(attempt.elapsed_ms for attempt in seen.attempts) < 5_000


def test_a_server_that_drips_is_left_at_the_deadline(serve) -> None:
    over = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not over.wait(0.05):
            connection.sendall(b".")

    server = serve(drip)
    seen = look("http", f"http://127.0.0.1:{server.port}/", deadline_seconds=0.5)
    over.set()
    assert answers(seen) == [Answer.TIMEOUT]
    assert seen.attempts[0].elapsed_ms < 5_000


def test_secrets_in_a_url_are_sent_nowhere_but_in_the_query_and_never_shown(serve) -> None:
    received: list[bytes] = []

    def reply(connection: socket.socket) -> None:
        received.append(connection.recv(65_536))
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    port = serve(reply).port
    seen = look("http", f"http://user:canary-1@127.0.0.1:{port}/health?code=canary-2#canary-3")
    assert seen.address == f"http://127.0.0.1:{port}/health"
    assert "canary" not in repr(seen)
    assert received[0].startswith(b"GET /health?code=canary-2 HTTP/1.1\r\n")
    assert b"uthorization" not in received[0]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("10.0.0.1:1433", "10.0.0.1:1433"),
        ("[::1]:443", "[::1]:443"),
        ("dns://payroll.contoso.example", "dns://payroll.contoso.example"),
        ("https://user:pw@contoso.example:bad/x?token=t", "contoso.example:bad/x"),
    ],
)
def test_addresses_are_shown_without_secrets(address: str, expected: str) -> None:
    assert shown(address) == expected


# DNS


def test_dns_tells_all_addresses() -> None:
    seen = look("dns", "localhost")
    assert answers(seen) == ANSWERS
    assert set(seen.addresses) <= {"127.0.0.1", "::1"}
    assert seen.addresses


def test_a_resolver_that_hangs_is_left_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: over.wait(20) and [])
    seen = look("dns", "payroll.contoso.example", deadline_seconds=0.3)
    over.set()
    assert answers(seen) == [Answer.TIMEOUT]


# What failures mean


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (socket.gaierror(socket.EAI_NONAME, "x"), Answer.UNRESOLVED),
        (socket.gaierror(socket.EAI_AGAIN, "x"), Answer.UNREACHABLE),
        (OSError(errno.ENETUNREACH, "x"), Answer.UNREACHABLE),
        (OSError(errno.EHOSTUNREACH, "x"), Answer.UNREACHABLE),
        (TimeoutError("x"), Answer.TIMEOUT),
        (ConnectionRefusedError(errno.ECONNREFUSED, "x"), Answer.REFUSED),
        (ConnectionResetError(errno.ECONNRESET, "x"), Answer.WRONG),
        (ValueError("x"), Answer.UNREACHABLE),
        (RuntimeError("canary"), Answer.WRONG),
    ],
)
def test_every_failure_has_its_meaning(error: Exception, answer: Answer) -> None:
    seen = failure(error)
    assert seen.answer is answer
    assert "canary" not in seen.detail


def test_a_kind_that_nobody_knows_proves_nothing() -> None:
    assert answers(look("icmp", "127.0.0.1")) == [Answer.UNREACHABLE]


# Fan-out


class Inline(Executor):
    """Runs in this thread what was pickled, as another process would."""

    def __init__(self, lost: int = -1) -> None:
        self.lost = lost
        self.calls = 0

    def submit(self, fn, /, *args, **kwargs):
        future: Future = Future()
        call = pickle.loads(pickle.dumps((fn, args, kwargs)))
        if self.calls == self.lost:
            future.set_exception(ConnectionError("worker gone"))
        else:
            future.set_result(call[0](*call[1], **call[2]))
        self.calls += 1
        return future


def test_any_executor_runs_the_probes_in_order_and_a_lost_worker_is_seen(serve) -> None:
    port = serve(nothing).port
    endpoints = [
        Endpoint(kind="tcp", address=f"127.0.0.1:{port}"),
        Endpoint(kind="dns", address="dns://localhost"),
        Endpoint(kind="tcp", address=f"127.0.0.1:{port}"),
    ]
    seen = Probes(executor=Inline(lost=1), attempts=1).observe(endpoints)
    assert [each.kind for each in seen] == ["tcp", "dns", "tcp"]
    assert [each.last.answer for each in seen if each.last] == [
        Answer.ANSWERED,
        Answer.UNREACHABLE,
        Answer.ANSWERED,
    ]


def test_own_threads_keep_the_order(serve, closed_port: int) -> None:
    port = serve(nothing).port
    addresses = [f"127.0.0.1:{closed_port}", f"127.0.0.1:{port}"] * 10
    seen = Probes(deadline_seconds=5, attempts=1).observe(
        [Endpoint(kind="tcp", address=address) for address in addresses]
    )
    assert [each.address for each in seen] == addresses
    assert [answers(each)[0] for each in seen] == [Answer.REFUSED, Answer.ANSWERED] * 10


def test_no_endpoint_is_no_observation() -> None:
    assert Probes().observe([]) == ()
