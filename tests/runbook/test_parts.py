"""Parameters, streams, batches and the identity, each by itself."""

import io
import json
import logging
import sys
import threading
import warnings
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest

import azstaging
from azstaging.azure.managed_identity import ManagedIdentity, expiry_seconds
from azstaging.cli.estate_config import write_config
from azstaging.emulator.sample import sample_estate
from azstaging.emulator.server import Emulator
from azstaging.errors import AuthenticationError, ConfigurationError
from azstaging.rules.batches import batches
from azstaging.run import utc_now
from azstaging.runbook import release
from azstaging.runbook.parameters import SHARED, Parameter, configuration_of, read_parameters
from azstaging.runbook.streams import RECORD_BYTES, Streams, nothing_on_stderr

MODE = Parameter(name="mode", meaning="how", default="a", choices=("a", "b"))


def test_parameters_are_positional_text_with_defaults():
    values = read_parameters(["", "-", " id ", "30", "b"], (*SHARED, MODE))
    assert values == {
        "configuration": "variable:azstaging",
        "journal": "",
        "identity": "id",
        "minutes": "30",
        "mode": "b",
    }
    assert read_parameters([], SHARED)["minutes"] == "160"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["", "", "", "", "c"], "Parameter 5, mode, is 'c'; it is one of: a, b."),
        (["", "", "", "", "a", "more"], "takes 5 parameters"),
    ],
)
def test_wrong_parameters_are_named(given, said):
    with pytest.raises(ConfigurationError, match=said):
        read_parameters(given, (*SHARED, MODE))


@pytest.mark.parametrize("minutes", ["0", "soon", "-3", "1e2", "٣"])
def test_a_budget_is_a_number_of_minutes(minutes, capsys):
    assert release(["x.toml", "", "", minutes, "sha256:0"]) == 1
    assert "Parameter minutes is" in capsys.readouterr().out


def test_a_relative_journal_would_be_lost_with_the_sandbox(monkeypatch):
    module = type(sys)("automationassets")
    module.get_automation_variable = {"azstaging": '[journal]\nurl = "estate"\n'}.__getitem__
    monkeypatch.setitem(sys.modules, "automationassets", module)
    with pytest.raises(ConfigurationError, match="lost with this sandbox"):
        configuration_of("variable:azstaging", "", {})
    assert configuration_of("variable:azstaging", "/mnt/estate", {}).journal_url == "/mnt/estate"
    with pytest.raises(ConfigurationError, match="'other' cannot be read: KeyError"):
        configuration_of("variable:other", "", {})


def test_a_job_outside_azure_automation_says_so(capsys):
    assert release(["", "", "", "", "sha256:0"]) == 1
    out = capsys.readouterr().out.splitlines()
    assert out[0].startswith("ERROR: There is no Automation variable 'azstaging' here")
    assert out[1] == "ERROR: Give the path of azstaging.toml as the first parameter."


def test_every_line_has_its_prefix_and_no_record_is_too_long():
    out = io.StringIO()
    Streams(out).warning("one\ntwo \x1b[31m\n" + "é" * RECORD_BYTES)
    lines = out.getvalue().splitlines()
    assert lines[:2] == ["WARNING: one", "WARNING: two \\x1b[31m"]
    assert all(line.startswith("WARNING: ") for line in lines)
    assert max(len(f"{line}\n".encode()) for line in lines) <= RECORD_BYTES
    assert sum(line.count("é") for line in lines) == RECORD_BYTES


def test_a_letter_that_the_stream_lacks_is_escaped():
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, "ascii", newline="\n")
    Streams(out).output("Lohn & Gehält")
    assert raw.getvalue() == b"Lohn & Geh\\xe4lt\n"


@pytest.mark.filterwarnings("default")
def test_logs_warnings_and_stderr_become_streams():
    out = io.StringIO()
    with nothing_on_stderr(Streams(out)):
        logging.getLogger("azstaging.azure").warning("slow: https://x.example/a?sig=secret")
        logging.getLogger("azure.core").error("failed")
        warnings.warn("old", DeprecationWarning, stacklevel=1)
        print("a library's complaint", file=sys.stderr)
    assert out.getvalue().splitlines() == [
        "WARNING: azstaging.azure: slow: https://x.example/a?...",
        "ERROR: azure.core: failed",
        "WARNING: DeprecationWarning: old",
        "WARNING: a library's complaint",
    ]


def test_what_shares_a_workload_is_checked_together(tmp_path):
    with Emulator(sample_estate()) as azure:
        file = write_config(
            tmp_path / "azstaging.toml", azure.estate, arm_endpoint=azure.url, now=utc_now()
        )
        inventory = azstaging.Staging(config=azstaging.load_configuration(file)).inventory()
    for size in (1, 7, 50, 1000):
        parts = list(batches(inventory, size=size))
        ids = sorted(row.id.key for part in parts for row in part)
        assert ids == [row.id.key for row in inventory]
        assert all(part.gaps == inventory.gaps for part in parts)
        for part in parts:
            for name in {name for row in part for name in row.workloads}:
                assert [r for r in part if name in r.workloads] == list(inventory.in_workload(name))
    assert len(list(batches(inventory, size=1))) > 10


NOON = int(datetime(2026, 11, 24, 16, 15, 30, tzinfo=timezone.utc).timestamp())


@pytest.mark.parametrize(
    "written",
    [
        NOON,
        str(NOON),
        "11/24/2026 4:15:30 PM +00:00",
        "11/24/2026 16:15:30 +00:00",
        "2026-11-24T16:15:30Z",
        "2026-11-24T17:15:30+01:00",
    ],
)
def test_an_expiry_is_read_however_it_is_written(written):
    assert expiry_seconds(written) == NOON


@pytest.mark.parametrize("written", [None, "", "soon", {}])
def test_an_unreadable_expiry_counts_for_minutes_only(written):
    soon = expiry_seconds(written) - utc_now().timestamp()
    assert 590 < soon < 610


class Endpoint(BaseHTTPRequestHandler):
    """An identity endpoint that writes a date."""

    asked: ClassVar[list[tuple[str, dict]]] = []
    answer: ClassVar[tuple[int, dict]] = (200, {})

    def do_GET(self):
        query = parse_qs(urlsplit(self.path).query)
        self.asked.append((self.headers["X-IDENTITY-HEADER"], query))
        status, body = self.answer
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_arguments):
        """Stay quiet."""


@pytest.fixture
def endpoint(monkeypatch):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{server.server_port}/token")
    monkeypatch.setenv("IDENTITY_HEADER", "secret-header")
    Endpoint.asked = []
    yield Endpoint
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(("client_id", "sent"), [("", None), ("an-id", ["an-id"])])
def test_a_date_for_an_expiry_does_not_stop_a_job(endpoint, client_id, sent):
    endpoint.answer = (
        200,
        {
            "access_token": "a-token",
            "expires_on": "11/24/2098 4:15:30 PM +00:00",
            "resource": "https://management.azure.com",
            "token_type": "Bearer",
        },
    )
    token = ManagedIdentity(client_id).get_token("https://management.azure.com/.default")
    assert (token.token, token.expires_on) == ("a-token", 4067684130)
    assert repr(token) == "<token>"
    header, query = endpoint.asked[-1]
    assert header == "secret-header"
    assert query["resource"] == ["https://management.azure.com"]
    assert query.get("client_id") == sent


def test_a_number_for_an_expiry_needs_azure_identity_alone(endpoint):
    endpoint.answer = (
        200,
        {
            "access_token": "a-token",
            "expires_on": "4067684130",
            "resource": "https://management.azure.com",
            "token_type": "Bearer",
        },
    )
    token = ManagedIdentity().get_token("https://management.azure.com/.default")
    assert token.token == "a-token"
    assert abs(token.expires_on - 4067684130) <= 2
    assert len(endpoint.asked) == 1


def test_an_endpoint_without_a_token_is_an_error_without_the_secret(endpoint, tmp_path, capsys):
    endpoint.answer = (403, {"error": "forbidden", "error_description": "no identity"})
    (tmp_path / "azstaging.toml").write_text("", "utf-8")
    given = [str(tmp_path / "azstaging.toml"), str(tmp_path / "estate"), "", "", "sha256:0"]
    assert release(given) == 1
    out = capsys.readouterr().out
    assert "ERROR: ManagedIdentity gave no token for https://management.azure.com" in out
    assert "secret-header" not in out
    with pytest.raises(AuthenticationError, match="answered 403"):
        ManagedIdentity()._ask_endpoint("https://management.azure.com")
