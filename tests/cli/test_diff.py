"""``azstaging diff`` and ``azstaging baseline``: what people and programs are shown."""

import json
import re
from pathlib import Path

import jsonschema

from azstaging.cli import exit_codes
from azstaging.cli.side_by_side import side_by_side
from azstaging.model.differences import Diff, DiffClass, Difference
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Inventory
from azstaging.run import utc_now

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs" / "schemas" / "diff-1.schema.json").read_text("utf-8")
)


def test_the_json_fits_the_published_schema(estate_desk):
    done = estate_desk("diff", "-o", "json", "--class", "same,expected,act,suspicious,unknown")
    jsonschema.validate(done.document, SCHEMA)
    counts = done.document["counts"]
    assert sum(counts.values()) == len(done.document["rows"])
    narrow = estate_desk("diff", "-o", "json").document
    jsonschema.validate(narrow, SCHEMA)
    assert narrow["counts"] == counts
    assert {row["class"] for row in narrow["rows"]} == {"act", "suspicious", "unknown"}
    assert narrow["unused_expectations"] is None, "gaps may hide what it matches"


def test_a_suspicious_machine_comes_first_with_three_sides(estate_desk):
    done = estate_desk("diff", "--class", "act,suspicious")
    assert done.code == exit_codes.CLOSED
    heads, _, machine, first = done.stdout.splitlines()[:4]
    assert heads.split() == ["FIELD", "SOURCE", "INTENDED", "ACTUAL", "WHY"]
    assert machine.startswith("LAB-01 (Laboratory): 3 suspicious, ")
    assert first.split()[:5] == ["suspicious", "size", "-", "Standard_D4s_v5", "Standard_B2s"]


def test_one_item_and_some_classes(world):
    done = world("diff", "--item", "scan-01", "--class", "expected", "-o", "json")
    assert {row["name"].casefold() for row in done.document["rows"]} == {"scan-01"}
    assert {row["class"] for row in done.document["rows"]} == {"expected"}
    wrong = world("diff", "--class", "odd")
    assert wrong.code == exit_codes.USAGE
    assert "none of same, expected, act, suspicious, unknown" in wrong.stderr


def test_an_expectation_that_matches_nothing_in_a_whole_wave_is_named(world):
    world.configure(
        '[[expect]]\nfield = "region"\nreason = "Moved to the north."\nowner = "network team"\n'
        "expires = 2999-01-01T00:00:00Z"
    )
    done = world("diff")
    assert "no row of this wave matches [[expect]] region" in done.stderr
    assert "of network team, until 2999-01-01: Moved to the north." in done.stderr
    (unused,) = world("diff", "-o", "json").document["unused_expectations"]
    assert (unused["rule"], unused["owner"]) == ("expect:region", "network team")
    part = world("diff", "--item", "scan-01")
    assert "matches [[expect]]" not in part.stderr, "a part of a wave says nothing about it"


def test_an_expectation_that_ended_is_named_also_where_a_gap_may_hide_a_match(estate_desk):
    file = estate_desk.folder / "azstaging.toml"
    kept = file.read_text("utf-8")
    estate_desk.configure(
        '[[expect]]\nfield = "size"\nitem = "LAB-01"\nreason = "Smaller on purpose."\n'
        'owner = "lab team"\nexpires = 2026-01-01T00:00:00Z'
    )
    try:
        for part in ((), ("--item", "LAB-01")):
            done = estate_desk("diff", "--class", "suspicious", *part)
            assert "[[expect]] size@LAB-01 of lab team ended on 2026-01-01" in done.stderr
            assert done.stderr.count("size@LAB-01") == 1
            assert "Smaller on purpose" not in done.stdout
    finally:
        file.write_text(kept, "utf-8")


def test_the_diff_says_which_sources_are_frozen(world):
    assert "0 of 5 machines are compared with a frozen baseline." in world("diff").stderr
    paths = world("baseline").stdout.split()
    assert "5 of 5 machines are compared with a frozen baseline." in world("diff").stderr
    document = world("diff", "-o", "json").document
    assert sorted(document["baselines"].values()) == sorted(f"sha256:{Path(p).stem}" for p in paths)


def test_names_of_others_move_no_cursor():
    item = ResourceId("/subscriptions/s/items/i")
    row = Difference(
        item_id=item,
        area="os",
        field="tag[\x1b[2J]",
        source="a\nb",
        intended="",
        actual="\u202eevil",
        cls=DiffClass.SUSPICIOUS,
    )
    diff = Diff(at=utc_now(), rows_=(row,), same={item: 3})
    lines = side_by_side(diff, diff, Inventory(read_at=utc_now(), items=()))
    assert lines[2] == "i: 1 suspicious, 3 same"
    assert all(character.isprintable() for line in lines for character in line)


def test_a_cmdb_tells_what_discovery_does_not(world):
    folder = world.folder
    (folder / "cmdb.csv").write_text(
        "Host;Cores;Zone\nSCAN-01;64;Europe/Berlin\nNOBODY;1;UTC\nSCAN-02;many;UTC\n", "utf-8"
    )
    (folder / "cmdb.toml").write_text('name = "Host"\n[facts]\ntime_zone = "Zone"\n', "utf-8")
    done = world("baseline", "--source", "cmdb.csv", "--columns", "cmdb.toml", "-o", "json")
    assert done.code == exit_codes.UNDETERMINED
    assert "cmdb.csv, row 4, cores: 'many' is no whole number" in done.document["not_imported"]
    assert "NOBODY: no item of the inventory is this machine" in done.document["not_imported"]
    assert "cores: discovery tells 2, the import 64; that of discovery stands" in done.stderr
    rows = world("diff", "--item", "scan-01", "-o", "json").document["rows"]
    zone = next(row for row in rows if row["field"] == "time_zone")
    assert (zone["class"], zone["source"]) == ("unknown", "Europe/Berlin")


def test_what_is_left_out_for_one_reason_is_one_line(world):
    (world.folder / "cmdb.csv").write_text("Name,Cores\nSCAN-01,2\nGHOST,2\n", "utf-8")
    for command in (("baseline", "--source"), ("diff", "--facts")):
        said = world(*command, "cmdb.csv").stderr.splitlines()
        left_out = [line for line in said if "tell" in line and ": " in line]
        assert len(left_out) == 1, said
    said = world("baseline", "--source", "cmdb.csv").stderr
    assert re.search(r"\n  \S+, \S+, \S+ and 1 more: the import does not tell it\n", said)
    assert "\n  GHOST: no item of the inventory is this machine\n" in said


def test_a_column_map_with_an_unknown_key_or_unit_is_refused(world):
    (world.folder / "cmdb.csv").write_text("Host\nSCAN-01\n", "utf-8")
    for text, said in (('nmae = "Host"', "did you mean 'name'"), ('memory_unit = "PB"', "PB")):
        (world.folder / "cmdb.toml").write_text(text, "utf-8")
        done = world("baseline", "--source", "cmdb.csv", "--columns", "cmdb.toml")
        assert done.code == exit_codes.USAGE
        assert said in done.stderr
    assert world("baseline", "--source", "none.csv").code == exit_codes.USAGE


def test_drift_on_the_command_line(world):
    nothing = world("diff", "--drift")
    assert nothing.code == exit_codes.UNDETERMINED, "nothing is frozen"
    assert "Nothing changed since the baseline in what could be compared." in nothing.stderr
    left_out = [line for line in nothing.stderr.splitlines() if "not compared: " in line]
    assert len(left_out) == 1, "one line per reason"
    assert left_out[0].endswith(": no baseline of this generation is frozen")
    assert world("baseline").code == 0
    quiet = world("diff", "--drift")
    assert (quiet.code, quiet.stdout) == (0, "")
    assert "Nothing changed since the baseline." in quiet.stderr
    vm = world.azure.state.vm_id("scan-01")
    world.azure.state.change(vm, {"tags.owner": "x"}, by="helper@contoso.example")
    done = world("diff", "--drift")
    assert done.code == exit_codes.CLOSED
    assert {"tags[owner]", "helper@contoso.example"} <= set(done.stdout.split())
    assert "1 values of 1 machines changed since the baseline." in done.stderr


def test_facts_of_guests_fill_both_sides(world, tmp_path):
    source, target = tmp_path / "before.csv", tmp_path / "after.csv"
    source.write_text("name,time_zone,listeners\nscan-01,CET,tcp/80\n", encoding="utf-8")
    target.write_text("name,time_zone,listeners\nSCAN-01,CET,tcp/443\nghost,UTC,\n", "utf-8")
    world("baseline", "--source", str(source))
    silent = world("diff", "--item", "scan-01", "-o", "json", "--class", "unknown")
    assert {"time_zone", "listeners"} <= {row["field"] for row in silent.document["rows"]}
    told = world(
        "diff",
        *("--item", "scan-01", "-o", "json", "--facts", str(target)),
        *("--class", "same,suspicious"),
    )
    classes = {row["field"]: row["class"] for row in told.document["rows"]}
    assert (classes["time_zone"], classes["listeners"]) == ("same", "suspicious")
    assert told.code == exit_codes.CLOSED
    assert "ghost: no item of the inventory is this machine" in told.stderr
    assert "The facts of 1 of 1 machines were told." in told.stderr
    assert world("diff", "--drift", "--facts", str(target)).code == exit_codes.USAGE


def test_a_file_of_facts_that_is_not_read_is_no_success(world, tmp_path):
    target = tmp_path / "after.csv"
    target.write_text("machine_of_mine,time_zone\nscan-01,CET\n", encoding="utf-8")
    done = world("diff", "--item", "scan-01", "--facts", str(target))
    assert done.code == exit_codes.UNDETERMINED
    assert "not read: after.csv has no column that names the machine" in done.stderr


def test_no_item_is_not_no_difference(estate_desk):
    done = estate_desk("diff", "--item", "nobody")
    assert "No item was compared." in done.stderr
    assert "No difference" not in done.stderr


def test_a_machine_that_is_not_there_is_one_line(world):
    inventory = world("diff", "--class", "unknown").stdout
    assert inventory.count("there is no target machine to compare with") <= 1
