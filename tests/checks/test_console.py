"""The console: fetched without a token, from the cloud's storage alone, its address kept secret."""

import dataclasses
import gzip
import logging
from pathlib import Path

import msgspec
import pytest

import azstaging
from azstaging.azure.clouds import CHINA, PUBLIC, US_GOVERNMENT, choose_cloud
from azstaging.azure.console import is_storage
from azstaging.azure.credentials import StaticCredential
from azstaging.cli.estate_config import write_config
from azstaging.emulator import Emulator
from azstaging.emulator.console import LOG, PICTURE, STORAGE
from azstaging.emulator.sample import sample_estate
from azstaging.journal.evidence import read_evidence
from azstaging.model.findings import Outcome
from azstaging.rules.roles import PROBER, READER
from azstaging.rules.serial_log import stuck_at
from azstaging.run import utc_now

PANIC = b"Linux version 5.14.0\r\nKernel panic - not syncing: VFS: Unable to mount root fs\r\n"


@pytest.mark.parametrize(
    ("url", "cloud", "good"),
    [
        ("https://diag1.blob.core.windows.net/c/x?sig=s", PUBLIC, True),
        ("https://DIAG1.blob.core.windows.net:443/c/x", PUBLIC, True),
        ("https://diag1.blob.core.usgovcloudapi.net/c/x", US_GOVERNMENT, True),
        ("https://diag1.blob.core.chinacloudapi.cn/c/x", CHINA, True),
        ("https://diag1.blob.core.windows.net/c/x", CHINA, False),
        ("http://diag1.blob.core.windows.net/c/x", PUBLIC, False),
        ("https://diag1.blob.core.windows.net:8443/c/x", PUBLIC, False),
        ("https://blob.core.windows.net/c/x", PUBLIC, False),
        ("https://a.b.blob.core.windows.net/c/x", PUBLIC, False),
        ("https://diag1.blob.core.windows.net.attacker.example/c/x", PUBLIC, False),
        ("https://attacker.example/diag1.blob.core.windows.net", PUBLIC, False),
        ("https://diag1.blob.core.windows.net@attacker.example/x", PUBLIC, False),
        ("https://attacker.example\\.blob.core.windows.net/x", PUBLIC, False),
        ("https://169.254.169.254/x", PUBLIC, False),
        ("http://127.0.0.1:8080/x", PUBLIC, False),
        ("file:///etc/passwd", PUBLIC, False),
        ("https://[", PUBLIC, False),
        ("", PUBLIC, False),
        ("http://127.0.0.1:4471/x", choose_cloud(arm_endpoint="http://127.0.0.1:4471"), True),
        ("http://127.0.0.1:4472/x", choose_cloud(arm_endpoint="http://127.0.0.1:4471"), False),
        ("https://d.blob.core.windows.net/", choose_cloud(arm_endpoint="http://[::1]:1"), False),
    ],
)
def test_only_blobs_of_the_cloud_are_fetched(url: str, cloud, good: bool) -> None:
    assert is_storage(url, cloud) is good


@pytest.mark.parametrize(
    ("log", "stuck"),
    [
        (b"", ""),
        (b"\xff\xfe login:", ""),
        (PANIC, "Kernel panic - not syncing"),
        (PANIC + b"Linux version 5.14.0\r\nlogin: ", ""),
        (b"Linux version 5\r\nYou are in emergency mode. After", "You are in emergency mode"),
        (b"error: unknown filesystem.\r\ngrub rescue> ", "grub rescue>"),
    ],
)
def test_the_last_boot_of_a_log_counts(log: bytes, stuck: str) -> None:
    assert stuck_at(log) == stuck


def check(azure: Emulator, folder: Path, journal, show=None):
    """Run the check as a prober; return the staged rows and what was found, by item."""
    config = azstaging.load_configuration(
        write_config(folder / "azstaging.toml", azure.estate, arm_endpoint=azure.url, now=utc_now())
    )
    policy = dataclasses.replace(config.policy, advisory=("console",))
    config = dataclasses.replace(config, policy=policy)
    token = StaticCredential(azure.token("planner"))
    staging = azstaging.Staging(token, config, journal=journal)
    inventory = staging.inventory()
    rows = [row for row in inventory if row.target]
    for row, told in zip(rows, show or [], strict=False):
        azure.state.consoles[row.target.id.key] = told
    findings = staging.check(inventory)
    return rows, {f.subject.id: f for f in findings if f.check == "console"}


def probers():
    sample = sample_estate()
    people = tuple(
        msgspec.structs.replace(each, actions=(*READER.actions, *PROBER.actions))
        for each in sample.identities
    )
    return msgspec.structs.replace(sample, identities=people)


def test_both_are_kept_and_the_signature_is_nowhere(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    elsewhere = "https://attacker.example/x.bmp?sig=canary-7f"
    show = [
        {PICTURE: b"BMcanary", LOG: PANIC},
        {PICTURE: elsewhere, LOG: b"login:"},
        {},
    ]
    estate = tmp_path / "estate"
    with Emulator(probers()) as azure, azstaging.Journal.open(estate) as journal:
        rows, found = check(azure, tmp_path, journal, show)
        blobs = [r for r in azure.requests if r.path.startswith(STORAGE)]
        signatures = {r.query.partition("sig=")[2] for r in blobs}
    assert blobs
    assert all("authorization" not in r.headers and r.status == 200 for r in blobs)
    stopped, foreign, nothing, usual = (found[row.id.key] for row in rows[:4])
    assert stopped.outcome is Outcome.FAIL
    assert [each.name for each in stopped.artefacts] == ["console", "serial-log"]
    log = stopped.artefacts[1]
    assert read_evidence(estate, log.file, digest=log.sha256) == PANIC
    assert foreign.outcome is Outcome.INCONCLUSIVE
    assert foreign.detail == "its console could not be read: UnexpectedResponseError"
    assert nothing.detail == "Azure has neither picture nor serial log of the machine"
    assert usual.outcome is Outcome.PASS
    written = b"".join(
        gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for path in estate.rglob("*")
        if path.is_file()
    ).decode("utf-8", "replace")
    for secret in {*signatures, "sig=", "canary-7f"}:
        assert secret not in written
        assert secret not in caplog.text


def test_the_reader_may_not_and_is_told_what_is_missing(tmp_path: Path) -> None:
    with Emulator() as azure, azstaging.Journal.open(tmp_path / "estate") as journal:
        rows, found = check(azure, tmp_path, journal)
        assert not [r for r in azure.requests if r.path.startswith(STORAGE)]
    detail = found[rows[0].id.key].detail
    assert "Microsoft.Compute/virtualMachines/retrieveBootDiagnosticsData/action" in detail
