"""Exports: one file that verifies anywhere, read in place."""

import json
import re
import zipfile

import pytest

from azstaging.errors import ConfigurationError, JournalError
from azstaging.journal import Journal, file


@pytest.fixture
def filled(journal, estate, append):
    append(journal, *range(20))
    for name in ("plans/p.json", "baselines/b.json", "evidence/deep/e.bin"):
        (estate / name).parent.mkdir(parents=True, exist_ok=True)
        (estate / name).write_bytes(name.encode() * 100)
    (estate / "plans" / ".writing-x").write_bytes(b"unfinished")
    (estate / "reports").mkdir()
    (estate / "reports" / "r.html").write_text("not in a pack")
    return journal


@pytest.fixture
def pack(filled, tmp_path):
    return filled.export(tmp_path / "out" / "pack.zip")


def entries(path):
    with zipfile.ZipFile(path) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def rebuilt(path, contents, **more):
    with zipfile.ZipFile(path, "w") as opened:
        for name, body in (contents | more).items():
            opened.writestr(name, body)
    return path


def test_a_pack_verifies_and_reads_like_the_journal(filled, pack):
    result = Journal.verify_at(pack, head=filled.head[1])
    assert (result.ok, result.count, result.head) == (True, 21, filled.head[1])
    reader = Journal.read(pack)
    assert reader.records() == filled.records()
    assert (reader.id, reader.head) == (filled.id, filled.head)


def test_a_pack_holds_the_named_folders_and_says_what_they_are(filled, pack):
    contents = entries(pack)
    manifest = json.loads(contents["manifest.json"])
    names = ["journal.jsonl", "baselines/b.json", "evidence/deep/e.bin", "plans/p.json"]
    assert [each["name"] for each in manifest["files"]] == names
    assert sorted(contents) == sorted([*names, "manifest.json"])
    assert contents["plans/p.json"] == b"plans/p.json" * 100
    assert manifest["schema"] == "azstaging/pack/1"
    assert (manifest["journal_id"], manifest["count"]) == (filled.id, 21)


def test_the_same_journal_gives_the_same_pack(filled, pack, tmp_path):
    again = filled.export(tmp_path / "again.zip")
    assert again.read_bytes() == pack.read_bytes()


def test_records_alone_are_one_jsonl_file(filled, tmp_path, segment):
    out = filled.export(tmp_path / "journal.jsonl")
    assert out.read_bytes() == segment.read_bytes()
    assert Journal.verify_at(out).ok
    assert Journal.read(out).records() == filled.records()


def test_all_segments_are_in_a_pack(estate, append, monkeypatch, tmp_path):
    monkeypatch.setattr(file, "SEGMENT_BYTES", 1000)
    with Journal.open(estate) as journal:
        for number in range(9):
            append(journal, number)
        out = journal.export(tmp_path / "pack.zip")
        assert len(list((estate / "journal").iterdir())) > 1
        assert Journal.read(out).records() == journal.records()
        last = Journal.read(max((estate / "journal").iterdir()))
        with pytest.raises(ConfigurationError, match="does not begin with record 0"):
            last.export(tmp_path / "part.zip")
    assert not (tmp_path / "part.zip").exists()


@pytest.mark.usefixtures("filled")
def test_a_torn_line_is_not_exported(estate, segment, tmp_path):
    whole = segment.read_bytes()
    segment.write_bytes(whole + b'{"actor":"')
    out = Journal.read(estate).export(tmp_path / "journal.jsonl")
    assert out.read_bytes() == whole


def test_a_pack_can_be_exported_again(filled, pack, tmp_path):
    out = Journal.read(pack).export(tmp_path / "journal.jsonl")
    assert Journal.read(out).records() == filled.records()


@pytest.mark.usefixtures("filled")
def test_a_broken_journal_is_not_exported(estate, segment, tmp_path):
    segment.write_bytes(segment.read_bytes().replace(b'"number":7', b'"number":8'))
    with pytest.raises(JournalError, match="Record 8 does not verify"):
        Journal.read(estate).export(tmp_path / "pack.zip")
    assert not (tmp_path / "pack.zip").exists()


def test_an_export_that_cannot_be_written_leaves_nothing(filled, tmp_path):
    plain = tmp_path / "file"
    plain.write_text("")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        filled.export(plain / "pack.zip")
    folder = tmp_path / "folder"
    (folder / "pack.zip").mkdir(parents=True)
    with pytest.raises(ConfigurationError, match="cannot be written"):
        filled.export(folder / "pack.zip")
    assert [path.name for path in folder.iterdir()] == ["pack.zip"]


def changed_packs():
    yield "a changed plan", {"plans/p.json": b"x" * 1200}, r"plans/p.json is not what"
    yield "an added file", {"plans/more.json": b"x"}, r"entries are not those"
    yield "no manifest", {"manifest.json": None}, r"manifest"
    yield "no schema", {"manifest.json": b"{}"}, r"manifest cannot be read"
    yield "two keys", {"manifest.json": b'{"a":1,"a":1}'}, r"twice"
    yield "a missing plan", {"plans/p.json": None}, r"entries are not those"


@pytest.mark.parametrize(("_name", "change", "says"), list(changed_packs()))
def test_a_changed_pack_does_not_verify(pack, tmp_path, _name, change, says):
    contents = {k: v for k, v in (entries(pack) | change).items() if v is not None}
    result = Journal.verify_at(rebuilt(tmp_path / "changed.zip", contents))
    assert not result.ok
    assert result.count == 21
    assert re.search(says, result.reason)


def test_a_record_changed_or_cut_inside_a_pack_is_named(pack, tmp_path):
    contents = entries(pack)
    lines = contents["journal.jsonl"].splitlines(keepends=True)
    lines[5] = lines[5].replace(b'"number":4', b'"number":5')
    changed = rebuilt(tmp_path / "changed.zip", contents | {"journal.jsonl": b"".join(lines)})
    assert Journal.verify_at(changed).first_bad_seq == 5
    lines = contents["journal.jsonl"].splitlines(keepends=True)
    cut = rebuilt(tmp_path / "cut.zip", contents | {"journal.jsonl": b"".join(lines[:9])})
    result = Journal.verify_at(cut)
    assert (result.ok, result.count) == (False, 9)
    assert "records" in result.reason


def test_every_damaged_byte_of_a_pack_is_noticed(pack, tmp_path):
    whole = pack.read_bytes()
    ignored = 0
    for position in range(0, len(whole), 7):
        flipped = bytearray(whole)
        flipped[position] ^= 0x10
        damaged = tmp_path / "damaged.zip"
        damaged.write_bytes(flipped)
        result = Journal.verify_at(damaged)
        if result.ok:
            # Times, attributes and versions of the ZIP's own headers carry nothing.
            ignored += 1
            assert Journal.read(damaged).records() == Journal.read(pack).records()
    assert ignored < len(whole) / 7 / 4


def test_names_that_leave_the_pack_are_only_read_never_written(pack, tmp_path):
    contents = entries(pack)
    evil = rebuilt(tmp_path / "evil.zip", contents)
    with zipfile.ZipFile(evil, "a") as opened:
        opened.writestr("../escaped", b"x")
    before = sorted(path.name for path in tmp_path.iterdir())
    assert not Journal.verify_at(evil).ok
    assert Journal.read(evil).records()
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert not (tmp_path.parent / "escaped").exists()
