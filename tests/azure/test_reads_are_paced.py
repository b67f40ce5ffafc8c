"""Reads keep to ARM's published rates, survive its refusals, and stop at the deadline."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from azstaging.azure import connect
from azstaging.azure.calls import Call, CallKind
from azstaging.azure.clouds import choose_cloud
from azstaging.azure.credentials import StaticCredential
from azstaging.azure.failures import retry_after_seconds
from azstaging.azure.throttle import Rates, Throttle, TimeBudget, TokenBucket
from azstaging.errors import (
    DeadlineReachedError,
    ServiceError,
    ThrottledError,
    UnreachableError,
)

VAULT = "/subscriptions/s1/resourceGroups/g/providers/Microsoft.RecoveryServices/vaults/v1"
LIST = {"value": []}


def refuse(status: int, retry_after: str | None = None) -> Any:
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    return status, {"error": {"code": "No", "message": "no"}}, headers


def get(session: Any, path: str = "/subscriptions") -> Any:
    return session.get_json(path, "2022-12-01")


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_read_is_tried_again(arm: Any, session: Any, status: int) -> None:
    arm.says(refuse(status), refuse(status), LIST)
    assert get(session) == LIST
    assert len(arm.requests) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 412, 501])
def test_a_refusal_that_does_not_pass_is_not_tried_again(
    arm: Any, session: Any, fake_time: Any, status: int
) -> None:
    arm.says(refuse(status, "1"))
    with pytest.raises(Exception, match=str(status)):
        get(session)
    assert len(arm.requests) == 1
    assert fake_time.sleeps == []


def test_a_read_is_tried_four_times(arm: Any, session: Any, fake_time: Any) -> None:
    arm.says(refuse(503))
    with pytest.raises(ServiceError) as caught:
        get(session)
    assert caught.value.status == 503
    assert len(arm.requests) == 4
    assert fake_time.sleeps == pytest.approx([0.6, 1.2, 2.4])


def test_a_dropped_read_is_tried_again(arm: Any, session: Any, reply: Any) -> None:
    arm.says(reply(drop=True), LIST)
    assert get(session) == LIST


def test_nobody_listens(open_session: Any, closed_port: int) -> None:
    session = open_session(cloud=choose_cloud(arm_endpoint=f"http://127.0.0.1:{closed_port}"))
    with pytest.raises(UnreachableError, match="no connection could be made"):
        get(session)


def test_more_than_three_429s_are_paced_not_given_up(
    arm: Any, session: Any, fake_time: Any
) -> None:
    arm.says(*[refuse(429, "5")] * 6, LIST)
    assert get(session) == LIST
    assert fake_time.sleeps == pytest.approx([5.0] * 6, abs=0.1)
    assert session.counts == {"read": 7, "repeated": 6, "throttled": 6}


def test_a_service_that_keeps_answering_429_is_given_up(arm: Any, session: Any) -> None:
    arm.says(refuse(429, "1"))
    with pytest.raises(ThrottledError) as caught:
        get(session)
    assert caught.value.retry_after_seconds == 1.0
    assert len(arm.requests) == 8


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("wait", ["3600", "121", "Fri, 01 Jan 2099 00:00:00 GMT"])
def test_a_wait_above_the_cap_is_told_and_not_slept(
    arm: Any, session: Any, fake_time: Any, status: int, wait: str
) -> None:
    arm.says(refuse(status, wait))
    with pytest.raises(ThrottledError) as caught:
        get(session)
    assert caught.value.retry_after_seconds > 120
    assert caught.value.status == status
    assert fake_time.sleeps == []
    assert len(arm.requests) == 1


def test_after_a_long_wait_was_asked_for_nothing_more_is_sent(
    arm: Any, session: Any, fake_time: Any
) -> None:
    arm.says(refuse(429, "3600"))
    for _ in range(3):
        with pytest.raises(ThrottledError):
            get(session, "/subscriptions/s1/resources")
    assert len(arm.requests) == 1
    assert fake_time.sleeps == []


@pytest.mark.parametrize("wait", ["garbage", "-5", "nan", "inf", "-inf", "", "1e999", "5 minutes"])
def test_a_wait_that_makes_no_sense_is_survived(
    arm: Any, session: Any, fake_time: Any, wait: str
) -> None:
    arm.says(refuse(503, wait), LIST)
    assert get(session) == LIST
    assert fake_time.sleeps == pytest.approx([0.6])


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "17"}, 17.0),
        ({"retry-after": "0.5"}, 0.5),
        ({}, None),
        (
            {
                "retry-after": "Mon, 23 Nov 2026 10:00:30 GMT",
                "date": "Mon, 23 Nov 2026 10:00:00 GMT",
            },
            30.0,
        ),
        (
            {
                "retry-after": "Mon, 23 Nov 2026 09:00:00 GMT",
                "date": "Mon, 23 Nov 2026 10:00:00 GMT",
            },
            None,
        ),
        ({"retry-after": "Mon, 23 Nov 2026 10:00:30 GMT"}, None),
        ({"retry-after": "Mon, 99 Nov 2026 10:00:30 GMT", "date": "x"}, None),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_seconds(headers) == seconds


def test_an_hour_of_a_wrong_local_clock_does_not_lengthen_a_wait(arm: Any, session: Any) -> None:
    """The date is compared with the server's own; the local clock has no say in it."""
    now = datetime.now(timezone.utc)
    soon = (now + timedelta(seconds=3)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    arm.says(refuse(503, soon), LIST)
    assert get(session) == LIST


def call(path: str = "/subscriptions/s1/x", kind: CallKind = CallKind.READ) -> Call:
    return Call(kind=kind, method="GET", path=path, client_request_id="1")


def throttle_of(fake_time: Any, **rates: float) -> Throttle:
    budget = TimeBudget(monotonic=fake_time.monotonic, sleep=fake_time.sleep)
    return Throttle(rates=Rates(**rates), max_in_flight=4, budget=budget)


def take(throttle: Throttle, one: Call, times: int) -> None:
    for _ in range(times):
        with throttle.slot(one):
            pass


def test_the_burst_is_free_and_then_the_rate_holds(fake_time: Any) -> None:
    throttle = throttle_of(fake_time)
    take(throttle, call(), 240)
    assert fake_time.sleeps == []
    take(throttle, call(), 45)
    assert fake_time.now - 1000.0 == pytest.approx(45 / 24)


def test_subscriptions_and_kinds_have_buckets_of_their_own(fake_time: Any) -> None:
    throttle = throttle_of(fake_time)
    take(throttle, call(), 240)
    take(throttle, call("/subscriptions/s2/x"), 240)
    take(throttle, call(kind=CallKind.DELETE), 180)
    take(throttle, call(kind=CallKind.WRITE), 180)
    assert fake_time.sleeps == []
    take(throttle, call("/SUBSCRIPTIONS/S1/y", CallKind.DELETE), 9)
    assert fake_time.now - 1000.0 == pytest.approx(1.0)


def test_a_vault_is_read_slowly(fake_time: Any) -> None:
    throttle = throttle_of(fake_time)
    take(throttle, call(f"{VAULT}/replicationProtectedItems"), 16)
    assert fake_time.sleeps == []
    take(throttle, call(f"{VAULT.upper()}/replicationJobs"), 8)
    assert fake_time.now - 1000.0 == pytest.approx(1.0)
    take(throttle, call(VAULT.replace("v1", "v2") + "/x"), 16)
    assert fake_time.now - 1000.0 == pytest.approx(1.0)


def test_the_limit_per_vault_can_be_switched_off(fake_time: Any) -> None:
    take(throttle_of(fake_time, vault_reads_per_second=0), call(f"{VAULT}/x"), 200)
    assert fake_time.sleeps == []


def test_a_429_drains_the_bucket_for_everybody(fake_time: Any) -> None:
    throttle = throttle_of(fake_time)
    throttle.drain(call(), 10.0)
    take(throttle, call(), 1)
    assert fake_time.now - 1000.0 == pytest.approx(10.0, abs=0.1)
    take(throttle, call("/subscriptions/other/x"), 1)
    assert len(fake_time.sleeps) == 1


def test_a_drained_bucket_is_not_refilled_while_it_is_blocked() -> None:
    bucket = TokenBucket(burst=100, per_second=10, now=0.0)
    bucket.drain(0.0, 20.0)
    assert bucket.reserve(10.0) == pytest.approx(10.1)
    assert bucket.reserve(20.0) == pytest.approx(0.2)


def test_requests_in_flight_are_capped(arm: Any, open_session: Any) -> None:
    """Four at a time: the server answers only when four are there, and never sees a fifth."""
    together = threading.Barrier(4)
    lock = threading.Lock()
    state = {"now": 0, "most": 0}

    def answer(_seen: Any) -> Any:
        with lock:
            state["now"] += 1
            state["most"] = max(state["most"], state["now"])
        together.wait(timeout=20)
        with lock:
            state["now"] -= 1
        together.wait(timeout=20)
        return LIST

    arm.answer = answer
    session = open_session(max_in_flight=4)
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _n: get(session), range(16)))
    assert results == [LIST] * 16
    assert state["most"] == 4
    assert session.counts == {"read": 16}


def test_connections_are_reused(arm: Any, session: Any) -> None:
    arm.says(LIST)
    for _ in range(5):
        get(session)
    pools = session._transport.session.get_adapter("http://").poolmanager.pools
    (pool,) = (pools[key] for key in pools.keys())  # noqa: SIM118  # no mapping
    assert pool.num_connections == 1


def test_no_read_begins_after_the_deadline(arm: Any, open_session: Any, fake_time: Any) -> None:
    arm.says(LIST)
    session = open_session(deadline=fake_time.now + 10)
    assert get(session) == LIST
    fake_time.now += 10
    with pytest.raises(DeadlineReachedError, match=r"the time budget is used up\. Nothing was ch"):
        get(session)
    assert len(arm.requests) == 1


@pytest.mark.parametrize(
    ("left", "needed", "said"),
    [
        (30.0, 60.0, "30.0 s are left of the time budget, and it may need 60.0 s"),
        (0.4, 0.8, "0.4 s are left of the time budget, and it may need 0.8 s"),
        (0.04, 30.0, "the time budget is used up"),
        (0.0, 0.0, "the time budget is used up"),
    ],
)
def test_what_is_left_is_said_in_figures_that_mean_something(
    left: float, needed: float, said: str
) -> None:
    budget = TimeBudget(monotonic=lambda: 0.0, sleep=lambda _: None, deadline=left)
    with pytest.raises(DeadlineReachedError) as caught:
        budget.require(needed, "GET /x")
    assert str(caught.value) == f"GET /x was not sent: {said}. Nothing was changed."


def test_no_wait_goes_past_the_deadline(arm: Any, open_session: Any, fake_time: Any) -> None:
    arm.says(refuse(429, "60"))
    session = open_session(deadline=fake_time.now + 30)
    with pytest.raises(DeadlineReachedError):
        get(session)
    assert fake_time.sleeps == []


def test_a_deadline_of_the_wall_clock_is_understood(arm: Any, fake_time: Any) -> None:
    now = datetime(2026, 11, 23, 10, 0, tzinfo=timezone.utc)
    arm.says(LIST)
    with connect(
        choose_cloud(arm_endpoint=arm.url),
        StaticCredential("t"),
        deadline=now + timedelta(minutes=5),
        clock=lambda: now,
        monotonic=fake_time.monotonic,
        sleep=fake_time.sleep,
    ) as azure:
        assert azure.session.deadline == fake_time.now + 300
        assert azure.list_subscriptions() == []
