"""``inventory`` and ``doctor`` as somebody types them."""

import json
import shlex
from urllib.parse import urlsplit

import pytest

from azstaging.collecting import _saying_what_is_kept
from azstaging.emulator import Fault
from azstaging.errors import DeadlineReachedError


def test_a_saved_inventory_is_compared_with_what_is_there_later(world):
    saved = world("inventory", "--save", "monday.json")
    assert saved.code == 0
    assert "Saved: monday.json" in saved.stderr
    first = world("inventory", "-o", "json").document
    assert json.loads((world.folder / "monday.json").read_text())["items"] == first["items"]
    same = world("inventory", "--compare", "monday.json", "-o", "json")
    assert same.document["changes"] == []
    gone = first["items"][0]
    world.azure.state.entries.pop(gone["id"].casefold())
    for ids in world.azure.state.lists.values():
        if gone["id"].casefold() in ids:
            ids.remove(gone["id"].casefold())
    later = world("inventory", "--compare", "monday.json", "-o", "json").document
    assert [(each["change"], each["item_id"]) for each in later["changes"]] == [
        ("gone", gone["id"])
    ]
    assert "gone" in world("inventory", "--compare", "monday.json").stdout


def test_a_selection_narrows_what_is_compared_on_both_sides(make_world):
    world = make_world("Scanning", "Build")
    world("inventory", "--item", "SCAN-01", "--save", "saved.json")
    world("inventory", "-o", "json", "--save", "again.json")
    names = [
        {each["name"] for each in json.loads((world.folder / file).read_text())["items"]}
        for file in ("saved.json", "again.json")
    ]
    assert names[0] == names[1] > {"SCAN-01", "SCAN-02", "BUILD-01"}
    for select in (["--workload", "Build"], ["--item", "SCAN-01"], ["--vault", "vlt-agents"]):
        done = world("inventory", *select, "--compare", "saved.json", "-o", "json")
        assert (done.code, done.document["changes"]) == (0, [])
    item = next(each for each in world("inventory", "-o", "json").document["items"]
                if each["name"] == "SCAN-01")  # fmt: skip
    world.azure.state.remove(item["id"])
    for select, found in ((["--workload", "Build"], []), (["--item", "SCAN-01"], ["gone"])):
        done = world("inventory", *select, "--compare", "saved.json", "-o", "json")
        assert [each["change"] for each in done.document["changes"]] == found, done.stderr


def test_a_part_that_was_printed_says_so(world):
    assert world("inventory", "-o", "json").document["selected"] is False
    part = world("inventory", "--item", "SCAN-01", "-o", "json")
    assert part.document["selected"] is True
    (world.folder / "part.json").write_text(part.stdout)
    later = world("inventory", "--compare", "part.json", "-o", "json").document
    assert {each["change"] for each in later["changes"]} == {"new"}
    assert "SCAN-02" in {each["name"] for each in later["changes"]}
    assert all("only a part" in each["detail"] for each in later["changes"])
    assert later["complete"] is False


def test_what_could_not_be_read_is_not_called_nothing(make_world):
    fault = Fault(kind="null-value", match="GET */Microsoft.RecoveryServices/vaults", times=0)
    done = make_world("Scanning", faults=[fault])("inventory")
    assert (done.code, done.stdout) == (3, "")
    assert "No replicated item was found" not in done.stderr
    assert "No replicated item could be read; the gaps say why." in done.stderr


def test_who_sees_no_subscription_is_told_so(make_world):
    fault = Fault(kind="body", match="GET /subscriptions", text='{"value": []}', times=0)
    done = make_world("Scanning", faults=[fault])("inventory")
    assert done.code == 3
    assert (
        "not-found: No subscription is visible to this identity; "
        "it lacks Microsoft.Resources/subscriptions/read at those it should see." in done.stderr
    )


def test_a_selection_of_nothing_does_not_say_that_nothing_could_be_read(estate_desk):
    done = estate_desk("inventory", "--item", "nothing*")
    assert (done.code, done.stdout) == (3, "")
    assert "could be read" not in done.stderr.partition("gap: ")[0]
    assert "Nothing that was read is selected." in done.stderr


REFUSED = [
    (403, "forbidden", "Microsoft.Resources/subscriptions/read"),
    (404, "not-found", ""),
]


@pytest.mark.parametrize(("status", "reason", "permission"), REFUSED)
@pytest.mark.parametrize("more", [(), ("--resume", "reads.jsonl")])
@pytest.mark.parametrize("journal", [True, False])
def test_a_refused_list_of_subscriptions_is_a_gap(
    make_world, status, reason, permission, more, journal
):
    fault = Fault(kind="status", match="GET /subscriptions", status=status, times=0)
    world = make_world("Scanning", faults=[fault])
    if not journal:
        world.replan('url = "estate"', "")
    done = world("inventory", "-o", "json", *more)
    assert done.code == 3
    found = done.document
    assert (found["complete"], found["read"]) == (False, 0)
    told = {(each["scope"], each["reason"], each["permission"]) for each in found["gaps"]}
    assert told == {("/subscriptions", reason, permission)}
    assert "Error" not in done.stderr


@pytest.mark.parametrize("status", [403, 404])
def test_who_may_not_list_subscriptions_reads_what_is_named_and_plans_nothing(world, status):
    ids = json.dumps([each.id for each in world.azure.estate.subscriptions])
    world.replan("[journal]", f"[scope]\nsubscriptions = {ids}\n\n[journal]")
    world.collect_evidence()
    world.azure.script.set(
        [Fault(kind="status", match="GET /subscriptions", status=status, times=0)]
    )
    done = world("inventory", "-o", "json")
    assert (done.code, done.document["complete"]) == (0, True)
    records = world("journal", "show", "estate", "-o", "json").document["records"]
    assert [each["actor"] == "" for each in records] == [*[False] * (len(records) - 1), True]
    planned = world("plan", "--out", "wave.plan.json")
    assert planned.code == 3
    assert planned.complaint[0].startswith(f"Error: GET /subscriptions was answered {status}")
    assert "wave.plan.json" not in world.listing()


def test_what_is_no_snapshot_is_refused_before_azure_is_asked(desk):
    (desk.folder / "x.json").write_text('{"schema": "azstaging/findings/1"}')
    done = desk("inventory", "--compare", "x.json")
    assert done.code == 2
    assert "no saved inventory" in done.stderr


def test_a_second_run_reads_only_what_the_first_did_not_get(make_world):
    torn = Fault(kind="status", match="GET */virtualMachines", status=404, times=1)
    world = make_world("Scanning", faults=[torn])
    first = world("inventory", "--resume", "reads.jsonl", "-o", "json")
    assert (first.code, len(first.document["gaps"])) == (3, 1)
    before = len(world.azure.requests)
    second = world("inventory", "--resume", "reads.jsonl", "-o", "json")
    assert (second.code, second.document["gaps"]) == (0, [])
    assert second.document["read_at"] == first.document["read_at"]
    lists = [each.path for each in world.azure.requests[before:]]
    assert not any("replication" in path for path in lists)
    assert any(path.endswith("virtualMachines") for path in lists)
    assert "reads.jsonl" not in world.listing()


LOOPBACK = {"AZSTAGING_TOKEN": "loopback"}


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        ({"who": "planner"}, {"who": "planner"}, 0),
        ({"who": "planner"}, {"who": "releaser"}, 2),
        ({"who": "planner"}, LOOPBACK, 2),
        (LOOPBACK, LOOPBACK, 0),
    ],
)
def test_who_may_not_list_subscriptions_takes_up_only_what_it_read_itself(
    make_world, first, second, code
):
    refused = Fault(kind="status", match="GET /subscriptions", status=403, times=0)
    torn = Fault(kind="status", match="GET */virtualMachines", status=404, times=1)
    world = make_world("Scanning", faults=[refused, torn])
    ids = json.dumps([each.id for each in world.azure.estate.subscriptions])
    world.replan("[journal]", f"[scope]\nsubscriptions = {ids}\n\n[journal]")
    assert world("inventory", "--resume", "reads.jsonl", **first).code == 3
    kept = (world.folder / "reads.jsonl").read_bytes()
    done = world("inventory", "--resume", "reads.jsonl", **second)
    assert done.code == code, done.stderr
    if code:
        assert "another cloud, scope or identity" in done.stderr
        assert (world.folder / "reads.jsonl").read_bytes() == kept


def test_a_second_run_asks_again_for_the_answer_that_a_gap_was_noticed_in(make_world):
    nameless = '{"value": [{"name": "a machine without an id"}]}'
    torn = Fault(kind="body", match="GET */virtualMachines", text=nameless, times=1)
    world = make_world("Scanning", faults=[torn])
    first = world("inventory", "--resume", "reads.jsonl", "-o", "json")
    assert [gap["reason"] for gap in first.document["gaps"]] == ["unexpected-response"]
    before = len(world.azure.requests)
    second = world("inventory", "--resume", "reads.jsonl", "-o", "json")
    assert (second.code, second.document["gaps"]) == (0, [])
    asked = [each.path for each in world.azure.requests[before:]]
    assert any(path.endswith("virtualMachines") for path in asked)
    assert not any("replication" in path for path in asked)
    assert "reads.jsonl" not in world.listing()


SLOW = Fault(kind="status", match="GET */replication*Items", status=429, times=0,
             retry_after_seconds=60)  # fmt: skip


@pytest.mark.parametrize("verb", ["inventory", "check"])
def test_a_deadline_without_a_file_to_resume_says_that_nothing_is_kept(make_world, verb):
    done = make_world(faults=[SLOW])(verb, "--deadline", 20)
    assert done.code == 7
    what, advice = done.complaint
    assert what.endswith(" s. Nothing was changed. Nothing that was read is kept.")
    assert "resumes" not in advice
    assert "longer --deadline" in advice
    assert "azstaging inventory --resume FILE" in advice


def test_a_deadline_with_a_file_to_resume_says_where_it_goes_on(make_world):
    world = make_world(faults=[SLOW])
    done = world("inventory", "--deadline", 20, "--resume", "reads.jsonl")
    assert done.code == 7
    what, advice = done.complaint
    assert what.endswith("What was read is kept in reads.jsonl.")
    assert advice == "  Run the same command again; it reads only what is missing."
    assert (world.folder / "reads.jsonl").stat().st_size > 0


def test_a_deadline_before_the_first_read_keeps_nothing_and_says_so(tmp_path):
    missing = tmp_path / "reads.jsonl"
    said = pytest.raises(DeadlineReachedError, match="Nothing that was read is kept")
    with said, _saying_what_is_kept(missing):
        raise DeadlineReachedError("Time is up.")


def test_a_file_of_something_else_is_not_taken_for_one_to_resume(estate_desk):
    plan = '{"schema":"azstaging/plan/1","x":1}'
    (estate_desk.folder / "plan.json").write_text(plan)
    done = estate_desk("inventory", "--resume", "plan.json")
    assert done.code == 2
    assert "plan.json is no file of reads; nothing was written to it." in done.stderr
    assert (estate_desk.folder / "plan.json").read_text() == plan


LATER = "clean up: the service does not offer it now; when it does: "


def test_the_command_that_cleans_up_a_test_machine_works_as_it_is_shown(estate_desk):
    done = estate_desk("inventory", "-o", "json")
    found = [each for each in done.document["items"] if each["test_machines"]]
    commands = [line for line in done.stderr.splitlines() if "  clean up" in line]
    assert len(commands) == len(found) >= 2
    later = [line for line in commands if LATER in line]
    assert len(later) == sum(not each["facts"]["cleanup_allowed"] for each in found) > 0
    for line in commands:
        words = shlex.split(line.partition(LATER if LATER in line else ": ")[2])
        assert words[:5] == ["az", "rest", "--method", "post", "--url"]
        path = urlsplit(words[5]).path
        item, _, action = path.rpartition("/")
        assert item in {each["id"] for each in found}
        assert action in {"testMigrateCleanup", "testFailoverCleanup"}
        assert json.loads(words[7])["properties"]["comments"]


def test_wide_has_every_column_and_the_default_fits_a_laptop(world):
    narrow = world("inventory", "-o", "tsv").stdout.splitlines()[0].split("\t")
    wide = world("inventory", "--wide", "-o", "tsv").stdout.splitlines()[0].split("\t")
    assert narrow == wide[: len(narrow)]
    assert narrow == [
        *("mark", "name", "workloads", "wave", "phase", "provider", "gate", "first_reason"),
        *("checks", "diff", "evidence_age", "test_machines", "health", "lag_seconds"),
    ]
    assert {"owner", "work_item", "waivers", "policy", "evidence_at", "phase_since"} <= {*wide}
    assert {"last_test_at", "last_cutover_at", "agent_version", "target_identity"} <= {*wide}
    assert {"id", "vault", "fabric", "container", "target_zones", "target_licence"} <= {*wide}
    assert {"target_tags", "target_addresses", "free_days_left", "locks", "gaps"} <= {*wide}


def _rows(world, *arguments):
    done = world("inventory", "-o", "jsonl", *arguments)
    assert done.code in {0, 3}, done.stderr
    return {row["name"]: row for row in map(json.loads, done.stdout.splitlines())}


def test_the_table_follows_the_evidence(world):
    assert {row["checks"] for row in _rows(world).values()} == {"0/8 missing"}
    world.collect_evidence()
    seen = _rows(world)
    assert {(row["gate"], row["checks"], row["diff"]) for row in seen.values()} == {
        ("open", "8/8 passed", "0/0/0")
    }
    assert all(row["evidence_age"].endswith(" s") for row in seen.values())
    state = world.azure.state
    state.change(state.vm_id("scan-01"), {"properties.hardwareProfile.vmSize": "Standard_D8s_v5"})
    changed = _rows(world)
    assert changed["SCAN-01"]["checks"].endswith(" void")
    assert changed["SCAN-01"]["gate"] == "closed"
    # The workload is the unit: what is released together waits together.
    assert changed["SCAN-02"]["gate"] == "closed"
    assert changed["SCAN-02"]["checks"] == "8/8 passed"
    assert _rows(world, "--item", "SCAN-02") == {"SCAN-02": changed["SCAN-02"]}


def test_the_table_is_joined_without_a_record_more(world):
    world.collect_evidence()
    before = world("journal", "show", "estate", "-o", "json").document
    _rows(world)
    after = world("journal", "show", "estate", "-o", "json").document
    new = after["records"][len(before["records"]) :]
    assert [each["type"] for each in new] == ["inventory.read"]


def test_where_there_is_no_journal_the_table_says_so(world):
    world.replan('url = "estate"', "")
    rows = _rows(world, "--wide").values()
    assert {(row["gate"], row["checks"], row["evidence_age"]) for row in rows} == {
        ("not decided", "not checked", "")
    }
    assert {row["work_item"] for row in rows} == {None}


@pytest.mark.parametrize("spelling", ["HTTPS_PROXY", "https_proxy"])
def test_doctor_shows_which_network_is_in_effect(world, spelling):
    given = {spelling: "http://me:secret@proxy.example:3128", "REQUESTS_CA_BUNDLE": "/etc/ca.pem"}
    done = world("doctor", "-o", "json", **given)
    facts = done.document["facts"]
    assert done.code == 0
    assert facts[spelling] == "http://proxy.example:3128"
    # Loopback is asked directly, whatever the environment says.
    assert facts["proxy in effect"] == "none"
    assert facts["certificate authorities"] == "none needed: plain HTTP to this machine"
    assert len(facts["visible subscriptions"]) == len(world.azure.estate.subscriptions)
    assert "secret" not in done.stdout + done.stderr


def test_the_network_of_a_cloud(monkeypatch):
    from azstaging.azure import network  # noqa: PLC0415

    arm = "https://management.azure.com"
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in network.CA_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    assert network.proxy_of(arm) == ""
    assert network.authorities_of(arm).endswith(".pem")
    monkeypatch.setenv("https_proxy", "http://me:secret@proxy.example:3128")
    assert network.proxy_of(arm) == "http://proxy.example:3128"
    monkeypatch.setenv("NO_PROXY", "azure.com")
    assert network.proxy_of(arm) == ""
    monkeypatch.setenv("SSL_CERT_FILE", "/etc/ca.pem")
    assert network.authorities_of(arm) == "/etc/ca.pem"
