"""How hard both sides work: percentiles of the service's points, and the source's from a table."""

import dataclasses
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

import azstaging
from azstaging.azure.credentials import StaticCredential
from azstaging.cli.estate_config import write_config
from azstaging.emulator import Emulator
from azstaging.emulator.metrics import QUIET
from azstaging.model.findings import Outcome
from azstaging.model.usage import Usage
from azstaging.providers.metrics import CPU, LEAST_POINTS, MEMORY, NAMES, usage_from
from azstaging.rules.source_import import ColumnMap, Table, match_sources, read_sources
from azstaging.rules.usage import source_usage
from azstaging.run import utc_now

START = datetime(2026, 1, 30, 8, 0, tzinfo=timezone.utc)
LOAD = {
    "cpu_p95_percent": "12.4",
    "memory_p95_percent": "90",
    "disk_p95_bytes_per_second": "300000",
    "network_p95_bytes_per_second": "200000",
}


def answer(**values: list[float | None]):
    def points(key: str, told: list[float | None]):
        return [
            {"timeStamp": (START + timedelta(minutes=5 * i)).isoformat()}
            | ({} if value is None else {key: value})
            for i, value in enumerate(told)
        ]

    return {
        "value": [
            {
                "name": {"value": name},
                "timeseries": [
                    {"data": points("average" if name in {CPU, MEMORY} else "total", told)}
                ],
            }
            for name, told in values.items()
        ]
    }


def full(value: float) -> list[float | None]:
    return [value] * LEAST_POINTS


def test_percentiles_are_of_the_points_that_have_a_value() -> None:
    cpu = [float(i) for i in range(1, 201)]
    told: dict[str, list[float | None]] = {name: full(3_000.0) for name in NAMES}
    told |= {CPU: [*cpu, None], MEMORY: full(1024.0**2 * 256)}
    usage, problem = usage_from(answer(**told), memory_mib=1024)
    assert problem == ""
    assert usage == Usage(
        cpu_percent=190,
        memory_percent=75,
        disk_bytes_per_second=20,
        network_bytes_per_second=20,
    )


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({}, "metrics of 0 of the last 24 hours"),
        ({"value": [None, 3, {"name": CPU}]}, "metrics of 0 of"),
        (answer(**{CPU: [1.0] * (LEAST_POINTS - 1)}), "metrics of 11 of"),
        (answer(**{CPU: [None] * 288}), "metrics of 0 of"),
        (answer(**{CPU: [float("nan"), -1.0] * 144}), "metrics of 0 of"),
    ],
    ids=["empty", "other-shape", "too-few", "no-values", "no-numbers"],
)
def test_too_little_is_not_a_quiet_machine(body, problem: str) -> None:
    usage, why = usage_from(body, memory_mib=1024)
    assert usage is None
    assert problem in why


def test_memory_without_the_size_of_the_machine_is_not_told() -> None:
    told = {CPU: full(1.0), MEMORY: full(5.0)}
    usage, _ = usage_from(answer(**told), memory_mib=None)
    assert usage == Usage(cpu_percent=1)


def test_what_a_table_tells_of_the_load_is_a_plain_number_or_nothing() -> None:
    assert source_usage({}) is None
    assert source_usage({"cpu_p95_percent": "40 %", "memory_p95_percent": "-1"}) is None
    assert source_usage({"cpu_p95_percent": " 40.6 ", "disk_p95_bytes_per_second": "1,5"}) == (
        Usage(cpu_percent=41)
    )


class Company:
    """The sample estate, its policy asking for this check."""

    def __init__(self, azure: Emulator, folder: Path, journal) -> None:
        config = azstaging.load_configuration(
            write_config(
                folder / "azstaging.toml", azure.estate, arm_endpoint=azure.url, now=utc_now()
            )
        )
        policy = dataclasses.replace(config.policy, advisory=("performance",))
        self.staging = azstaging.Staging(
            StaticCredential(azure.token("planner")),
            dataclasses.replace(config, policy=policy),
            journal=journal,
        )

    def outcomes(self, inventory):
        findings = self.staging.check(inventory)
        return {f.subject.id: f for f in findings if f.check == "performance"}


def test_the_targets_metrics_are_compared_with_the_frozen_import(tmp_path: Path) -> None:
    with Emulator() as azure, azstaging.Journal.open(tmp_path / "estate") as journal:
        company = Company(azure, tmp_path, journal)
        inventory = company.staging.inventory()
        names = [row.name for row in inventory]
        staged = [
            row
            for row in inventory
            if row.target and row.target.memory_mib and names.count(row.name) == 1
        ]
        calm, busy, silent, *others = staged
        for row in (calm, busy):
            used = QUIET | {MEMORY: row.target.memory_mib * 1024.0**2 * 0.1}
            azure.state.metrics[row.target.id.key] = used
        azure.state.metrics[busy.target.id.key][CPU] = 99.0
        azure.state.metrics[silent.target.id.key] = {}
        cells = [
            (i, {"name": row.name, **LOAD}) for i, row in enumerate([calm, busy, silent], start=2)
        ]
        imported = read_sources([Table(name="load.csv", rows=cells)], ColumnMap())
        sources, _ = match_sources(inventory, imported)
        company.staging.baseline(inventory, sources=sources)
        found = company.outcomes(inventory)
    assert found[calm.id.key].outcome is Outcome.PASS, found[calm.id.key].detail
    assert found[calm.id.key].detail == (
        "CPU 12 -> 12 %; memory 90 -> 90 %; disk 300000 -> 300000 B/s; network 200000 -> 200000 B/s"
    )
    assert (found[busy.id.key].outcome, found[busy.id.key].detail) == (
        Outcome.FAIL,
        "CPU 12 -> 99 %",
    )
    assert found[silent.id.key].outcome is Outcome.INCONCLUSIVE
    assert "metrics of 0 of the last 24 hours" in found[silent.id.key].detail
    assert found[others[0].id.key].detail == "nothing tells how hard the source worked"


def test_nothing_is_asked_unless_the_policy_lists_it(tmp_path: Path) -> None:
    with Emulator() as azure, azstaging.Journal.open(tmp_path / "estate") as journal:
        company = Company(azure, tmp_path, journal)
        company.staging.config = dataclasses.replace(
            company.staging.config, policy=azstaging.load_configuration(folder=tmp_path).policy
        )
        assert company.outcomes(company.staging.inventory()) == {}
        assert not [r for r in azure.requests if "Insights/metrics" in r.path]
