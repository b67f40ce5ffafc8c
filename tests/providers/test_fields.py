"""Reading fields: case, text for numbers and booleans, null for anything."""

from typing import Any

import pytest

from azstaging.providers.fields import Fields, as_flag, as_id, as_number, as_text, tags_of


def test_names_are_read_without_case_and_the_exact_one_wins() -> None:
    fields = Fields({"allocatedMemoryInMb": 1, "timestamp": "a", "timeStamp": "b"})
    assert fields.number("allocatedMemoryInMB") == 1
    assert fields.text("timeStamp") == "b"
    assert fields.text("timestamp") == "a"
    assert fields.text("TIMESTAMP") == "a"


def test_a_null_gives_way_to_the_next_name() -> None:
    fields = Fields({"osName": None, "a": None, "b": 2})
    assert fields.text("osName") == ""
    assert fields.number("a", "b") == 2
    assert fields.value("a") is None


@pytest.mark.parametrize(
    ("given", "number"),
    [
        (4096.0, 4096),
        (4096.9, 4096),
        ("40960", 40960),
        (" 12 ", 12),
        ("1.5", 1),
        (0, 0),
        (-1, None),
        ("-1", None),
        (-0.5, 0),
        (True, None),
        (None, None),
        ("", None),
        ("many", None),
        ("NaN", None),
        ("inf", None),
        (float("nan"), None),
        (float("inf"), None),
        ("9" * 5000, None),
        (2**63 - 1, 2**63 - 1),
        (2**63, None),
        (1e19, None),
        (str(2**63), None),
        ("1e300", None),
        ({}, None),
        ([1], None),
    ],
)
def test_numbers(given: object, number: int | None) -> None:
    assert as_number(given) == number


@pytest.mark.parametrize(
    ("given", "flag"),
    [
        (True, True),
        (False, False),
        ("true", True),
        ("False", False),
        ("TRUE", True),
        ("Enabled", True),
        ("Disabled", False),
        ("yes", True),
        ("no", False),
        ("NotRequired", None),
        ("", None),
        (1, None),
        (None, None),
        ([], None),
    ],
)
def test_booleans(given: object, flag: bool | None) -> None:
    assert as_flag(given) is flag


@pytest.mark.parametrize(
    ("given", "text"),
    [("a", "a"), (161011, "161011"), (True, ""), (1.5, ""), (None, ""), ({}, "")],
)
def test_texts(given: object, text: str) -> None:
    assert as_text(given) == text


@pytest.mark.parametrize("given", [None, "", "/", "//", "Microsoft Azure", 7, [], {}])
def test_what_is_no_id(given: object) -> None:
    assert as_id(given) is None


@pytest.mark.parametrize("body", [None, 3, "text", [], [{"id": "/x"}]])
def test_anything_but_an_object_reads_as_empty(body: object) -> None:
    fields = Fields(body)
    assert not fields
    assert fields.text("id") == ""
    assert fields.objects("value") == ()
    assert fields.object("properties").texts("x") == ()


def test_null_arrays_and_odd_members() -> None:
    fields = Fields({"disks": None, "nics": [None, {"nicId": "1"}, "x"], "ips": ["a", None, ""]})
    assert fields.objects("disks") == ()
    assert [nic.text("nicId") for nic in fields.objects("nics")] == ["1"]
    assert fields.texts("ips") == ("a",)


def test_picked_values_are_given_exactly() -> None:
    job = {"jobName": "None"}
    fields = Fields({"health": None, "CurrentJob": job})
    picked = fields.picked(("health", "currentJob", "absent"))
    assert picked == {"health": None, "currentJob": job}
    assert picked["currentJob"] is job


@pytest.mark.parametrize(
    ("given", "tags"),
    [
        ({"env": "prd", "n": 1}, {"env": "prd", "n": "1"}),
        ([{"tagName": "env", "tagValue": "prd"}, None], {"env": "prd"}),
        ({}, {}),
        ([], {}),
        (None, None),
        ("env", None),
    ],
)
def test_tags_come_as_an_object_or_as_a_list(given: object, tags: dict[str, Any] | None) -> None:
    assert tags_of(given) == tags
