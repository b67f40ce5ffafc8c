"""The wrapper of scripts for Run Command, run by a real shell: its last line tells the truth."""

import base64
import hashlib
import subprocess

import pytest

from azstaging.model.commands import CommandRun, GuestTask
from azstaging.model.ids import ResourceId
from azstaging.rules.guest_script import command_body, command_run

MARK = "ab" * 16
VM = ResourceId("/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v")


def task(script: str, system: str = "linux") -> GuestTask:
    return GuestTask(machine=VM, location="westeurope", os_family=system, script=script)


def said_by_a_shell(script: str) -> str:
    body = command_body(task(script), mark=MARK)
    assert body is not None
    assert body["commandId"] == "RunShellScript"
    lines = body["script"]
    assert isinstance(lines, list)
    done = subprocess.run(
        ["/bin/sh", "-c", "\n".join(lines)], capture_output=True, text=True, check=False
    )
    # The service gives back the last 4,096 bytes, among words of its own.
    return f"Enable succeeded: \n[stdout]\n{done.stdout[-4096:]}\n[stderr]\n{done.stderr}"


def run(script: str) -> CommandRun:
    return command_run([said_by_a_shell(script)], mark=MARK, machine="v")


@pytest.mark.parametrize(
    ("script", "code", "output"),
    [
        ("echo fine", 0, b"fine\n"),
        ("echo fine; echo bad >&2; exit 3", 3, b"fine\nbad\n"),
        ("no-such-program-at-all 2>/dev/null", 127, b""),
        ("printf '%0100000d' 7", 0, b"0" * 99_999 + b"7"),
        ("printf 'no newline'; exit 137", 137, b"no newline"),
        ('echo "quotes \' and {braces}"', 0, b"quotes ' and {braces}\n"),
        ("cat", 0, b""),
    ],
    ids=["good", "bad", "missing", "long", "no-newline", "quotes", "no-input"],
)
def test_code_length_and_hash_are_those_of_the_script(script, code, output) -> None:
    found = run(script)
    assert (found.problem, found.exit_code, found.size_bytes) == ("", code, len(output))
    assert found.sha256 == hashlib.sha256(output).hexdigest()


def test_what_the_script_writes_stays_in_the_guest() -> None:
    assert "canary" not in said_by_a_shell("echo canary; echo canary >&2; exit 1")


def test_a_script_that_is_killed_has_the_code_of_its_signal() -> None:
    assert run("kill -9 $$").exit_code == 128 + 9


def test_a_shell_that_dies_sends_no_mark() -> None:
    assert run("kill -9 $PPID").problem == "the guest did not send our mark"


LINE = f"azstaging:{MARK}:0:1:{'c' * 64}"


@pytest.mark.parametrize(
    "messages",
    [
        [],
        [""],
        [LINE.replace(MARK, "cd" * 16)],
        [LINE[:-1]],
        [f"x{LINE}"],
        [LINE, LINE.replace(":0:", ":1:")],
        [f"{LINE}\n{LINE.replace(':0:', ':1:')}"],
    ],
    ids=["none", "empty", "other-mark", "torn", "inside", "two-messages", "two-lines"],
)
def test_no_mark_or_two_that_differ_is_no_result(messages) -> None:
    assert command_run(messages, mark=MARK, machine="v").problem
    assert command_run([LINE], mark=MARK, machine="v").exit_code == 0


def test_windows_gets_powershell_and_an_unknown_system_nothing() -> None:
    body = command_body(task("Get-Service nginx", "Windows"), mark=MARK)
    assert body is not None
    assert body["commandId"] == "RunPowerShellScript"
    text = "\n".join(body["script"])  # type: ignore[arg-type]
    assert base64.b64encode(b"Get-Service nginx").decode() in text
    assert f"azstaging:{MARK}:${{code}}" in text
    assert command_body(task("x", ""), mark=MARK) is None


@pytest.mark.parametrize("mark", ["", "short", "$(id)" * 8, "AB" * 16])
def test_a_mark_that_could_break_out_is_refused(mark) -> None:
    with pytest.raises(ValueError, match="mark"):
        command_body(task("x"), mark=mark)
