"""What goes wrong gives one clear line, advice, the documented code, and nothing half-written."""

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from azstaging.emulator.faults import Fault

# Nobody listens there: what fails before Azure is asked, fails the same with it.
NOWHERE = {"AZSTAGING_ARM_ENDPOINT": "http://127.0.0.1:9"}
TEMPORARY = ".writing-"


def assert_complaint(done: Any, code: int, *words: str) -> None:
    """Check exit code, the one line of what happened, and at least one line of advice."""
    assert done.code == code, done.stderr
    assert "Traceback" not in done.stderr
    first, *advice = done.complaint
    assert all(word in first for word in words), first
    assert advice
    assert all(line.startswith("  ") for line in advice)


# The configuration.

CONFIGURATIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "unknown key, nearest named": ("[wave]\nexpeted = 3", ("'wave.expeted'", "'expected'")),
    "unknown table, nearest named": ("[prbes]\nrun_command = true", ("'prbes'", "'probes'")),
    "unknown key of a workload": (
        '[[workload]]\nname = "A"\nownr = "b"',
        ("workload[0].ownr", "'owner'"),
    ),
    "secret-looking key": ('[boards]\npersonal_access_token = "x"', ("Secrets do not belong",)),
    "malformed": ("[wave\nname = 1", ("is not TOML",)),
    "not text": ("\udcff", ("is not UTF-8",)),
    "nested arrays": ("a = " + "[" * 5000, ("nested too deep",)),
    "nested tables": ("a = " + "{b = " * 500, ("nested too deep",)),
    "nested keys": ("a" + ".b" * 5000 + " = 1", ("too many parts",)),
    "too large": ("# " + "x" * 16_000_000, ("is larger than",)),
    "a number for a text": ("[wave]\nname = 5", ("wave.name must be a text",)),
    "a text for a table": ('wave = "x"', ("wave must be a table",)),
    "a table for an array": ('[workload]\nname = "x"', ("array of tables",)),
    "a text for a number": ('[gate]\napprovals = "none"', ("gate.approvals must be",)),
    "a boolean for a number": ("[gate]\napprovals = true", ("gate.approvals must be",)),
    "no approvals": ("[gate]\napprovals = 0", ("gate.approvals must be from 1",)),
    "a day for a time": ("[wave]\nrelease_after = 2026-01-01", ("wave.release_after",)),
    "a time without zone": ('[wave]\nrelease_after = "2026-01-01T00:00:00"', ("its zone",)),
    "no such cloud": ('[cloud]\nname = "usgvo"', ("'usgov'",)),
    "no id": ('[scope]\nvaults = ["my vault"]', ("scope.vaults", "not an ARM id")),
    "no list of ids": ('[wave]\nexpected = "missing.csv"', ("missing.csv", "No such file")),
    "a NUL in a path": ('[journal]\nurl = "a\\u0000b"', ("journal.url holds a NUL",)),
    "a journal in the web": ('[journal]\nurl = "https://example.org/"', ("https://example.org/",)),
    "no such endpoint": ('[[workload]]\nname = "A"\nendpoints = ["host"]', ("tcp://host:port",)),
    "two workloads of one name": (
        '[[workload]]\nname = "A"\n[[workload]]\nname = "a"',
        ("names are unique",),
    ),
    "a waiver without end": ('[[waiver]]\ncheck = "x"', ("waiver[0].created is missing",)),
    "identity is never waived": (
        """[[waiver]]
        check = "phase-staged"
        workload = "A"
        reason = "r"
        category = "c"
        approver = "a"
        ticket = "t"
        created = 2026-01-01T00:00:00Z
        expires = 2026-01-02T00:00:00Z
        """,
        ("cannot be waived",),
    ),
    "hostile key": ('"\\u001b[2Jx" = 1', ("\\x1b[2Jx",)),
}


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_a_wrong_configuration_is_refused_before_azure_is_asked(name, desk):
    text, words = CONFIGURATIONS[name]
    file = desk.folder / "azstaging.toml"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    done = desk("inventory", **NOWHERE)
    assert_complaint(done, 2, *words)
    assert done.stdout == ""
    assert desk.listing() == ["azstaging.toml"]


def test_a_configuration_that_is_missing_a_folder_or_endless(desk):
    assert_complaint(desk("--config", "none.toml", "inventory", **NOWHERE), 2, "none.toml")
    assert_complaint(desk("inventory", AZSTAGING_CONFIG="none.toml"), 2, "none.toml")
    assert_complaint(desk("--config", ".", "inventory", **NOWHERE), 2, "is a directory")
    assert_complaint(desk("--config", "/dev/zero", "inventory", **NOWHERE), 2, "is larger than")
    assert_complaint(desk("--config", "x" * 300, "inventory", **NOWHERE), 2, "too long")
    assert desk.listing() == []


def test_the_table_of_a_pyproject_counts_and_is_checked_the_same(desk):
    project = desk.folder / "pyproject.toml"
    project.write_text('[project]\nname = "x"\n[tool.azstaging.wave]\nname = "W"\n', "utf-8")
    shown = desk("config", "show", "--query", "settings.wave.name", "-o", "tsv")
    assert (shown.code, shown.stdout) == (0, "W\n")
    project.write_text('[tool.azstaging.wave]\nnmae = "W"\n', "utf-8")
    assert_complaint(desk("config", "show"), 2, "'wave.nmae'", "'name'")


# The command line.


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["inventroy"], ("'inventroy'", "'inventory'")),
        (["inventory", "--wdie"], ("--wdie", "--wide")),
        (["inventory", "-o", "xml"], ("'xml'",)),
        (["inventory", "extra"], ("extra",)),
        (["release"], ("'PLAN'",)),
        (["report"], ("'--out'",)),
        (["check", "--deadline", "0"], ("--deadline",)),
        (["check", "--deadline", "soon"], ("'soon'",)),
        (["diff", "--class", "odd"], ("'odd'",)),
        (["inventory", "--query", "items["], ("--query", "not JMESPath")),
        (["inventory", "--query", "x" * 501], ("longer than 500",)),
        (["inventory", "--query", ""], ("--query",)),
        (["approve", "p.json"], ("--comment",)),
        (["release", "none.json"], ("none.json", "No such file")),
        (["journal", "verify", "none"], ("no journal at none",)),
        (["journal", "verify"], ("No journal is named",)),
        (["journal", "adopt", "none", "--reason", "moved"], ("no journal at",)),
        (["\x1b[2J"], ("\\x1b[2J",)),
        (["inventory", "--\x1b[2J"], ("\\x1b[2J",)),
        (["status"], ("none is named",)),
        (["plan"], ("needs a journal",)),
        (["config"], ()),
    ],
    ids=lambda value: " ".join(value)[:40].replace("\x1b", "ESC") if value else "",
)
def test_a_wrong_command_line_is_refused_before_azure_is_asked(arguments, words, desk):
    done = desk(*arguments, **NOWHERE)
    assert done.code == 2
    assert "\x1b" not in done.stderr
    assert done.stdout == ""
    if words:
        assert_complaint(done, 2, *words)
    else:
        assert done.stderr.startswith("Usage: azstaging config")
    assert desk.listing() == []


# Endpoint, token, service.


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://arm.example",
        "ftp://127.0.0.1",
        "nonsense",
        "http://127.0.0.1:99999",
        "http://[::1",
        "http://user:word@127.0.0.1:1",
        "http://127.0.0.1:1/path",
        "http://127.0.0.1:1?x",
    ],
)
def test_an_endpoint_that_is_none_or_unsafe_is_never_sent_a_token(endpoint, desk):
    done = desk("inventory", AZSTAGING_ARM_ENDPOINT=endpoint, AZSTAGING_TOKEN="canary")
    assert_complaint(done, 2, "arm_endpoint")
    assert "word" not in done.stderr
    assert "canary" not in done.stderr


@pytest.mark.parametrize(
    ("token", "code"),
    [("canary", 3), ("ca.na.ry", 3), ("can\nary", 2), ("canäry", 2), ("canary" * 20_000, 3)],
    ids=["opaque", "dots", "line end", "no ASCII", "huge"],
)
def test_a_wrong_token_is_refused_and_not_shown(token, code, world):
    done = world("inventory", AZSTAGING_TOKEN=token)
    assert_complaint(done, code)
    assert "can" not in done.stderr.replace("cannot", "")
    assert done.stdout == ""


class _Website(BaseHTTPRequestHandler):
    """Answers everything with a page, as a proxy's sign-in does."""

    def do_GET(self) -> None:
        page = b"<html>\x1b[2JPlease sign in</html>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_arguments: object) -> None:
        """Stay quiet."""


def test_a_website_is_no_azure(desk):
    with ThreadingHTTPServer(("127.0.0.1", 0), _Website) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        done = desk("inventory", AZSTAGING_ARM_ENDPOINT=url)
        server.shutdown()
        thread.join()
    assert_complaint(done, 3, "GET /subscriptions")
    assert "\x1b" not in done.stderr
    assert done.stdout == ""


def test_what_the_service_says_moves_no_cursor(make_world):
    fault = Fault(
        match="GET /subscriptions",
        kind="status",
        status=400,
        code="Bad\x1b[2J",
        message="\x1b]0;owned\x07\u202egnp",
        times=0,
    )
    done = make_world(faults=[fault])("inventory")
    assert_complaint(done, 3, "400")
    assert not set("\x1b\x07\u202e") & set(done.stderr)


# Places that take no file. Permissions do not bind everybody, so a file stands in the way.


@pytest.fixture
def blocked(world) -> Iterator[Any]:
    (world.folder / "file").write_text("mine", "utf-8")
    return world


def assert_nothing_written(world: Any, before: list[str]) -> None:
    assert world.listing() == before
    assert (world.folder / "file").read_text("utf-8") == "mine"


@pytest.mark.parametrize(
    "arguments",
    [
        ["report", "--out", "file/reports"],
        ["report", "--out", "file"],
        ["plan", "--out", "file/wave.plan.json"],
        ["init", "--out", "file/azstaging.toml"],
        ["init", "--out", "file"],
        ["init", "--out", "x" * 300],
        ["journal", "export", "--out", "file/pack"],
        ["demo", "--out", "file/demo"],
        ["demo", "--out", "file"],
        ["emulator", "serve", "--port", "0", "--write-config", "file/azstaging.toml"],
        ["report", "--out", "/proc/none"],
        ["plan", "--out", "."],
    ],
    ids=" ".join,
)
def test_a_place_that_takes_no_file_is_left_as_it_is(arguments, blocked):
    assert blocked("inventory").code == 0
    before, reads = blocked.listing(), len(blocked.azure.requests)
    done = blocked(*arguments)
    assert_complaint(done, 2)
    assert_nothing_written(blocked, before)
    assert len(blocked.azure.requests) == reads, "it was noticed only after Azure was asked"


def test_an_existing_configuration_is_left_alone(world):
    text = (world.folder / "azstaging.toml").read_bytes()
    assert_complaint(world("init"), 2, "there already")
    (world.folder / "link.toml").symlink_to("nowhere.toml")
    assert_complaint(world("init", "--out", "link.toml"), 2, "there already")
    assert (world.folder / "azstaging.toml").read_bytes() == text
    assert world.listing() == ["azstaging.toml", "expected.csv", "link.toml"]


def test_an_estate_folder_that_cannot_be_made(blocked):
    before = blocked.listing()
    done = blocked("inventory", "--journal", "file/estate")
    assert_complaint(done, 3, "estate folder", "cannot be made")
    assert done.stdout == ""
    assert_complaint(blocked("inventory", "--journal", "file"), 2, "file")
    assert_nothing_written(blocked, before)


# A full disk.


def test_a_full_disk_leaves_no_half_configuration(desk):
    done = desk.spawn("init", file_blocks=1)
    assert_complaint(done, 2, "File too large", "Nothing was left half-written")
    assert desk.listing() == []


def test_a_full_disk_leaves_the_earlier_report_whole(world):
    world.replan('url = "estate"', 'url = ""')
    reports = world.folder / "out"
    assert world("report", "--out", "out", "--format", "csv", "--format", "json").code == 0
    before = {path.name: path.read_bytes() for path in reports.iterdir()}
    done = world.spawn("report", "--out", "out", file_blocks=60)
    assert_complaint(done, 2, "File too large", "Nothing was left half-written")
    assert {path.name: path.read_bytes() for path in reports.iterdir()} == before


def test_a_full_disk_leaves_the_journal_whole(world):
    assert world("inventory").code == 0
    head = world("journal", "head").stdout
    done = world.spawn("check", file_blocks=8)
    assert_complaint(done, 3, "journal", "File too large", "nothing of this record stands")
    seq = int(world("journal", "head").stdout.split()[0])
    assert seq >= int(head.split()[0])
    assert world("journal", "verify").code == 0
    assert not [name for name in world.listing() if TEMPORARY in name]


def test_a_full_disk_stops_nothing_at_all(world):
    plan = world.make_approved_plan()
    segment = next((world.folder / "estate" / "journal").glob("*.jsonl"))
    blocks = segment.stat().st_size // 512
    done = world.spawn("release", plan, "--execute", who="releaser", file_blocks=blocks)
    assert_complaint(done, 3, "journal", "nothing of this record stands")
    assert world.stops == 0


def test_a_full_disk_stops_the_demo_with_a_word(desk):
    done = desk.spawn("demo", file_blocks=16)
    assert done.code in {2, 3}
    assert_complaint(done, done.code)
    assert not [name for name in desk.listing() if TEMPORARY in name]


def test_a_full_stdout_is_an_error_not_a_short_list(world):
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = world("inventory", stdout=full)
    assert_complaint(done, 2, "output could not be written", "not whole")


def test_a_full_stdout_after_a_release_says_that_it_is_done(world):
    plan = world.make_approved_plan()
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = world("release", plan, "--execute", who="releaser", stdout=full)
    assert_complaint(done, 4, "stays done")
    assert world.stops == 5
    assert "5 released" in world("status").stderr


def test_a_query_that_does_not_fit_is_told_apart_before_and_after_a_change(world):
    assert_complaint(world("inventory", "--query", "length(read)"), 2, "--query")
    assert_complaint(world("inventory", "--query", "items[::0]"), 2, "--query")
    plan = world.make_approved_plan()
    query = ("--query", "length(executed)")
    done = world("release", plan, "--execute", *query, who="releaser")
    assert_complaint(done, 4, "--query", "stays done")
    assert world.stops == 5


# Plans.

DAMAGES = {
    "empty": lambda _: b"",
    "truncated": lambda data: data[: len(data) // 2],
    "without its last brace": lambda data: data.rstrip()[:-1],
    "not JSON": lambda _: b"PLAN",
    "not text": lambda _: b"\xff\xfe\x00",
    "an array": lambda _: b"[]",
    "deep": lambda _: b"[" * 200_000,
    "of numbers": lambda data: data.replace(b'"schema":"azstaging/plan/1"', b'"schema":1'),
    "of the future": lambda data: data.replace(b"azstaging/plan/1", b"azstaging/plan/9"),
    "with a key twice": lambda data: data.replace(b'{"', b'{"schema":"x","', 1),
    "with another request": lambda data: data.replace(b"DELETE", b"PATCH", 1),
    "with another item": lambda data: data.replace(b"vmware-west_0", b"vmware-west_1"),
    "indented": lambda data: json.dumps(json.loads(data), indent=1).encode(),
    "with a byte more": lambda data: data.rstrip() + b",",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_plan_is_refused_before_azure_is_asked(damage, honest_plan, desk):
    file = desk.folder / "wave.plan.json"
    file.write_bytes(DAMAGES[damage](honest_plan))
    for verb in (
        ["release", file],
        ["release", file, "--execute"],
        ["approve", file, "--comment=x"],
    ):
        done = desk(*verb, "--journal", "estate", **NOWHERE)
        assert_complaint(done, 5)
        assert done.stdout == ""
        assert len(done.stderr) < 1000
    assert desk.listing() == ["wave.plan.json"]


def test_an_endless_plan_is_not_read(desk):
    assert_complaint(desk("release", "/dev/zero", **NOWHERE), 2, "larger than")


# The emulator.


@pytest.mark.parametrize(
    ("option", "text", "words"),
    [
        ("--faults", "no", ("not JSON",)),
        ("--faults", "[" * 200_000, ("not JSON",)),
        ("--faults", "[]", ("one key, fault",)),
        ("--faults", '{"faults": []}', ("one key, fault",)),
        ("--faults", '{"fault": 5}', ("cannot be read",)),
        ("--faults", '{"fault": [{"kind": "drop"}]}', ("match",)),
        ("--faults", '{"fault": [{"match": "*", "kind": "dorp"}]}', ("dorp",)),
        ("--faults", '{"fault": [{"match": "*", "kind": "call"}]}', ("call",)),
        ("--estate", "no", ("cannot be read",)),
        ("--estate", "[" * 200_000, ("cannot be read",)),
        ("--estate", '{"name": ' + "[" * 200_000, ("cannot be read",)),
        ("--estate", '{"x": ' + "[" * 200_000, ("nested too deep",)),
        ("--estate", '{"name": 5}', ("cannot be read",)),
        ("--estate", '{"name": "E", "machines": [{"key": "a"}]}', ("cannot be read",)),
    ],
)
def test_a_wrong_script_or_estate_serves_nothing(option, text, words, desk):
    (desk.folder / "file.json").write_text(text, "utf-8")
    done = desk("emulator", "serve", "--port", 0, option, "file.json")
    assert_complaint(done, 2, *words)
    assert len(done.stderr) < 1000
    assert done.stdout == ""


def test_a_port_in_use_serves_nothing(desk):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = desk("emulator", "serve", "--port", port, "--write-config", "azstaging.toml")
    assert_complaint(done, 2, f"Port {port}", "cannot be used")
    assert desk.listing() == []


def test_an_estate_of_too_few_machines_is_refused(desk):
    assert_complaint(desk("emulator", "serve", "--machines", 5), 2, "at least 60")
    assert_complaint(desk("demo", "--machines", 5), 2, "--machines")


# A defect of our own.


def test_a_defect_is_owned_up_to_and_never_looks_like_a_closed_gate(world, monkeypatch):
    plan = world.make_approved_plan()

    def fall(*_arguments: object, **_more: object) -> None:
        raise EOFError("Authorization: Bearer canary \x1b[2J")

    monkeypatch.setattr("azstaging.staging.Staging.inventory", fall)
    done = world("inventory")
    assert_complaint(done, 3, "azstaging itself failed", "EOFError")
    assert "canary" not in done.stderr
    assert "\x1b" not in done.stderr
    monkeypatch.setattr("azstaging.staging.Staging.release", fall)
    done = world("release", plan, "--execute", who="releaser")
    assert_complaint(done, 4, "azstaging itself failed")
    assert "unknown" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("approve", "wave.plan.json", "--comment", "CHG-1"),
        ("release", "wave.plan.json"),
        ("release", "wave.plan.json", "--execute"),
        ("residue",),
        ("status",),
    ],
    ids=" ".join,
)
def test_a_slip_in_the_name_of_a_journal_makes_no_estate_folder(world, honest_plan, words):
    (world.folder / "wave.plan.json").write_bytes(honest_plan)
    done = world(*words, "--journal", "estaet", who="approver")
    assert done.code == 2
    assert done.complaint[0] == "Error: There is no journal at estaet."
    assert "Name an estate folder" in done.complaint[1]
    assert not (world.folder / "estaet").exists()


def test_a_slip_in_the_name_of_a_journal_makes_no_estate_folder_for_abandon(world):
    item = world.let_replicate()
    made = world("abandon", "--item", item, "--reason", "CHG-7", "--out", "a.json")
    assert made.code == 0, made.stderr
    done = world("abandon", "a.json", "--journal", "estaet")
    assert done.code == 2
    assert not (world.folder / "estaet").exists()
