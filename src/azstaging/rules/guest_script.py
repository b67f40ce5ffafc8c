"""A script for Run Command, wrapped so that its end can be told from a lie. Pure.

Run Command says ``succeeded`` whatever the exit code, cuts the output to its last 4,096 bytes, and
mixes it with text of its own. So the script's output stays in the guest, and one line of ours
comes last: a mark that nobody else knows, the exit code, the length and the hash of the output.

Azure: https://learn.microsoft.com/azure/virtual-machines/run-command-overview
"""

import base64
import re

from azstaging.model.commands import CommandRun, GuestTask

_LINUX = r"""
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
out=$dir/out
printf %s '{script}' | base64 -d >"$dir/script" || exit 1
/bin/sh "$dir/script" >"$out" 2>&1 </dev/null
code=$?
size=$(wc -c <"$out" | tr -d ' ')
hash=$(sha256sum "$out" | cut -d' ' -f1)
printf '\nazstaging:%s:%s:%s:%s\n' '{mark}' "$code" "$size" "$hash"
"""
# Nobody ran this one on a real machine yet: unverified.
_WINDOWS = r"""
$file = [IO.Path]::ChangeExtension([IO.Path]::GetTempFileName(), '.ps1')
$out = [IO.Path]::GetTempFileName()
try {{
  [IO.File]::WriteAllBytes($file, [Convert]::FromBase64String('{script}'))
  & powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass -File $file *> $out
  $code = $LASTEXITCODE
  $size = (Get-Item $out).Length
  $hash = (Get-FileHash -Algorithm SHA256 $out).Hash.ToLower()
}} finally {{ Remove-Item -Force $file, $out }}
Write-Output "azstaging:{mark}:${{code}}:${{size}}:${{hash}}"
"""
_MARK = re.compile(r"[0-9a-f]{16,64}")


def command_body(task: GuestTask, *, mark: str) -> dict[str, object] | None:
    """Return the body of the request, or None: the system of the machine is not known.

    Azure: VirtualMachines_RunCommand, RunCommandInput

    Args:
        task: the script and its machine.
        mark: hexadecimal, new for every attempt.

    Raises:
        ValueError: the mark is none.
    """
    if not _MARK.fullmatch(mark):
        raise ValueError("a mark is 16 to 64 hexadecimal digits")
    kinds = {"linux": ("RunShellScript", _LINUX), "windows": ("RunPowerShellScript", _WINDOWS)}
    command, template = kinds.get(task.os_family.casefold(), ("", ""))
    if not command:
        return None
    encoded = base64.b64encode(task.script.encode()).decode()
    text = template.strip().format(script=encoded, mark=mark)
    return {"commandId": command, "script": text.splitlines()}


def command_run(messages: list[str], *, mark: str, machine: str) -> CommandRun:
    """Read what came back. No mark, or two that differ, is no result.

    Args:
        messages: the ``message`` of every status that the service gave.
        mark: the one that was sent.
        machine: name of the VM.
    """
    numbers = r"(-?\d{1,10}):(\d{1,12}):([0-9a-f]{64})"
    line = re.compile(rf"^azstaging:{mark}:{numbers}\s*$", re.MULTILINE)
    found = {match.groups() for text in messages for match in line.finditer(text)}
    if len(found) != 1:
        return CommandRun(machine=machine, problem="the guest did not send our mark")
    ((code, size, sha256),) = found
    return CommandRun(machine=machine, exit_code=int(code), size_bytes=int(size), sha256=sha256)
