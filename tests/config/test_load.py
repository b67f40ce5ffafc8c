"""A configuration says what is wrong with it, the nearest mistake first."""

import pytest

from azstaging.config import load_configuration
from azstaging.errors import ConfigurationError
from azstaging.model.ids import ResourceId
from azstaging.model.waves import Scope


def refused(tmp_path, text):
    (tmp_path / "azstaging.toml").write_text(text, "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_configuration(tmp_path / "azstaging.toml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[jornal]\nurl = "x"\n[wave]\nexpected = "absent.csv"\n', "did you mean 'journal'"),
        ("[wave]\nexpectd = 3\n", "did you mean 'expected'"),
        ('[cloud]\nclient_secret = "x"\n', "Secrets do not belong"),
        ("[gate]\nmax_stops_per_hour = 0\n", "gate.max_stops_per_hour must be from 1"),
        ('[gate]\nmax_stops_per_hour = "2/h"\n', "gate.max_stops_per_hour must be a whole number"),
        ("[gate]\napprovals = 0\n", "gate.approvals must be from 1"),
        ("[wave]\nexpected = true\n", "wave.expected must be"),
        ("[wave\n", "is not TOML"),
        ("a = " + "[" * 40, "nested too deep"),
        (".".join("a" * 40) + " = 1\n", "too many parts"),
    ],
)
def test_the_mistake_is_named(tmp_path, text, expected):
    assert expected in refused(tmp_path, text)


def test_a_check_that_cannot_be_waived_is_refused(tmp_path):
    text = """
[[waiver]]
check = "phase-staged"
workload = "Payroll"
reason = "r"
category = "c"
approver = "a"
ticket = "t"
created = 2026-11-01T00:00:00Z
expires = 2026-11-02T00:00:00Z
"""
    assert "cannot be waived" in refused(tmp_path, text)
    long = text.replace("phase-staged", "licence").replace("2026-11-02", "2026-12-31")
    assert "longer than 30 days" in refused(tmp_path, long)


def test_the_environment_comes_after_the_file(tmp_path):
    (tmp_path / "azstaging.toml").write_text('[journal]\nurl = "estate"\n', "utf-8")
    config = load_configuration(
        folder=tmp_path, environ={"AZSTAGING_ARM_ENDPOINT": "http://127.0.0.1:1"}
    )
    assert config.journal_url == str(tmp_path / "estate")
    assert config.cloud.arm_endpoint == "http://127.0.0.1:1"
    assert config.origins["cloud.arm_endpoint"] == "AZSTAGING_ARM_ENDPOINT"


def test_a_wave_has_a_due_date_with_its_zone(tmp_path):
    (tmp_path / "azstaging.toml").write_text("[wave]\ndue = 2026-12-10T18:00:00+02:00\n", "utf-8")
    due = load_configuration(tmp_path / "azstaging.toml").wave.due
    assert due is not None
    assert due.isoformat() == "2026-12-10T16:00:00+00:00"
    assert "wave.due" in refused(tmp_path, "[wave]\ndue = 2026-12-10\n")


def test_a_free_period_needs_its_source(tmp_path):
    for source in ("", 'free_days_source = ""\n', 'free_days_source = " "\n'):
        said = refused(tmp_path, f"[wave]\nfree_days = 180\n{source}")
        assert said.startswith("wave.free_days_source is missing: wave.free_days is 180")
    stated = '[wave]\nfree_days = 180\nfree_days_source = "contract 12"\n'
    (tmp_path / "azstaging.toml").write_text(stated, "utf-8")
    wave = load_configuration(tmp_path / "azstaging.toml").wave
    assert (wave.free_days, wave.free_days_source) == (180, "contract 12")
    (tmp_path / "azstaging.toml").write_text("[wave]\nfree_days = 0\n", "utf-8")
    assert load_configuration(tmp_path / "azstaging.toml").wave.free_days == 0


VAULT = (
    "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-site-recovery/providers"
    "/Microsoft.RecoveryServices/vaults/vlt-westeurope/replicationFabrics/fabric"
    "/replicationProtectionContainers/container/replicationMigrationItems"
)


def test_ten_thousand_items_may_be_named_by_their_ids(tmp_path):
    ids = ", ".join(f'"{VAULT}/site_00000000-0000-4000-8000-{n:012d}"' for n in range(10_000))
    text = f'[[workload]]\nname = "All"\nowner = "a@b.example"\nitems = [{ids}]\n'
    (tmp_path / "azstaging.toml").write_text(text, "utf-8")
    [workload] = load_configuration(tmp_path / "azstaging.toml").wave.workloads
    assert len(workload.items) == 10_000


def test_a_file_that_no_person_wrote_is_refused(tmp_path):
    assert "is larger than 16000000 bytes" in refused(tmp_path, "#" * 16_000_001)


GUID = "00000000-0000-4000-8000-00000000000a"
PROVIDERS = f"/subscriptions/{GUID}/resourceGroups/rg/providers"
SITE_RECOVERY = f"{PROVIDERS}/Microsoft.RecoveryServices/vaults/v"
PROJECT = f"{PROVIDERS}/Microsoft.Migrate/migrateProjects/p"


@pytest.mark.parametrize(
    ("key", "value", "wanted"),
    [
        ("subscriptions", f" {GUID} ", "GUID of a subscription"),
        ("subscriptions", f"/subscriptions/{GUID}", "GUID of a subscription"),
        ("subscriptions", "Landing zone north", "GUID of a subscription"),
        ("subscriptions", "", "GUID of a subscription"),
        ("vaults", f"{PROVIDERS}/Microsoft.Compute/virtualMachines/vm", "id of a vault"),
        ("vaults", f"{SITE_RECOVERY}/replicationFabrics/f", "id of a vault"),
        ("vaults", "/providers/Microsoft.RecoveryServices/vaults/v", "id of a vault"),
        ("vaults", SITE_RECOVERY.replace(GUID, "north"), "id of a vault"),
        ("vaults", PROJECT, "id of a vault"),
        ("vaults", SITE_RECOVERY.replace("/resourceGroups/rg", ""), "id of a vault"),
        (
            "projects",
            PROJECT.replace("migrateProjects", "assessmentProjects"),
            "id of an Azure Migrate project",
        ),
        ("projects", f"{PROJECT}/solutions/s", "id of an Azure Migrate project"),
        ("projects", SITE_RECOVERY, "id of an Azure Migrate project"),
    ],
)
def test_a_scope_of_something_else_is_refused_with_what_is_wanted(tmp_path, key, value, wanted):
    file = tmp_path / "azstaging.toml"
    file.write_text(f'[scope]\n{key} = ["{value}"]\n', "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_configuration(file)
    said = str(caught.value)
    assert said == f"scope.{key}: {value!r} is not the {wanted}; nothing was read."
    assert GUID[:9] in caught.value.advice() or "/subscriptions/GUID" in caught.value.advice()
    given = (value,) if key == "subscriptions" else (ResourceId(value),)
    with pytest.raises(ConfigurationError, match=f"scope\\.{key}: "):
        Scope(**{key: given})


def test_a_scope_is_compared_without_case(tmp_path):
    local = f"{PROVIDERS}/Microsoft.DataReplication/replicationVaults/v"
    for spelt in (str, str.upper, str.lower):
        vaults = [spelt(each) for each in (SITE_RECOVERY, f"{SITE_RECOVERY}/", local)]
        text = f'[scope]\nsubscriptions = ["{spelt(GUID)}"]\nprojects = ["{spelt(PROJECT)}"]\n'
        (tmp_path / "azstaging.toml").write_text(f"{text}vaults = {vaults}\n", "utf-8")
        scope = load_configuration(tmp_path / "azstaging.toml").scope
        assert scope.subscriptions == (spelt(GUID),)
        assert (len(scope.vaults), len(scope.projects)) == (3, 1)
