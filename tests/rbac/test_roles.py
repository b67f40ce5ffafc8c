"""The roles are enough for the whole run, hold nothing unused, and name what lacks."""

import dataclasses
import json
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

import azstaging
from azstaging.azure.credentials import StaticCredential
from azstaging.cli import azstaging as cli
from azstaging.cli.estate_config import write_config
from azstaging.emulator.paths import Address
from azstaging.emulator.sample import sample_estate
from azstaging.emulator.server import Emulator
from azstaging.model.plans import ReceiptState
from azstaging.rules.roles import PROBER, READER, RELEASER, ROLES
from azstaging.run import utc_now

# What no machine of the sample estate needs: physical appliances, projects named by id.
NOT_IN_THE_SAMPLE = {
    # Nothing drifts in this run; tests/release/test_drift.py reads who changed what.
    "Microsoft.Insights/eventtypes/values/read",
    "Microsoft.OffAzure/ServerSites/machines/read",
    "Microsoft.Migrate/migrateProjects/solutions/read",
}


def estate_with(reader, releaser):
    """The sample estate; planner and approver may do the one, the releaser both."""
    estate = sample_estate()
    granted = {"planner": reader, "approver": reader, "releaser": (*reader, *releaser)}
    people = tuple(
        msgspec.structs.replace(person, actions=granted.get(person.name, person.actions))
        for person in estate.identities
    )
    return msgspec.structs.replace(estate, identities=people)


class Company:
    """Three people before one Azure and one journal."""

    def __init__(self, azure, folder, journal):
        self.azure = azure
        self.journal = journal
        file = write_config(
            folder / "azstaging.toml", azure.estate, arm_endpoint=azure.url, now=utc_now()
        )
        config = azstaging.load_configuration(file)
        # How long silence proves nothing: here the emulator has said all it will say at once.
        policy = dataclasses.replace(
            config.policy,
            settle_seconds=1,
            advisory=(*config.policy.advisory, "backup-item", "performance"),
        )
        self.config = dataclasses.replace(config, policy=policy)

    def staging(self, name):
        credential = StaticCredential(self.azure.token(name))
        return azstaging.Staging(credential, self.config, journal=self.journal)

    def sent(self):
        return {
            Address(request.path).action(request.method)
            for request in self.azure.requests
            if "/_apis" not in request.path
        }


def whole_run(company):
    """Inventory to release; returns the inventory and what the release did."""
    planner = company.staging("planner")
    inventory = planner.inventory()
    planner.baseline(inventory)
    diff = planner.diff(inventory)
    findings = planner.check(inventory, diff)
    decisions = planner.decide(inventory, findings, diff)
    plan = planner.plan(decisions.open)
    company.staging("approver").approve(plan, comment="CHG-4471")
    planner.job_history(inventory)
    return inventory, company.staging("releaser").release(plan, execute=True)


def test_with_only_these_roles_the_whole_run_works_and_uses_each_action(tmp_path):
    estate = estate_with(READER.actions, RELEASER.actions)
    with Emulator(estate) as azure, azstaging.Journal.open(tmp_path / "estate") as journal:
        company = Company(azure, tmp_path, journal)
        inventory, result = whole_run(company)
        sent = company.sent()
    closed = sample_estate().denials[0].scope.casefold()
    assert {gap.scope.key for gap in inventory.gaps} == {closed}, "only the vault that nobody reads"
    assert {receipt.state for receipt in result.receipts} == {ReceiptState.DONE}
    assert sent - {*READER.actions, *RELEASER.actions} == set()
    assert {*READER.actions, *RELEASER.actions} - sent == NOT_IN_THE_SAMPLE


@pytest.mark.parametrize("action", [a for a in READER.actions if a not in NOT_IN_THE_SAMPLE])
def test_a_missing_read_is_named(tmp_path, action):
    reader = tuple(each for each in READER.actions if each != action)
    with (
        Emulator(estate_with(reader, RELEASER.actions)) as azure,
        azstaging.Journal.open(tmp_path / "estate") as journal,
    ):
        told = told_by_a_run(Company(azure, tmp_path, journal))
    assert action.casefold() in told.casefold()


def told_by_a_run(company):
    """Everything that people are told: gaps, findings, reasons, receipts, the error."""
    try:
        inventory, result = whole_run(company)
    except azstaging.StagingError as error:
        planner = company.staging("planner")
        try:
            inventory = planner.inventory()
        except azstaging.StagingError as again:
            return f"{error} {again} {again.advice()}"
        findings = planner.check(inventory)
        reasons = planner.decide(inventory, findings)
        gaps = (*inventory.gaps, *planner.job_history(inventory).unread)
        return f"{error} {error.advice()} {gaps} {findings.rows()} {reasons.rows()}"
    planner = company.staging("planner")
    findings, unread = planner.evidence().rows(), planner.job_history(inventory).unread
    return f"{inventory.gaps} {unread} {findings} {result.rows()} {result.receipts} {result.held}"


@pytest.mark.parametrize("action", [g.action for g in RELEASER.grants if not g.optional])
def test_a_missing_stop_is_named_and_nothing_of_its_kind_is_stopped(tmp_path, action):
    releaser = tuple(each for each in RELEASER.actions if each != action)
    with (
        Emulator(estate_with(READER.actions, releaser)) as azure,
        azstaging.Journal.open(tmp_path / "estate") as journal,
    ):
        company = Company(azure, tmp_path, journal)
        told = told_by_a_run(company)
        stopped = {Address(stop.item_id).resource_type.casefold() for stop in azure.state.stops}
    assert action in told
    assert not any(action.casefold().startswith(kind) for kind in stopped)


def test_no_role_can_purge_or_move_a_machine():
    granted = " ".join(action for role in ROLES for action in role.actions)
    assert "*" not in granted
    for never in ("replicationProtectedItems/delete", "migrate/action", "Failover", "register"):
        assert never.casefold() not in granted.casefold()
    assert all(action.endswith("/read") for action in READER.actions)
    assert not {*READER.actions} & {*PROBER.actions, *RELEASER.actions}


def test_the_command_writes_what_az_takes(tmp_path):
    scope = "/subscriptions/00000000-0000-4000-8000-000000000001"
    out = tmp_path / "roles"
    done = CliRunner().invoke(cli, ["rbac", "--scope", scope, "--out", str(out)])
    assert done.exception is None, done.output
    written = {path.name: json.loads(path.read_text("utf-8")) for path in out.iterdir()}
    assert sorted(written) == [
        "azstaging-prober.json",
        "azstaging-reader.json",
        "azstaging-releaser.json",
    ]
    for role in ROLES:
        made = written[f"azstaging-{role.key}.json"]
        assert made["Actions"] == list(role.actions)
        assert made["AssignableScopes"] == [scope]
        assert made["IsCustom"] is True
    assert [line for line in done.stdout.splitlines() if Path(line).suffix == ".json"]


@pytest.mark.parametrize("arguments", [["--out", "roles"], ["--scope", "payroll"]])
def test_the_command_writes_nothing_without_a_place(tmp_path, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli, ["rbac", *arguments], standalone_mode=False)
    assert isinstance(done.exception, azstaging.ConfigurationError)
    assert list(tmp_path.iterdir()) == []


def test_every_action_is_shown_whole():
    shown = CliRunner().invoke(cli, ["rbac"]).stdout
    for role in ROLES:
        for grant in role.grants:
            assert f"  {grant.action}\n" in shown
            assert grant.reason in shown
