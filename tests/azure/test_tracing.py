"""Spans: none while tracing is off; then one per verb, item and request, and no secret in any."""

import logging
import subprocess
import sys

import pytest
from azure.core.settings import settings
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

import azstaging
from azstaging.azure.credentials import StaticCredential
from azstaging.cli.estate_config import write_config
from azstaging.emulator.faults import Fault
from azstaging.emulator.sample import sample_estate
from azstaging.emulator.server import Emulator
from azstaging.run import utc_now


@pytest.fixture(scope="module")
def exporter():
    """What is exported; a process has one provider for good."""
    made = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(made))
    trace.set_tracer_provider(provider)
    return made


@pytest.fixture
def spans(exporter, monkeypatch):
    """Switch tracing on, and return a function that gives the spans made so far."""
    exporter.clear()
    monkeypatch.setattr(settings.tracing_enabled, "_user_value", True)
    return exporter.get_finished_spans


@pytest.fixture
def azure():
    with Emulator(sample_estate()) as emulator:
        yield emulator


def staging(azure, folder, journal=None):
    file = write_config(
        folder / "azstaging.toml", azure.estate, arm_endpoint=azure.url, now=utc_now()
    )
    config = azstaging.load_configuration(file)
    return azstaging.Staging(StaticCredential(azure.token("releaser")), config, journal=journal)


def test_nothing_is_traced_unless_it_is_switched_on(exporter, azure, tmp_path):
    exporter.clear()
    staging(azure, tmp_path).inventory()
    assert exporter.get_finished_spans() == ()


def test_a_verb_has_one_span_and_its_requests_are_below_it(spans, azure, tmp_path):
    run = staging(azure, tmp_path)
    run.inventory()
    [verb] = [span for span in spans() if span.name == "azstaging inventory"]
    assert verb.attributes["azstaging.run"] == run.run
    requests = [span for span in spans() if span.kind is SpanKind.CLIENT]
    assert len(requests) == len(azure.requests)
    assert {span.context.trace_id for span in requests} == {verb.context.trace_id}
    items = [span for span in spans() if span.name == "azstaging read item"]
    ids = {machine.key for machine in azure.estate.machines if machine.provider == "VMwareCbt"}
    assert 0 < len(items) <= len(ids)
    assert all("/replicationMigrationItems/" in i.attributes["azstaging.item"] for i in items)
    by_id = {span.context.span_id: span for span in spans()}
    detail = [r for r in requests if by_id[r.parent.span_id].name == "azstaging read item"]
    assert len(detail) == len(items)


def test_each_item_that_is_checked_has_a_span_below_its_verb(spans, azure, tmp_path):
    run = staging(azure, tmp_path)
    inventory = run.inventory()
    run.check(inventory)
    [verb] = [span for span in spans() if span.name == "azstaging check"]
    items = [span for span in spans() if span.name == "azstaging check item"]
    assert {span.attributes["azstaging.item"] for span in items} == {
        str(row.id) for row in inventory.items
    }
    assert {span.parent.span_id for span in items} == {verb.context.span_id}


def test_a_request_span_says_what_the_service_called_it_and_shows_no_query(spans, azure, tmp_path):
    staging(azure, tmp_path).inventory()
    requests = [span for span in spans() if span.kind is SpanKind.CLIENT]
    refused = [span for span in requests if span.attributes["http.response.status_code"] == 403]
    assert refused
    assert all(span.status.status_code is StatusCode.ERROR for span in refused)
    assert all(span.attributes["az.service_request_id"] for span in requests)
    text = "".join(str(dict(span.attributes)) for span in spans())
    assert "api-version" not in text
    assert "skipToken" not in text.casefold()
    assert azure.token("releaser") not in text


def test_a_repeated_read_has_a_span_per_request(spans, azure, tmp_path):
    azure.script.set([Fault(match="GET /subscriptions", kind="status", status=503, times=1)])
    staging(azure, tmp_path).inventory(lists_only=True)
    again = [s for s in spans() if s.attributes.get("http.request.resend_count") == "1"]
    assert len(again) == 1


def test_a_verb_that_fails_says_so(spans, tmp_path, azure):
    with pytest.raises(azstaging.ConfigurationError):
        staging(azure, tmp_path).plan([])
    [verb] = [span for span in spans() if span.name == "azstaging plan"]
    assert verb.status.status_code is StatusCode.ERROR
    assert verb.attributes["error.type"] == "ConfigurationError"
    assert verb.attributes["azstaging.effect"] == "none"


def test_the_library_configures_no_logging_and_says_nothing_by_itself():
    code = (
        "import logging, azstaging, azstaging.staging, azstaging.azure.session as s;"
        "log = logging.getLogger('azstaging');"
        "logging.getLogger('azstaging.azure').warning('to nobody');"
        "print([type(h).__name__ for h in log.handlers], log.level, logging.root.handlers)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout.strip(), done.stderr) == (f"['NullHandler'] {logging.NOTSET} []", "")
