"""``azstaging report --from``: the bytes of the day it was made, from the journal alone."""

import gzip
import subprocess

import pytest


@pytest.fixture
def reported(world):
    world.collect_evidence()
    assert world("report", "--out", "first").code == 0
    return world


def files(world, folder):
    return {path.name: path.read_bytes() for path in (world.folder / folder).iterdir()}


def kept(world):
    return next((world.folder / "estate" / "evidence").glob("report-*.json.gz"))


def test_a_report_is_written_again_without_azure_to_the_byte(reported):
    offline = {"AZSTAGING_ARM_ENDPOINT": "http://127.0.0.1:9", "AZSTAGING_TOKEN": ""}
    done = reported("report", "--out", "again", "--from", "estate", **offline)
    assert done.code == 0, done.stderr
    assert files(reported, "again") == files(reported, "first")
    number = len(files(reported, "first")) - 1
    assert f"{number} of {number} files have the bytes that record" in done.stderr


def test_an_earlier_report_is_chosen_by_the_record_that_it_names(reported):
    first = reported("report", "--out", "again", "--from", "estate", "-o", "json").document
    assert reported("report", "--out", "second").code == 0
    second = reported("report", "--out", "again", "--from", "estate", "-o", "json").document
    assert second["seq"] > first["seq"]
    assert files(reported, "again") == files(reported, "second")
    for at in (first["seq"], first["record"], second["seq"] - 1):
        assert reported("report", "--out", "again", "--from", "estate", "--at", at).code == 0
        assert files(reported, "again") == files(reported, "first")


@pytest.mark.parametrize("choice", [("--view", "manager"), ("--format", "csv"), ("--mask",)])
def test_another_choice_is_made_from_the_same_evidence(reported, choice):
    done = reported("report", "--out", "again", "--from", "estate", *choice)
    assert done.code == 0, done.stderr
    first, again = files(reported, "first"), files(reported, "again")
    assert again.keys() <= first.keys()
    if choice == ("--mask",):
        assert "Not the same" in done.stderr
        assert b"/subscriptions/" not in again["report.json"].lower()
    else:
        assert again.pop("SHA256SUMS") != first["SHA256SUMS"]
        assert all(first[name] == data for name, data in again.items())


def test_a_pack_and_a_segment_hold_enough(reported):
    assert reported("journal", "export", "estate", "--out", "pack.zip").code == 0
    segment = next((reported.folder / "estate" / "journal").glob("*.jsonl"))
    for place in ("pack.zip", segment, "estate/journal"):
        done = reported("report", "--out", "again", "--from", place)
        assert done.code == 0, done.stderr
        assert files(reported, "again") == files(reported, "first")


def test_a_changed_document_is_refused_and_nothing_is_written(reported):
    path = kept(reported)
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()).replace(b"held", b"open")))
    done = reported("report", "--out", "again", "--from", "estate")
    assert done.code == 1
    assert "is not what its journal names" in done.stderr
    path.unlink()
    done = reported("report", "--out", "again", "--from", "estate")
    assert done.code == 3
    assert "which its journal names" in done.stderr
    assert not (reported.folder / "again").exists()


def test_what_cannot_be_written_again_is_said(world):
    assert world("inventory").code == 0
    done = world("report", "--out", "again", "--from", "estate")
    assert (done.code, "No report is recorded." in done.stderr) == (2, True)
    assert world("report", "--out", "first").code == 0
    done = world("report", "--out", "again", "--from", "estate", "--at", "0")
    assert (done.code, "No report is recorded up to record 0." in done.stderr) == (2, True)
    done = world("report", "--out", "again", "--at", "1")
    assert (done.code, "--at needs --from." in done.stderr) == (2, True)
    done = world("report", "--out", "again", "--from", "estate", "--item", "x")
    assert (done.code, "takes no selection" in done.stderr) == (2, True)


def test_the_manifest_proves_every_file_without_our_code(reported):
    folder = reported.folder / "first"
    check = ["sha256sum", "-c", "--strict", "SHA256SUMS"]
    done = subprocess.run(check, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(": OK") == len(files(reported, "first")) - 1
    (folder / "report.json").write_bytes(b"{}")
    assert subprocess.run(check, cwd=folder, capture_output=True, check=False).returncode == 1
