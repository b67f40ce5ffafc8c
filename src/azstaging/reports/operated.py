"""How an Azure VM is run, as far as ARM tells of it: identity, backup, monitoring, patching."""

from collections.abc import Iterable, Mapping
from typing import Any

from azstaging.model.findings import Finding
from azstaging.model.machines import TargetMachine

# Azure: extensions of Azure Backup, Azure Monitor, Log Analytics and Microsoft Defender.
# https://learn.microsoft.com/azure/virtual-machines/extensions/overview
_BACKUP = ("vmsnapshot", "vmsnapshotlinux", "azurebackupwindowsworkload")
_MONITORING = (
    *("azuremonitorwindowsagent", "azuremonitorlinuxagent", "microsoftmonitoringagent"),
    *("omsagentforlinux", "dependencyagentwindows", "dependencyagentlinux"),
    *("mde.windows", "mde.linux"),
)


def operated(target: TargetMachine, findings: Iterable[Finding] = ()) -> dict[str, str]:
    """Return one sentence each; what ARM does not tell is called that, never left to look good.

    Args:
        target: the machine.
        findings: of the check ``backup-item`` on this very machine; told with its time.
    """
    extension = _found(target.extensions, _BACKUP, "backup")
    return {
        "identity": _identity(target.body),
        "backup": f"{extension}; {recovery_point(findings)}; backup policy not read",
        "monitoring": _found(target.extensions, _MONITORING, "monitoring"),
        "patching": _patching(target.body),
    }


def recovery_point(findings: Iterable[Finding]) -> str:
    """Return what the latest look at the machine's backup item said, and when that was.

    The recovery point is read where the policy asks for the check, and nowhere else; the backup
    policy is not read.
    """
    last = max(findings, key=lambda finding: (finding.at, finding.seq or 0), default=None)
    if last is None:
        return "recovery points not read"
    return f"{last.detail} (as of {last.at:%Y-%m-%d %H:%M})"


def _identity(body: Mapping[str, Any]) -> str:
    identity = body.get("identity")
    kind = identity.get("type") if isinstance(identity, Mapping) else None
    return f"identity {kind}" if isinstance(kind, str) else "no identity told"


def _found(extensions: Mapping[str, str], names: tuple[str, ...], what: str) -> str:
    found = sorted(name for name in extensions if name.casefold() in names)
    told = ", ".join(f"{name} {extensions[name]}".strip() for name in found)
    return f"{what} {told}" if told else f"no {what} extension"


def _patching(body: Mapping[str, Any]) -> str:
    at: Any = body.get("properties")
    for name in ("osProfile", ("windowsConfiguration", "linuxConfiguration"), "patchSettings"):
        names = (name,) if isinstance(name, str) else name
        at = next((at[n] for n in names if n in at), None) if isinstance(at, Mapping) else None
    mode = at.get("patchMode") if isinstance(at, Mapping) else None
    return f"patching {mode}" if isinstance(mode, str) else "patching not told"
