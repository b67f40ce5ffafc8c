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
from azstaging.cli.output import _COLOURS, cell_width, table

fcntl = pytest.importorskip("fcntl", reason="a terminal of Unix")
pty = pytest.importorskip("pty", reason="a terminal of Unix")
termios = pytest.importorskip("termios", reason="a terminal of Unix")

_STYLE = re.compile(r"\x1b\[[0-9;]*m")


def json_lines(text):
    return [json.loads(line) for line in text.splitlines()]


def on_a_terminal(desk, columns, *arguments, **more):
    """Run a command whose stdout and stderr are a terminal so wide; return its lines."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    with subprocess.Popen(
        desk.argv(*arguments),
        cwd=desk.folder,
        env=desk.variables(TERM="xterm-256color", **more),
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.DEVNULL,
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
    lines = on_a_terminal(estate_desk, columns, "inventory", "--wide")
    plain = [_STYLE.sub("", line).rsplit("\r\x1b[K", 1)[-1] for line in lines]
    assert len(plain) > 50
    assert max(map(cell_width, plain)) <= columns


def test_a_narrow_terminal_still_tells_machines_apart(estate_desk):
    names = {row["name"] for row in estate_desk("inventory", "-o", "json").document["items"]}
    names |= {row["name"] for row in json_lines(estate_desk("inventory", "-o", "jsonl").stdout)}
    lines = on_a_terminal(estate_desk, 80, "inventory", NO_COLOR="1")
    heads = next(number for number, line in enumerate(lines) if "MARK  NAME " in line)
    assert "LAG" not in lines[heads]
    rows = lines[heads + 1 :]
    assert len(rows) == 56
    start = lines[heads].rsplit("\r\x1b[K", 1)[-1].index("NAME")
    shown = [re.split(r"  +", row[start:])[0] for row in rows]
    assert set(shown) <= names, "a machine's name is whole"
    # What is left over when the last columns went is used.
    assert max(map(cell_width, rows)) > 72


def test_wide_and_combining_letters_take_the_room_that_they_take():
    rows = [{"name": "決済サーバー", "n": 1}, {"name": "cafe\u0301", "n": 22}]
    lines = table(rows).splitlines()
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
    text = click.unstyle(table([{"name": "x" * 300}]))
    assert text.splitlines()[1].endswith("…")
