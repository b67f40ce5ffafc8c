"""A secret in environment, suite, script or URL is in no file, record or line of a check."""

import base64
import gzip
import json
import logging
import socket
import threading
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from azstaging.cli import azstaging as cli
from azstaging.cli.estate_config import write_config
from azstaging.emulator import Emulator
from azstaging.run import utc_now

CANARY = "canary-5c1d"
SUITE = f"""
import os

def test_environment():
    assert not [name for name in os.environ if "{CANARY}" in os.environ[name]]

def test_locals(capsys):
    password = "{CANARY}" + "-local"
    print(password)
    assert password == "another", password
"""


@pytest.fixture
def echo():
    """A server that answers with the secret it was sent, in status line, header and body."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(65_536)
                connection.sendall(
                    f"HTTP/1.1 500 {CANARY}\r\nX-Token: {CANARY}\r\nContent-Length: 11\r\n\r\n"
                    f"{CANARY}".encode()
                )

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(5)


def everything_under(folder: Path) -> bytes:
    found = b""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            found += gzip.decompress(data) if path.suffix == ".gz" else data
    return found


def exported(estate: Path, pack: Path) -> str:
    """Export a signed pack, and return what was said."""
    key = estate.with_name("signer.pem")
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    private = ed25519.Ed25519PrivateKey.generate()
    key.write_bytes(private.private_bytes(serialization.Encoding.PEM, form, plain))
    done = CliRunner().invoke(
        cli, ["journal", "export", str(estate), "--out", str(pack), "--sign", str(key)]
    )
    assert pack.is_file(), done.output
    return done.output


def everything_in(pack: Path) -> bytes:
    """Return every entry of a pack, what is compressed or encoded in it plain too."""
    found = b""
    with zipfile.ZipFile(pack) as opened:
        for name in opened.namelist():
            data = opened.read(name)
            found += name.encode() + (gzip.decompress(data) if name.endswith(".gz") else data)
        envelope = json.loads(opened.read("statement.dsse.json"))
    return found + base64.b64decode(envelope["payload"])


def test_no_secret_reaches_a_file_a_record_a_log_or_the_terminal(
    tmp_path: Path,
    echo: int,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("PAYROLL_PASSWORD", CANARY)
    monkeypatch.setenv("PYTEST_ADDOPTS", f"--junitxml={tmp_path}/{CANARY}.xml --showlocals")
    caplog.set_level(logging.DEBUG)
    suite = tmp_path / "suite"
    suite.mkdir()
    (suite / "test_pay.py").write_text(SUITE, "utf-8")
    with Emulator() as azure:
        file = write_config(
            tmp_path / "azstaging.toml", azure.estate, arm_endpoint=azure.url, now=utc_now()
        )
        first = azure.estate.workloads[0].name
        text = file.read_text("utf-8")
        url = f"http://user:{CANARY}@127.0.0.1:{echo}/health?sig={CANARY}#{CANARY}"
        mine = f'suite = "suite"\nendpoints = ["{url}"]\n'
        head, name, tail = text.partition(f'name = "{first}"\n')
        assert name
        kept = "\n".join(
            line for line in tail.splitlines() if not line.startswith(("suite", "endpoints"))
        )
        file.write_text(head + name + mine + kept + "\n", "utf-8")
        done = CliRunner().invoke(
            cli,
            [
                *("--config", str(file), "check", "--workload", first, "--all"),
                *("--journal", str(tmp_path / "estate"), "-o", "json"),
            ],
        )
    written = everything_under(tmp_path / "estate")
    assert b"HTTP 500" in written
    assert b"test_locals" in written
    assert "1 of 2 tests failed: test_pay.py::test_locals" in done.output
    pack = tmp_path / "pack.zip"
    signed = exported(tmp_path / "estate", pack)
    held = everything_in(pack)
    assert b"HTTP 500" in held
    assert b"test_locals" in held
    said = (done.output, signed, caplog.text)
    for where in (*said, written.decode("utf-8", "replace"), held.decode("utf-8", "replace")):
        assert CANARY not in where
        assert "PRIVATE KEY" not in where
    assert not list(tmp_path.glob(f"*{CANARY}*"))
