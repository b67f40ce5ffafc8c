"""``azstaging runbook bundle``."""

from pathlib import Path

import click

from azstaging import __version__
from azstaging.cli import exit_codes
from azstaging.cli.output import emit, output_options
from azstaging.cli.streams import say


@click.group("runbook")
def command() -> None:
    """Prepare Azure Automation. The runbooks themselves are in runbooks/ of the repository."""


@command.command("bundle")
@click.option(
    "--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="A new folder."
)
@click.option(
    "--wheel",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="azstaging's own wheel; else this version is taken from the index.",
)
@output_options
def bundle(*, out: Path, wheel: Path | None, output: str, query: str | None) -> int:
    """Gather the wheels for a Python 3.10 runtime, with a lock file and an upload script.

    pip downloads exactly what azstaging and azure-storage-blob need on CPython 3.10 and Linux; its
    own settings (index, proxy) count. Wheels only: nothing is built. requirements.lock has every
    version and hash, sbom.cdx.json says the same as a bill of materials, upload.sh hands the
    wheels to an Automation account.
    """
    from azstaging.cli.bundle import LOCK, SCRIPT, gather  # noqa: PLC0415 - on use

    own = f"{wheel}[blob]" if wheel else f"azstaging[blob]=={__version__}"
    wheels = gather([own], out)
    size = sum(each.size_bytes for each in wheels)
    rows = [
        {"name": w.name, "version": w.version, "size_bytes": w.size_bytes, "sha256": w.sha256}
        for w in wheels
    ]
    document = {
        "schema": "azstaging/bundle/1",
        "folder": str(out),
        "count": len(wheels),
        "size_bytes": size,
        "wheels": rows,
    }
    emit(document, rows, output=output, query=query)
    say(f"{len(wheels)} wheels, {size / 1_000_000:.1f} MB, in {out}, with {LOCK} and {SCRIPT}.")
    return exit_codes.DONE
