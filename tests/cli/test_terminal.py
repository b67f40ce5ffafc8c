"""On a terminal: no row wraps, colours can be read on light and dark, shells complete."""

import contextlib
import json
import os
import re
import shutil
import struct
import subprocess

import click
import pytest

from azstaging.cli import azstaging as root
from azstaging.cli.completion import SHELLS, script
from azstaging.cli.layout import _COLOURS, Layout, cell_width, lay_out

fcntl = pytest.importorskip("fcntl", reason="a terminal of Unix")
pty = pytest.importorskip("pty", reason="a terminal of Unix")
termios = pytest.importorskip("termios", reason="a terminal of Unix")

_STYLE = re.compile(r"\x1b\[[0-9;]*m")


def json_lines(text):
    return [json.loads(line) for line in text.splitlines()]


def on_a_terminal(desk, columns, *arguments, stderr=subprocess.DEVNULL, **more):
    """Run a command whose stdout is a terminal so wide; return its lines."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    with subprocess.Popen(
        desk.argv(*arguments),
        cwd=desk.folder,
        env=desk.variables(TERM="xterm-256color", **more),
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=stderr,
    ):
        os.close(theirs)
        data = b""
        # Linux ends a terminal whose other side is closed with an error, not with nothing.
        with contextlib.suppress(OSError):
            while chunk := os.read(ours, 65_536):
                data += chunk
    os.close(ours)
    return data.decode("utf-8").replace("\r\n", "\n").splitlines()


@pytest.mark.parametrize("columns", [60, 90, 132])
def test_no_row_of_a_diff_wraps(estate_desk, columns):
    lines = on_a_terminal(estate_desk, columns, "diff", "--class", "expected,act")
    plain = [_STYLE.sub("", line).rsplit("\r\x1b[K", 1)[-1] for line in lines]
    assert len(plain) > 50
    assert max(map(cell_width, plain)) <= columns


@pytest.mark.parametrize("columns", [40, 80, 120, 200])
def test_no_row_wraps(estate_desk, columns):
    lines = on_a_terminal(estate_desk, columns, "inventory")
    plain = [_STYLE.sub("", line).rsplit("\r\x1b[K", 1)[-1] for line in lines]
    assert len(plain) > 50
    assert max(map(cell_width, plain)) <= columns


def heads_of(desk, columns):
    """Return the lines of a table from its heading on, and the places of the headings."""
    lines = [_STYLE.sub("", line) for line in on_a_terminal(desk, columns, "inventory")]
    start = next(number for number, line in enumerate(lines) if "NAME  " in line)
    lines[start] = lines[start].rpartition("\r\x1b[K")[2]
    return lines[start:], [each.group() for each in re.finditer(r"\S+(?: \S+)*", lines[start])]


@pytest.mark.parametrize(
    ("columns", "heads"),
    [
        (36, ["NAME", "GATE"]),
        (80, ["NAME", "PHASE", "GATE", "FIRST REASON", "CHECKS"]),
        (100, ["!", "NAME", "PHASE", "GATE", "FIRST REASON", "CHECKS", "DIFF"]),
        (
            200,
            [
                *("!", "NAME", "WORKLOADS", "WAVE", "PHASE", "PROVIDER", "GATE", "FIRST REASON"),
                *("CHECKS", "DIFF", "AGE", "TEST MACHINES", "HEALTH", "LAG (S)"),
            ],
        ),
    ],
)
def test_a_narrow_terminal_shows_what_is_wanted_most(estate_desk, columns, heads):
    lines, shown = heads_of(estate_desk, columns)
    assert shown == heads
    rows = lines[1:57]
    names = {row["name"] for row in json_lines(estate_desk("inventory", "-o", "jsonl").stdout)}
    start = lines[0].index("NAME")
    end = lines[0].index(shown[shown.index("NAME") + 1])
    assert {row[start:end].strip() for row in rows} == names, "a machine's name is whole"
    assert max(map(cell_width, rows)) <= columns
    if "FIRST REASON" in shown:
        reason = lines[0].index("CHECKS") - lines[0].index("FIRST REASON") - 2
        assert reason >= (20 if columns == 80 else 32)


def test_what_does_not_fit_is_said_below_the_table(estate_desk):
    lines = on_a_terminal(estate_desk, 100, "inventory", stderr=subprocess.STDOUT, NO_COLOR="1")
    said = [line.rpartition("\x1b[K")[2] for line in lines]
    at = said.index(
        "This terminal is too narrow for: workloads, wave, provider, evidence age, test machines, "
        "health, lag seconds. --wide and -o tsv have them."
    )
    heading = next(number for number, line in enumerate(said) if " FIRST REASON " in line)
    assert at > heading + 56, "it stands below the last row"
    rest = on_a_terminal(estate_desk, 300, "inventory", stderr=subprocess.STDOUT)
    assert not any("too narrow" in line for line in rest)


def test_other_columns_have_a_place_only_where_the_first_have_room():
    rows = [{"wave": "w" * 9, "name": "a" * 9, "why": "y" * 50, "n": 1}]
    layout = Layout(first=("name", "why"), then=("n", "wave"), room={"why": 20})
    shown = {}
    for available in (14, 19, 31, 34, 45):
        text, left_out = lay_out(rows, layout, available)
        assert max(map(cell_width, text.splitlines())) <= available
        shown[available] = (text.splitlines()[0].split(), left_out)
    assert shown == {
        14: (["NAME"], ["wave", "why", "n"]),
        19: (["NAME", "WHY"], ["wave", "n"]),
        31: (["NAME", "WHY"], ["wave", "n"]),
        34: (["NAME", "WHY", "N"], ["wave"]),
        45: (["WAVE", "NAME", "WHY", "N"], []),
    }


def test_a_short_heading_is_long_again_where_there_is_room():
    rows = [{"name": "a", "evidence_age": "2 h", "note": "n" * 40}]
    layout = Layout(short={"evidence_age": "AGE"})
    assert lay_out(rows, layout, 30)[0].splitlines()[0].split() == ["NAME", "AGE", "NOTE"]
    assert "EVIDENCE AGE" in lay_out(rows, layout, 80)[0]


@pytest.mark.parametrize("columns", [80, 250])
def test_wide_shows_every_column_whole_on_any_terminal(estate_desk, columns):
    rows = json_lines(estate_desk("inventory", "--wide", "-o", "jsonl").stdout)
    lines = on_a_terminal(estate_desk, columns, "inventory", "--wide", NO_COLOR="1")
    shown = [line.rpartition("\r\x1b[K")[2] for line in lines]
    labels = [name.replace("_", " ") for name in rows[0]]
    room = max(map(len, labels))
    found = [line[2 : 2 + room].strip() for line in shown if line.startswith("  ")]
    assert found == labels * len(rows)
    ids = [line[room + 4 :] for line in shown if line.startswith("  id ")]
    assert ids == [row["id"] for row in rows]
    assert [line for line in shown if line and not line.startswith("  ")] == [
        row["name"] for row in rows
    ]


def test_wide_cuts_nothing_where_there_is_no_terminal(estate_desk):
    rows = json_lines(estate_desk("inventory", "--wide", "-o", "jsonl").stdout)
    text = estate_desk("inventory", "--wide").stdout
    assert len(text.splitlines()) == len(rows) + 1
    assert "\u2026" not in text
    assert all(row["id"] in text for row in rows)


def test_wide_and_combining_letters_take_the_room_that_they_take():
    rows = [{"name": "決済サーバー", "n": 1}, {"name": "cafe\u0301", "n": 22}]
    lines = lay_out(rows)[0].splitlines()
    # Twelve columns of letters, two between, two for the number; its heading ends earlier.
    assert [cell_width(line) for line in lines] == [15, 16, 16]
    assert cell_width("決済") == 4
    assert cell_width("cafe\u0301") == 4


def test_a_terminal_gets_colours_and_no_color_takes_them_away(estate_desk):
    coloured = on_a_terminal(estate_desk, 120, "inventory")
    plain = on_a_terminal(estate_desk, 120, "inventory", NO_COLOR="1")
    assert any(_STYLE.search(line) for line in coloured)
    assert not any(_STYLE.search(line) for line in plain)
    assert [_STYLE.sub("", line) for line in coloured] == plain


def test_colours_can_be_read_on_light_and_on_dark():
    # Yellow and white vanish on light, blue and black on dark; bright ones differ per terminal.
    assert set(_COLOURS.values()) <= {"red", "green", "magenta", "cyan"}


@pytest.mark.parametrize("shell", SHELLS)
def test_the_completion_script_is_what_the_shell_reads(shell):
    text = script(root, shell)
    assert "_AZSTAGING_COMPLETE" in text
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is needed to read its script")
    done = subprocess.run(
        [program, "-n"], input=text, capture_output=True, text=True, check=False, timeout=30
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("azstaging rel", {"release"}),
        ("azstaging journal ver", {"verify"}),
        ("azstaging inventory --wi", {"--wide"}),
        ("azstaging rbac pro", {"prober"}),
    ],
)
def test_what_bash_asks_is_answered(desk, typed, offered):
    words = typed.split(" ")
    done = desk.spawn(
        _AZSTAGING_COMPLETE="bash_complete", COMP_WORDS=typed, COMP_CWORD=str(len(words) - 1)
    )
    found = {line.partition(",")[2] for line in done.stdout.splitlines()}
    assert found == offered, done.stderr


def test_a_row_that_is_cut_says_so():
    text = click.unstyle(lay_out([{"name": "x" * 300}])[0])
    assert text.splitlines()[1].endswith("…")
