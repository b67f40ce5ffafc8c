"""``azstaging emulator serve``."""

import contextlib
import json
import signal
from pathlib import Path
from typing import Any

import click

from azstaging.cli import exit_codes
from azstaging.cli.output import emit, output_options
from azstaging.cli.streams import say
from azstaging.errors import ConfigurationError
from azstaging.files import read_bytes


@click.group("emulator")
def command() -> None:
    """Serve an emulated Azure on loopback: for rehearsals, and to test your own runbooks."""


@command.command("serve")
@click.option("--port", type=click.IntRange(0, 65_535), default=8443, show_default=True)
@click.option("--machines", type=click.IntRange(1, 20_000), default=60, show_default=True)
@click.option("--estate", "estate_file", type=click.Path(path_type=Path), help="An estate as JSON.")
@click.option("--tls", is_flag=True, help="Serve HTTPS; the path of its CA is printed.")
@click.option(
    "--faults", "faults_file", type=click.Path(path_type=Path), help="A fault script as JSON."
)
@click.option("--latency", type=click.FloatRange(0, 60), default=0.0, help="Seconds per answer.")
@click.option("--page-size", type=click.IntRange(1, 1000), default=200, show_default=True)
@click.option("--job-seconds", type=click.FloatRange(0, 3600), default=3.0, show_default=True)
@click.option(
    "--write-config",
    "config_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write an azstaging.toml that fits this estate.",
)
@output_options
def serve(
    *,
    port: int,
    machines: int,
    estate_file: Path | None,
    tls: bool,
    faults_file: Path | None,
    latency: float,
    page_size: int,
    job_seconds: float,
    config_file: Path | None,
    output: str,
    query: str | None,
) -> int:
    """Serve until interrupted. Port 0 takes a free one; the address is printed."""
    try:
        from azstaging.emulator.sample import sample_estate  # noqa: PLC0415 - needs an extra
        from azstaging.emulator.server import Emulator  # noqa: PLC0415
    except ImportError as error:
        raise missing_extra(error) from error
    emulator = Emulator(
        estate_from(estate_file) if estate_file else sample_estate(machines),
        port=port,
        tls=tls,
        latency_seconds=latency,
        page_size=page_size,
        faults=fault_script(faults_file) if faults_file else (),
        job_duration_seconds=job_seconds,
    )
    url = emulator.open()
    try:
        if config_file is not None:
            from azstaging.cli.estate_config import write_config  # noqa: PLC0415
            from azstaging.run import utc_now  # noqa: PLC0415

            write_config(config_file, emulator.estate, arm_endpoint=url, now=utc_now())
        _announce(emulator, output, query)
        _serve(emulator)
    finally:
        emulator.stop()
    return exit_codes.DONE


def _announce(emulator: Any, output: str, query: str | None) -> None:
    tokens = {each.name: emulator.token(each.name) for each in emulator.estate.identities}
    lines = [f"Serving {emulator.estate.expected} machines on {emulator.url}"]
    lines += [f"CA: {emulator.ca_file}"] if emulator.ca_file else []
    lines += [f"{name}: AZSTAGING_TOKEN={token}" for name, token in tokens.items()]
    document = {
        "schema": "azstaging/emulator/1",
        "url": emulator.url,
        "ca_file": emulator.ca_file,
        "machines": emulator.estate.expected,
        "tokens": tokens,
    }
    rows = [{"identity": name, "token": token} for name, token in tokens.items()]
    emit(document, rows, output=output, query=query, lines=lines)
    say("Press Ctrl+C to stop.")


def _serve(emulator: Any) -> None:
    """Serve until Ctrl+C or a request to terminate; both are an ordinary end."""

    def leave(_number: int, _frame: Any) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, leave)
    with contextlib.suppress(KeyboardInterrupt):
        emulator.serve_forever()


def estate_from(file: Path) -> Any:
    """Read an estate file; what is wrong with it is said."""
    from azstaging.emulator.estate import Estate  # noqa: PLC0415 - needs an extra

    data = read_bytes(file, what="estate")
    try:
        return Estate.from_json(data)
    except ConfigurationError as error:
        raise ConfigurationError(
            f"{file}: {error}", advice="Name a file that azstaging capture wrote."
        ) from error
    except RecursionError as error:
        raise ConfigurationError(f"The estate file {file} is nested too deep.") from error


def fault_script(file: Path) -> Any:
    """Read a fault script; what is wrong with it is said."""
    from azstaging.emulator.faults import faults_from  # noqa: PLC0415 - needs an extra

    try:
        script = json.loads(read_bytes(file, what="fault script"))
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"The fault script {file} is not JSON: {error}.") from error
    if not isinstance(script, dict) or set(script) != {"fault"}:
        raise ConfigurationError(
            f"The fault script {file} is not an object with one key, fault.",
            advice='Write {"fault": [{"match": "GET */vaults", "kind": "drop"}]}.',
        )
    faults = faults_from(script)
    if any(fault.kind == "call" for fault in faults):
        raise ConfigurationError(f"The fault script {file} has kind call, which needs Python.")
    return faults


def missing_extra(error: ImportError) -> ConfigurationError:
    """Say which extra brings the emulator."""
    return ConfigurationError(
        f"The emulator needs {error.name or 'a package'}, which is not installed.",
        advice='Install it: python -m pip install "azstaging[emulator]".',
    )
