"""Azurite on a free port of loopback, one for the session, and a container for each test.

A folder whose tests need one imports both fixtures in its conftest.
"""

import os
import shutil
import socket
import subprocess
import time
import uuid
from importlib import import_module

import pytest

from azstaging.journal.container import _EMULATOR_KEY

ACCOUNT = "devstoreaccount1"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="session")
def azurite(tmp_path_factory):
    """The origin of a running Azurite, with its account."""
    program = os.environ.get("AZSTAGING_AZURITE") or shutil.which("azurite-blob")
    if program is None:
        pytest.skip("azurite is needed (npm install azurite, then AZSTAGING_AZURITE)")
    folder = tmp_path_factory.mktemp("azurite")
    port = free_port()
    command = [program, "--blobHost", "127.0.0.1", "--blobPort", str(port), "--silent"]
    command += ["--location", str(folder), "--skipApiVersionCheck", "--disableTelemetry"]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder
    ) as process:
        until = time.monotonic() + 60
        while not answers(port):
            assert process.poll() is None, "azurite ended at its start"
            assert time.monotonic() < until, "azurite does not answer"
        yield f"http://127.0.0.1:{port}/{ACCOUNT}"
        process.kill()


@pytest.fixture
def url(azurite):
    """The URL of a new container."""
    name = f"estate-{uuid.uuid4().hex[:12]}"
    service = import_module("azure.storage.blob").BlobServiceClient
    key = {"account_name": ACCOUNT, "account_key": _EMULATOR_KEY}
    with service(azurite, credential=key) as client:
        client.create_container(name)
    return f"{azurite}/{name}"
