"""Canonical JSON and the way of frozen values there and back."""

import json
import string
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from azstaging.model.decisions import Waiver
from azstaging.model.findings import Finding, Outcome, Subject
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Gap, Inventory, InventoryItem, Phase
from azstaging.model.items import (
    Collection,
    Cutover,
    Facts,
    ItemDisk,
    ReplicatedItem,
    Replication,
    TargetSettings,
    TestMachine,
)
from azstaging.model.machines import TargetDisk
from azstaging.model.plans import (
    Approval,
    Plan,
    PlanItem,
    PlannedRequest,
    Principal,
    Receipt,
    ReceiptState,
)
from azstaging.rules.canonical import (
    canonical,
    digest,
    from_plain,
    parse_canonical,
    read_canonical,
    time_from,
    time_text,
    to_plain,
)

text = st.text(max_size=20)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=20,
)
times = st.datetimes(timezones=st.just(timezone.utc))
ids = st.lists(
    st.text(string.ascii_letters + string.digits + "-äß", min_size=1, max_size=12),
    min_size=1,
    max_size=5,
).map(lambda segments: ResourceId("/" + "/".join(segments)))
principals = st.builds(Principal, tid=text, oid=text, name=text)
requests = st.builds(
    PlannedRequest,
    method=text,
    url=text,
    body=st.none() | st.dictionaries(text, plain, max_size=3),
)
plan_items = st.builds(
    PlanItem,
    id=text,
    name=text,
    provider=text,
    generation=text,
    vault_id=text,
    workloads=st.lists(text, max_size=3).map(tuple),
    fingerprint=st.dictionaries(text, text, max_size=3),
    request=requests,
    evidence=st.lists(st.integers(min_value=0), max_size=3).map(tuple),
)
values = st.one_of(
    st.builds(
        Finding,
        check=text,
        subject=st.builds(Subject, id=text, generation=text, target=text),
        outcome=st.sampled_from(Outcome),
        detail=text,
        at=times,
        lifetime_seconds=st.integers(min_value=0),
        next_step=text,
        run=text,
        seq=st.none() | st.integers(min_value=0),
    ),
    st.builds(
        Plan,
        schema=text,
        journal_id=text,
        wave=text,
        created=times,
        expires=times,
        planner=principals,
        workloads=st.lists(text, max_size=3).map(tuple),
        items=st.lists(plan_items, max_size=3).map(tuple),
        policy_digest=text,
        content=text,
        digest=text,
    ),
    st.builds(
        Approval, plan_digest=text, approver=principals, comment=text, at=times, expires=times
    ),
    st.builds(
        Receipt,
        item_id=text,
        name=text,
        generation=text,
        plan_digest=text,
        state=st.sampled_from(ReceiptState),
        at=times,
        reason=text,
        job_id=text,
        witnesses=st.lists(text, max_size=3).map(tuple),
    ),
    st.builds(
        Waiver,
        check=text,
        subject=text,
        reason=text,
        category=text,
        approver=text,
        ticket=text,
        created=times,
        expires=times,
    ),
    st.builds(
        Inventory,
        read_at=times,
        items=st.lists(
            st.builds(
                InventoryItem,
                item=st.builds(
                    ReplicatedItem,
                    id=ids,
                    name=text,
                    provider=text,
                    collection=st.sampled_from(Collection),
                    vault_id=ids,
                    generation=st.none() | text,
                    raw=st.dictionaries(text, plain, max_size=3),
                    settings=st.builds(
                        TargetSettings, tags=st.none() | st.dictionaries(text, text, max_size=2)
                    ),
                    disks=st.lists(st.builds(ItemDisk, source_id=text), max_size=2).map(tuple),
                    target_id=st.none() | ids,
                ),
                facts=st.builds(
                    Facts,
                    cutover=st.none() | st.sampled_from(Cutover),
                    replication=st.none() | st.sampled_from(Replication),
                    test=st.none() | st.sampled_from(TestMachine),
                    reversed=st.none() | st.booleans(),
                    stop_allowed=st.booleans(),
                    cleanup_allowed=st.booleans(),
                    idle=st.none() | st.booleans(),
                ),
                phase=st.sampled_from(Phase),
            ),
            max_size=2,
        ).map(tuple),
        gaps=st.lists(st.builds(Gap, scope=ids, reason=text, detail=text), max_size=2).map(tuple),
        expected=st.none() | st.integers(min_value=0),
        wave=text,
        vaults=st.lists(ids, max_size=2).map(tuple),
        unresolved=st.lists(st.tuples(text, text), max_size=2).map(tuple),
    ),
)


@given(plain)
def test_canonical_json_reads_back_and_is_ascii(value):
    data = canonical(value)
    assert data.isascii()
    assert read_canonical(data) == value
    assert parse_canonical(data) == value
    assert json.loads(data) == value
    assert data.decode() == json.dumps(value, sort_keys=True, separators=(",", ":"))


@pytest.mark.parametrize(
    "value",
    [
        *(chr(code) for code in range(0x100)),
        *("\u2028", "\ud800", "\udfff", "\U0001f600", "\ufffe"),
        *(2**63 - 1, 2**63, 2**64, -(2**63), -(2**63) - 1, 10**30),
    ],
)
def test_every_way_of_encoding_gives_the_documented_bytes(value):
    for shape in (value, [value], {str(value): value, "a": 1, "\xff": 2, "\x00": 3}):
        data = canonical(shape)
        assert data.decode() == json.dumps(shape, sort_keys=True, separators=(",", ":"))
        assert read_canonical(data) == shape


@given(st.dictionaries(text, plain, max_size=5))
def test_the_order_of_keys_does_not_matter(value):
    turned = dict(reversed(value.items()))
    assert canonical(turned) == canonical(value)
    assert digest(turned) == digest(value)


def test_a_digest_is_the_sha256_of_known_bytes():
    assert canonical({"b": [1, None, True], "a": "é"}) == rb'{"a":"\u00e9","b":[1,null,true]}'
    assert digest({}) == "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


@pytest.mark.parametrize(
    "value",
    [
        1.5,
        {"a": [0.0]},
        float("nan"),
        {1: "a"},
        {"a": {None: 1}},
        datetime(2026, 1, 1, tzinfo=timezone.utc),
        {1, 2},
    ],
)
def test_what_has_no_canonical_form_is_refused(value):
    with pytest.raises(TypeError):
        canonical(value)


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":1}',
        b'{"a":1,"a":2}',
        b'{"x":{"a":1,"b":2,"a":3}}',
        b"1.0",
        b"[1e3]",
        b"[NaN]",
        b"[-Infinity]",
        b"{",
        b"",
        '["é"]'.encode(),
        b"[" * 100_000,
    ],
)
def test_ambiguous_or_foreign_json_is_refused(data):
    with pytest.raises(ValueError):  # noqa: PT011 - whatever it says, it is refused
        parse_canonical(data)
    with pytest.raises(ValueError):  # noqa: PT011
        read_canonical(data)


@pytest.mark.parametrize(
    "data", [b'{"b":1,"a":2}', b"[1, 2]", b"[1]\n", rb'["\u0041"]', b"[-0]", rb'["\/"]', b"[01]"]
)
def test_the_same_value_in_other_bytes_is_not_canonical(data):
    with pytest.raises(ValueError):  # noqa: PT011
        read_canonical(data)


@settings(max_examples=300)
@given(values)
def test_frozen_values_come_back_as_they_were(value):
    data = parse_canonical(canonical(to_plain(value)))
    assert from_plain(type(value), data) == value


@given(times)
def test_times_keep_every_microsecond(value):
    assert time_from(time_text(value)) == value


def test_times_are_written_in_utc_with_milliseconds():
    there = timezone(timedelta(hours=2))
    assert time_text(datetime(2026, 1, 31, 10, tzinfo=there)) == "2026-01-31T08:00:00.000Z"
    assert time_text(datetime(2026, 1, 1, 0, 0, 0, 7, timezone.utc)).endswith("00.000007Z")
    with pytest.raises(ValueError, match="zone"):
        time_text(datetime(2026, 1, 31, tzinfo=timezone.utc).replace(tzinfo=None))


@pytest.mark.parametrize(
    "value", ["2026-01-31", "2026-01-31T08:00:00.000", "2026-01-31T08:00:00+00:00", "", None, 5]
)
def test_other_times_are_refused(value):
    with pytest.raises(ValueError, match="is not a time"):
        time_from(value)


APPROVAL = {
    "plan_digest": "sha256:0",
    "approver": {"tid": "t", "oid": "o", "name": ""},
    "comment": "c",
    "at": "2026-01-31T08:00:00.000Z",
    "expires": "2026-01-31T09:00:00.000Z",
}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"force": True}, "no field 'force'"),
        ({"comment": None}, "comment: None is not text"),
        ({"comment": 1}, "comment: 1 is not text"),
        ({"approver": {"tid": "t"}}, "approver: 'oid' of a Principal is missing"),
        ({"approver": ["t", "o"]}, "approver: .* is not a Principal"),
        ({"at": "yesterday"}, "at: 'yesterday' is not a time"),
    ],
)
def test_reading_is_strict_and_names_the_field(change, says):
    from_plain(Approval, APPROVAL)
    with pytest.raises(ValueError, match=says):
        from_plain(Approval, APPROVAL | change)


def test_true_is_not_a_number_and_an_unknown_state_is_refused():
    with pytest.raises(ValueError, match="whole number"):
        from_plain(Subject | int, True)
    with pytest.raises(ValueError, match="is not a valid Outcome"):
        from_plain(Outcome, "fine")
    with pytest.raises(ValueError, match="is not an ARM resource id"):
        from_plain(ResourceId, "relative")


def test_what_is_read_of_many_machines_holds_each_word_once() -> None:
    text = '{"id": "/subscriptions/s/x", "name": "n", "is_os": false, "sku": "Premium_LRS"}'
    one, other = (from_plain(TargetDisk, json.loads(text)) for _ in range(2))
    assert one == other
    assert one.sku is other.sku
    assert one.id is other.id
