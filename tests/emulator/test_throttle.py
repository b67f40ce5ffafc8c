"""The rate limit is a token bucket per identity, subscription and kind of request."""

from collections.abc import Callable
from typing import Any

from azstaging.emulator import Rate, Throttle

Client = Any


def test_the_published_figures() -> None:
    limit = Throttle()
    assert (limit.rate("reads").burst, limit.rate("reads").per_second) == (250, 25)
    for kind in ("writes", "deletes"):
        assert (limit.rate(kind).burst, limit.rate(kind).per_second) == (200, 10)


def test_a_burst_then_429_then_the_refill(run: Callable[..., Client], clock: Any) -> None:
    azure = run(throttle=Throttle(reads=Rate(burst=3, per_second=0.5)))
    path = f"/subscriptions/{azure.emulator.estate.subscriptions[0].id}/resources"
    answers = [azure.get(path) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    left = "x-ms-ratelimit-remaining-subscription-reads"
    assert [answer.headers[left] for answer in answers] == ["2", "1", "0", "0"]
    assert answers[-1].headers["Retry-After"] == "2"
    clock.pass_seconds(1)
    assert azure.get(path).status_code == 429
    clock.pass_seconds(1)
    assert [azure.get(path).status_code for _ in range(2)] == [200, 429]
    clock.pass_seconds(3600)
    assert [azure.get(path).status_code for _ in range(4)] == [200, 200, 200, 429]


def test_buckets_do_not_touch_each_other(run: Callable[..., Client]) -> None:
    one = Rate(burst=1, per_second=0.1)
    azure = run(throttle=Throttle(reads=one, deletes=one, writes=one))
    first, second = (f"/subscriptions/{s.id}" for s in azure.emulator.estate.subscriptions[:2])
    assert [azure.get(p).status_code for p in (first, first, second)] == [200, 429, 200]
    assert azure.stop("pay-web-01").status_code == 202
    assert azure.stop("pay-app-01").status_code == 429
    assert azure.stop("print-01").status_code == 202
    assert len(azure.emulator.state.stops) == 2
    token = azure.emulator.token("reader")
    azure.session.headers["Authorization"] = f"Bearer {token}"
    assert azure.get(first).status_code == 200


def test_nothing_is_enforced_unless_asked(azure: Client) -> None:
    assert {azure.get("/subscriptions").status_code for _ in range(260)} == {200}
