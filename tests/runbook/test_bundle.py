"""The bundle is closed under requirement on the runtime, whatever Python gathers it. Offline."""

import hashlib
import json
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import jsonschema
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from azstaging import __version__
from azstaging.cli import exit_codes, main
from azstaging.cli.bundle import gather
from azstaging.errors import ConfigurationError

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs" / "schemas" / "bundle-1.schema.json").read_text("utf-8")
)


def make_wheel(folder, name, version="1.0", requires=(), tag="py3-none-any"):
    info = f"{name}-{version}.dist-info"
    metadata = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}"]
    metadata += [f"Requires-Dist: {line}" for line in requires]
    metadata += ["Provides-Extra: blob"]
    wheel = f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n"
    path = folder / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{info}/METADATA", "\n".join(metadata) + "\n")
        archive.writestr(f"{info}/WHEEL", wheel)
        archive.writestr(f"{info}/RECORD", "")
    return path


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A folder of wheels that pip takes for the only index."""
    folder = tmp_path / "index"
    folder.mkdir()
    make_wheel(
        folder,
        "azstaging",
        __version__,
        [
            "only_310; python_version < '3.11'",
            "only_new; python_version >= '3.11'",
            "only_windows; sys_platform == 'win32'",
            "compiled>=2",
            "storage; extra == 'blob'",
            "server; extra == 'emulator'",
        ],
    )
    make_wheel(folder, "only_310", requires=["deeper; python_version < '3.11'"])
    make_wheel(folder, "deeper")
    make_wheel(folder, "only_new")
    make_wheel(folder, "storage")
    make_wheel(folder, "compiled", "2.1", tag="cp310-cp310-manylinux2014_x86_64")
    make_wheel(folder, "compiled", "2.2", tag="cp311-cp311-manylinux2014_x86_64")
    make_wheel(folder, "compiled", "2.3", tag="cp310-cp310-win_amd64")
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return folder


@pytest.mark.usefixtures("index")
def test_the_bundle_has_what_the_runtime_needs(tmp_path, capsys):
    out = tmp_path / "bundle"
    assert main(["runbook", "bundle", "--out", str(out), "-o", "json"]) == exit_codes.DONE
    said = capsys.readouterr()
    document = json.loads(said.out)
    jsonschema.validate(document, SCHEMA)
    found = {wheel["name"]: wheel["version"] for wheel in document["wheels"]}
    # only_new is what pip adds on a newer Python than the runtime's; it does no harm.
    found.pop("only-new", None)
    assert found == {
        "azstaging": __version__,
        "compiled": "2.1",
        "deeper": "1.0",
        "only-310": "1.0",
        "storage": "1.0",
    }
    wheels = sorted(out.glob("*.whl"))
    assert document["count"] == len(wheels)
    assert document["size_bytes"] == sum(wheel.stat().st_size for wheel in wheels)
    lock = (out / "requirements.lock").read_text("utf-8")
    for wheel in wheels:
        assert f"--hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}" in lock
    assert f"{len(wheels)} wheels, " in said.err


@pytest.mark.usefixtures("index")
def test_the_bill_of_materials_is_valid_and_names_every_wheel(tmp_path):
    wheels = gather(["azstaging[blob]"], tmp_path / "bundle")
    text = (tmp_path / "bundle" / "sbom.cdx.json").read_text("utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_5).validate_str(text) is None
    bill = json.loads(text)
    parts = [bill["metadata"]["component"], *bill["components"]]
    assert bill["metadata"]["component"]["purl"] == f"pkg:pypi/azstaging@{__version__}"
    assert {(part["name"], part["hashes"][0]["content"]) for part in parts} == {
        (wheel.name, wheel.sha256) for wheel in wheels
    }


def test_a_wheel_that_nobody_has_is_named(index, tmp_path, capsys):
    (index / "storage-1.0-py3-none-any.whl").unlink()
    assert main(["runbook", "bundle", "--out", str(tmp_path / "bundle")]) == exit_codes.USAGE
    assert "No matching distribution found for storage" in capsys.readouterr().err


@pytest.mark.usefixtures("index")
def test_a_folder_that_is_not_empty_is_left_alone(tmp_path):
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "mine").write_text("mine", "utf-8")
    with pytest.raises(ConfigurationError, match="not an empty folder"):
        gather(["azstaging[blob]"], tmp_path / "bundle")
    assert [path.name for path in (tmp_path / "bundle").iterdir()] == ["mine"]


def upload(bundle, folder, *arguments):
    """Run the upload script with an Azure CLI that writes down what it was asked."""
    programs = folder / "bin"
    programs.mkdir(exist_ok=True)
    az = programs / "az"
    log_all = 'printf "%s\\n" "$*" >> "$LOG"'
    sign = 'case "$*" in *generate-sas*) echo "se=1&sig=x" ;; esac'
    az.write_text(f"#!/bin/sh\n{log_all}\n{sign}\n", "utf-8")
    az.chmod(0o755)
    log = folder / "log"
    environment = os.environ | {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "LOG": str(log),
        "PAUSE_SECONDS": "0",
    }
    done = subprocess.run(
        ["bash", str(bundle / "upload.sh"), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done, log.read_text("utf-8").splitlines() if log.exists() else []


@pytest.mark.usefixtures("index")
@pytest.mark.skipif(shutil.which("bash") is None, reason="the script is for bash")
def test_the_script_hands_every_wheel_over_with_its_hash(tmp_path):
    wheels = gather(["azstaging[blob]"], tmp_path / "bundle")
    given = ("sub", "group", "account", "python310", "store", "wheels")
    done, asked = upload(tmp_path / "bundle", tmp_path, *given)
    assert done.returncode == 0, done.stderr
    puts = [line for line in asked if line.startswith("rest --method put")]
    assert len(puts) == len(wheels)
    for wheel in wheels:
        [put] = [line for line in puts if wheel.sha256 in line]
        assert "/automationAccounts/account/runtimeEnvironments/python310/packages/" in put
        assert f"https://store.blob.core.windows.net/wheels/{wheel.path.name}?se=1&sig=x" in put
    assert "sig=x" not in done.stdout + done.stderr


@pytest.mark.usefixtures("index")
@pytest.mark.skipif(shutil.which("bash") is None, reason="the script is for bash")
def test_the_script_uploads_no_wheel_that_was_changed(tmp_path):
    gather(["azstaging[blob]"], tmp_path / "bundle")
    with Path(tmp_path / "bundle" / "deeper-1.0-py3-none-any.whl").open("ab") as wheel:
        wheel.write(b"more")
    given = ("sub", "group", "account", "python310", "store", "wheels")
    done, asked = upload(tmp_path / "bundle", tmp_path, *given)
    assert done.returncode != 0
    assert asked == []
    assert "deeper-1.0-py3-none-any.whl is not the one of requirements.lock" in done.stderr
