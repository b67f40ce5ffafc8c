"""``emulator serve --write-config`` beside a real estate: it touches nothing of that one."""

import subprocess

import pytest

from azstaging.cli.estate_config import write_config
from azstaging.config import load_configuration
from azstaging.emulator.sample import sample_estate
from azstaging.errors import ConfigurationError
from azstaging.run import utc_now

REAL = '[wave]\nexpected = "expected.csv"\n[journal]\nurl = "estate"\n'


def write(file):
    return write_config(file, sample_estate(), arm_endpoint="http://127.0.0.1:1", now=utc_now())


def test_a_copy_has_its_own_list_and_journal_beside_those_of_the_real_estate(tmp_path):
    (tmp_path / "azstaging.toml").write_text(REAL)
    (tmp_path / "expected.csv").write_text("id\n/subscriptions/s/items/real\n")
    copy = load_configuration(write(tmp_path / "copy.toml"))
    assert (tmp_path / "expected.csv").read_text() == "id\n/subscriptions/s/items/real\n"
    assert len(copy.wave.expected_ids) == 60
    real = load_configuration(tmp_path / "azstaging.toml")
    assert copy.journal_url != real.journal_url, "evidence of a copy is none of the real estate"


def test_a_list_that_somebody_keeps_is_left_alone(tmp_path):
    kept = tmp_path / "expected.csv"
    kept.write_text("id\n/subscriptions/s/items/real\n")
    with pytest.raises(ConfigurationError, match=r"expected\.csv is there already"):
        write(tmp_path / "azstaging.toml")
    assert kept.read_text() == "id\n/subscriptions/s/items/real\n"
    assert not (tmp_path / "azstaging.toml").exists()


def test_what_was_written_is_written_again(tmp_path):
    write(tmp_path / "azstaging.toml")
    again = load_configuration(write(tmp_path / "azstaging.toml"))
    assert len(again.wave.expected_ids) == 60
    assert again.journal_url.endswith("estate")


def test_the_machines_of_a_copy_are_counted(world):
    assert world("capture", "--out", "copy.json").code == 0
    argv = world.argv("emulator", "serve", "--port", 0, "--estate", "copy.json")
    with subprocess.Popen(
        argv,
        cwd=world.folder,
        env=world.variables(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        first = process.stdout.readline()
        process.terminate()
    assert first.startswith("Serving 5 machines on ")
