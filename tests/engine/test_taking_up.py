"""An interrupted inventory is taken up again: only what is missing is read."""

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from azstaging.engine.resuming import Resuming
from azstaging.errors import AccessDeniedError, ConfigurationError, DeadlineReachedError
from azstaging.kept_reads import KEPT_FOR, KeptReads
from azstaging.model.bodies import Body

NOW = datetime(2026, 11, 26, 16, 0, tzinfo=timezone.utc)


def kept(path: Path, now: datetime = NOW, source: str = "here") -> KeptReads:
    return KeptReads(path, source=source, now=now)


def test_only_what_failed_is_read_again(shapes: Any, read: Any, tmp_path: Path) -> None:
    azure = shapes.migrated("a", "b")
    refused = shapes.migration_item("b", shapes.vault())["id"].casefold()
    azure.refuse[("get_item", refused)] = DeadlineReachedError("time is up")
    file = tmp_path / "reads.jsonl"
    with kept(file) as store, pytest.raises(DeadlineReachedError):
        read(Resuming(azure, store))
    azure.refuse = {("get_item", refused): AccessDeniedError("no", permission="p")}
    with kept(file) as store:
        partial = read(Resuming(azure, store))
    assert partial.read == 2
    assert [gap.reason for gap in partial.gaps] == ["forbidden"]
    azure.refuse = {}
    azure.calls.clear()
    with kept(file, NOW + timedelta(minutes=5)) as store:
        assert store.started == NOW
        whole = read(Resuming(azure, store))
    machine = ("get_virtual_machine", shapes.vm_id("b").casefold())
    assert azure.calls == [("get_item", refused), machine]
    assert whole.complete
    assert whole.items == read(azure).items


def test_lists_alone_are_taken_up_with_what_their_rows_let_go(
    shapes: Any, read: Any, tmp_path: Path
) -> None:
    azure = shapes.migrated("a", "b")
    vault = shapes.vault().key
    fresh = read(azure, lists_only=True)
    bytes_of = [Body(json.dumps(row).encode()) for row in azure.migration[vault]]
    azure.migration[vault] = bytes_of
    azure.refuse = {("list_protected_items", vault): AccessDeniedError("no", permission="p")}
    file = tmp_path / "reads.jsonl"
    with kept(file) as store:
        assert not read(Resuming(azure, store), lists_only=True).complete
    assert [dict(row) for row in bytes_of] == [{}, {}]
    azure.refuse = {}
    azure.calls.clear()
    with kept(file) as store:
        whole = read(Resuming(azure, store), lists_only=True)
    assert azure.calls == [("list_protected_items", vault)]
    assert whole.complete
    assert whole.items == fresh.items


def test_a_torn_last_line_is_dropped(tmp_path: Path) -> None:
    file = tmp_path / "reads.jsonl"
    with kept(file) as store:
        store.put("a", [1])
        store.put("b", {"ä": [None, True]})
    whole = file.read_bytes()
    for cut in range(len(whole.rsplit(b"\n", 2)[0]) + 2, len(whole)):
        file.write_bytes(whole[:cut])
        with kept(file) as store:
            assert (store.get("a"), store.get("b"), len(store)) == ([1], None, 1)
            store.put("c", 3)
        with kept(file) as store:
            assert (store.get("a"), store.get("c")) == ([1], 3)


def test_a_file_that_was_cut_off_when_it_was_begun_is_begun_anew(tmp_path: Path) -> None:
    file = tmp_path / "reads.jsonl"
    with kept(file):
        whole = file.read_bytes()
    for cut in range(len(b'{"schema": "azstaging/reads/1"'), len(whole)):
        file.write_bytes(whole[:cut])
        with kept(file) as store:
            store.put("a", 1)
        with kept(file) as store:
            assert store.get("a") == 1


def test_what_is_dated_in_the_future_is_read_afresh(tmp_path: Path) -> None:
    file = tmp_path / "reads.jsonl"
    with kept(file, NOW + timedelta(seconds=1)) as store:
        store.put("a", 1)
    with kept(file) as store:
        assert (store.get("a"), store.started) == (None, NOW)


@pytest.mark.parametrize(
    "damaged",
    [b"garbage", b"", b'{"key": "b"}', b'{"answer": []}', b"[]", b'{"key": "b", "answer": "\xff"}'],
)
def test_a_damaged_file_is_refused_and_left_as_it_is(tmp_path: Path, damaged: bytes) -> None:
    file = tmp_path / "reads.jsonl"
    with kept(file) as store:
        store.put("a", [1])
    file.write_bytes(file.read_bytes() + damaged + b'\n{"key": "c", "answer": 3}\n{"key": "torn')
    before = file.read_bytes()
    with pytest.raises(ConfigurationError, match=r"reads\.jsonl is damaged: line 3 ") as refused:
        kept(file)
    assert "Delete it, or name another file" in refused.value.advice()
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        *(("list_vaults", each) for each in ("5", "null", '["x"]', "[{}, 5]", "{}", '"x"')),
        *(("get_item", each) for each in ("5", "null", '["x"]', "[{}]", '"x"', "true")),
    ],
)
def test_an_answer_of_another_kind_than_was_asked_for_is_damage(
    tmp_path: Path, method: str, answer: str
) -> None:
    file = tmp_path / "reads.jsonl"
    with kept(file) as store:
        store.put("list_vaults s", [{"id": "/a"}])
        store.put("get_item /a", {"id": 5})
    line = f'{{"key": "{method} x", "answer": {answer}}}\n'
    file.write_bytes(file.read_bytes() + line.encode())
    before = file.read_bytes()
    with pytest.raises(ConfigurationError, match=r"reads\.jsonl is damaged: line 4 "):
        kept(file)
    assert file.read_bytes() == before


def test_what_was_forgotten_stays_forgotten_until_it_is_answered_again(
    tmp_path: Path,
) -> None:
    file = tmp_path / "reads.jsonl"
    with kept(file) as store:
        store.put("a", 1)
        store.put("b", 2)
        store.forget("a")
        assert (store.get("a"), store.keys()) == (None, ("b",))
    whole = file.read_bytes()
    with kept(file) as store:
        assert (store.get("a"), store.get("b"), store.keys()) == (None, 2, ("b",))
        store.put("a", 3)
    with kept(file) as store:
        assert store.get("a") == 3
    # Cut off while it forgets: the answer is there still, and forgotten with its gap next time.
    file.write_bytes(whole[:-1])
    with kept(file) as store:
        assert store.keys() == ("a", "b")


def test_what_is_old_is_read_afresh(tmp_path: Path) -> None:
    file = tmp_path / "reads.jsonl"
    with kept(file) as store:
        store.put("a", 1)
    with kept(file, NOW + KEPT_FOR - timedelta(seconds=1)) as store:
        assert store.get("a") == 1
    later = NOW + KEPT_FOR
    with kept(file, later) as store:
        assert (store.get("a"), store.started) == (None, later)


def test_a_file_of_something_else_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("do not touch\nplease\n")
    with pytest.raises(ConfigurationError, match="no file of reads"):
        kept(file)
    assert file.read_text() == "do not touch\nplease\n"
    with kept(tmp_path / "reads.jsonl") as store:
        store.put("a", 1)
    with pytest.raises(ConfigurationError, match="another cloud, scope or identity"):
        kept(tmp_path / "reads.jsonl", source="elsewhere")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        kept(tmp_path)


@pytest.mark.parametrize(
    "foreign",
    [
        b'{"schema":"azstaging/plan/1","x":1}',
        b'{"schema": "azstaging/reads/10", "source": "here", "started": "2026-11-26T16:00:00Z"}',
        b'{"schema": "azst',
        b"hello",
        b"\xff\x00" * 40_000,
        b"\xff\n",
        b"\n",
    ],
)
def test_a_file_of_something_else_in_one_line_is_left_alone(tmp_path: Path, foreign: bytes) -> None:
    file = tmp_path / "plan.json"
    file.write_bytes(foreign)
    with pytest.raises(ConfigurationError, match="no file of reads; nothing was written"):
        kept(file)
    assert file.read_bytes() == foreign
