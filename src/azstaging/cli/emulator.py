"""``azstaging emulator serve``."""

import json
from pathlib import Path
from typing import Any

import click

from azstaging.cli import exit_codes
from azstaging.cli.output import say
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
) -> int:
    """Serve until interrupted. Port 0 takes a free one; the address is printed."""
    try:
        from azstaging.emulator.estate import Estate  # noqa: PLC0415 - needs an extra
        from azstaging.emulator.faults import faults_from  # noqa: PLC0415
        from azstaging.emulator.sample import sample_estate  # noqa: PLC0415
        from azstaging.emulator.server import Emulator  # noqa: PLC0415
    except ImportError as error:
        raise missing_extra(error) from error
    estate = (
        Estate.from_json(read_bytes(estate_file, what="estate"))
        if estate_file
        else sample_estate(machines)
    )
    emulator = Emulator(
        estate,
        port=port,
        tls=tls,
        latency_seconds=latency,
        page_size=page_size,
        faults=faults_from(_json(faults_file)) if faults_file else (),
        job_duration_seconds=job_seconds,
    )
    url = emulator.open()
    if config_file is not None:
        from azstaging.cli.estate_config import write_config  # noqa: PLC0415
        from azstaging.run import utc_now  # noqa: PLC0415

        write_config(config_file, estate, arm_endpoint=url, now=utc_now())
    click.echo(f"Serving {len(estate.machines)} machines on {url}")
    if emulator.ca_file:
        click.echo(f"CA: {emulator.ca_file}")
    for identity in estate.identities:
        click.echo(f"{identity.name}: AZSTAGING_TOKEN={emulator.token(identity.name)}")
    say("Press Ctrl+C to stop.")
    emulator.serve_forever()
    return exit_codes.DONE


def missing_extra(error: ImportError) -> ConfigurationError:
    """Say which extra brings the emulator."""
    return ConfigurationError(
        f"The emulator needs {error.name or 'a package'}, which is not installed.",
        advice='Install it: python -m pip install "azstaging[emulator]".',
    )


def _json(path: Path) -> Any:
    try:
        return json.loads(read_bytes(path, what="fault script"))
    except ValueError as error:
        raise ConfigurationError(f"The fault script {path} is not JSON: {error}.") from error
