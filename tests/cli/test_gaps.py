"""What is said of an inventory below every table: counts, gaps, and what nobody expected."""

from dataclasses import replace

import pytest

from azstaging.cli.gaps import say_gaps
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Gap

SCOPE = ResourceId("/subscriptions/11111111-1111-4111-8111-111111111111")


@pytest.fixture(scope="module")
def rows(estate_desk):
    """The rows of the sample estate, two of which have one name."""
    from azstaging import Staging, load_configuration  # noqa: PLC0415

    config = load_configuration(environ={"AZSTAGING_ARM_ENDPOINT": estate_desk.azure.url})
    return Staging(config=config).inventory()


def said(capsys, inventory):
    say_gaps(inventory)
    return capsys.readouterr().err.splitlines()


@pytest.mark.parametrize(
    ("expected", "surplus", "gaps", "line"),
    [
        (None, 0, 0, "4 items read, 0 gaps."),
        (None, 1, 1, "4 items read; 1 that nobody expected; 1 gap."),
        (4, 0, 0, "4 of 4 expected items read, 0 gaps."),
        (6, 0, 2, "4 of 6 expected items read, 2 gaps."),
        (1, 3, 0, "4 items read; 1 expected, all read; 3 that nobody expected; 0 gaps."),
        (3, 2, 1, "4 items read; 3 expected, 2 of them read; 2 that nobody expected; 1 gap."),
        (3, 0, 1, "4 items read; 3 expected; 1 gap."),
    ],
)
def test_the_counts_are_true_and_say_what_is_too_much(capsys, rows, expected, surplus, gaps, line):
    items = rows.items[:4]
    found = tuple(
        Gap(scope=SCOPE.child("resourceGroups", f"g{number}"), reason="throttled", detail="no")
        for number in range(gaps)
    )
    unexpected = tuple(row.id for row in items[:surplus])
    inventory = replace(rows, items=items, gaps=found, expected=expected, unexpected=unexpected)
    assert said(capsys, inventory)[0] == line


@pytest.mark.parametrize(("number", "rest"), [(1, ""), (6, ""), (7, " and 2 more")])
def test_the_first_that_nobody_expected_are_named(capsys, rows, number, rest):
    some = [row for row in rows if row.name not in twins_of(rows)][:number]
    inventory = replace(rows, gaps=(), unexpected=tuple(row.id for row in some))
    names = ", ".join(row.name for row in (some[:5] if rest else some))
    more = f"{rest}; azstaging inventory -o json lists all under unexpected" if rest else ""
    assert said(capsys, inventory)[1:] == [f"  nobody expected {names}{more}"]


def twins_of(rows):
    names = [row.name for row in rows]
    return sorted({name for name in names if names.count(name) > 1})


def test_a_name_that_selects_several_machines_is_said_with_their_vaults(capsys, rows):
    name = twins_of(rows)[0]
    inventory = replace(rows, gaps=(), ambiguous=(("Payroll", name),))
    vaults = sorted(row.item.vault_id.name for row in rows if row.name == name)
    assert said(capsys, inventory)[1:] == [
        f"  workload Payroll: 2 machines are named {name}, and all belong to it: "
        + ", ".join(f"{name} ({vault})" for vault in vaults),
        "       to take one alone, name it by its ARM id",
    ]
    one = next(row for row in rows if row.name == name)
    kept = replace(inventory, items=(one,))
    assert f"several machines are named {name}, and all belong to it" in said(capsys, kept)[1]


def test_of_many_such_names_the_first_are_said(capsys, rows):
    pairs = tuple((f"w{number}", f"a{number}") for number in range(7))
    lines = said(capsys, replace(rows, gaps=(), ambiguous=pairs))
    assert len(lines) == 1 + 5 + 2
    assert lines[6] == (
        "  and 2 more such names; azstaging inventory -o json lists all under ambiguous"
    )


def test_the_command_line_names_what_is_not_on_the_list(world):
    items = world("inventory", "-o", "json").document["items"]
    surplus = items.pop()
    rows = "".join(f"{each['id']}\n" for each in items)
    (world.folder / "expected.csv").write_text(f"id\n{rows}", "utf-8")
    done = world("inventory")
    assert done.code == 0
    number = len(items)
    assert (
        f"{number + 1} items read; {number} expected, all read; 1 that nobody expected; 0 gaps."
        in done.stderr
    )
    assert f"  nobody expected {surplus['name']}\n" in done.stderr
