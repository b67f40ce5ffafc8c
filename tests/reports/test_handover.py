"""What those need who take a machine over, and who must act on a blocker next."""

from dataclasses import replace

import pytest

from azstaging import reports
from azstaging.model.ids import ResourceId
from azstaging.model.machines import TargetMachine
from azstaging.model.report import Report
from azstaging.reports.commands import command_for
from azstaging.reports.operated import operated

VM = TargetMachine(
    id=ResourceId(
        "/subscriptions/s/resourceGroups/r/providers/Microsoft.Compute/virtualMachines/v"
    ),
    name="v",
)


def test_what_arm_does_not_tell_is_not_called_good() -> None:
    assert operated(VM) == {
        "identity": "no identity told",
        "backup": "no backup extension; recovery points not read; backup policy not read",
        "monitoring": "no monitoring extension",
        "patching": "patching not told",
    }


def test_identity_backup_monitoring_and_patching_are_told_from_the_vm() -> None:
    patching = {"windowsConfiguration": {"patchSettings": {"patchMode": "AutomaticByPlatform"}}}
    vm = replace(
        VM,
        extensions={"VMSnapshot": "Succeeded", "AzureMonitorWindowsAgent": "Failed", "x": "y"},
        body={"identity": {"type": "SystemAssigned"}, "properties": {"osProfile": patching}},
    )
    assert operated(vm) == {
        "identity": "identity SystemAssigned",
        "backup": ("backup VMSnapshot Succeeded; recovery points not read; backup policy not read"),
        "monitoring": "monitoring AzureMonitorWindowsAgent Failed",
        "patching": "patching AutomaticByPlatform",
    }


@pytest.mark.parametrize("body", [{"identity": 3}, {"properties": {"osProfile": []}}, {}])
def test_a_body_of_another_shape_is_not_told(body: object) -> None:
    told = operated(replace(VM, body=body))  # type: ignore[arg-type]
    assert (told["identity"], told["patching"]) == ("no identity told", "patching not told")


def test_operations_see_what_changed_and_what_is_not_read(report: Report) -> None:
    page = reports.render(report, "operations", "html")["operations.html"].decode()
    assert "Changed on the way" in page
    assert "mounts inside the guest are not read" in page
    assert "no backup extension" in page


@pytest.mark.parametrize(
    ("code", "item", "command"),
    [
        ("evidence-expired", "/x", "azstaging check --workload 'Pay roll; rm -rf /'"),
        ("phase", "/x/y z", "azstaging inventory --item '/x/y z'"),
        ("phase", None, "azstaging inventory --workload 'Pay roll; rm -rf /'"),
        ("gap", None, "azstaging doctor"),
        ("cooling-off", None, ""),
    ],
)
def test_the_next_command_is_one_that_a_shell_takes_as_meant(
    code: str, item: str | None, command: str
) -> None:
    assert command_for(code, workload="Pay roll; rm -rf /", item_id=item) == command


def test_the_engineer_has_a_command_for_blockers_and_the_manager_no_name(report: Report) -> None:
    made = reports.render_all(report, formats=["html"])
    assert "azstaging check --workload" in made["engineer.html"].decode()
    assert "--item" not in made["manager.html"].decode()
