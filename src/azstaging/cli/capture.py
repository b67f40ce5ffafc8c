"""``azstaging capture``."""

import json
from pathlib import Path
from typing import Any

import click

from azstaging.cli import exit_codes
from azstaging.cli.gaps import say_gaps
from azstaging.cli.output import emit, output_options
from azstaging.cli.session import selection_options, session
from azstaging.cli.streams import say
from azstaging.cli.targets import has_keys, has_schema, require_target
from azstaging.engine.recording import Recording
from azstaging.files import write_all
from azstaging.rules.anonymise import MAP_SCHEMA, Anonymiser


@click.command("capture")
@selection_options
@click.option(
    "--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The estate file."
)
@click.option(
    "--anonymise", is_flag=True, help="Replace ids and names; the map is kept beside the file."
)
@output_options
@click.pass_context
def command(
    ctx: click.Context,
    /,
    out: Path,
    anonymise: bool,
    output: str,
    query: str | None,
    **options: Any,
) -> int:
    """Copy what Azure says of the selected items into a file that the emulator serves.

    The file has the ids, names and addresses of your machines: keep it as you keep those. With
    --anonymise they are replaced, the same one everywhere, and FILE.map.json has the originals:
    give the file away, never the map. Exits 0, or 3 when the inventory has a gap; what could not
    be read is refused by the emulator too.
    """
    from azstaging.cli.captured import anonymised, captured_estate  # noqa: PLC0415 - on use

    require_target(out, what="estate file", ours=has_keys("subscriptions", "tenant_id"))
    names_file = out.with_name(f"{out.name}.map.json")
    if anonymise:
        require_target(names_file, what="map", ours=has_schema(MAP_SCHEMA))
    lenses: list[Recording] = []

    def lens(azure: Any) -> Any:
        lenses.append(Recording(azure))
        return lenses[0]

    with session(ctx, **options) as run:
        run.staging.look_through(lens)
        inventory = run.inventory()
        wave = run.config.wave
    estate = captured_estate(lenses[0], inventory, wave)
    files: dict[str, bytes] = {}
    if anonymise:
        names = Anonymiser()
        estate = anonymised(estate, names)
        document = {"schema": MAP_SCHEMA, "names": names.names}
        files[names_file.name] = (json.dumps(document, indent=1) + "\n").encode()
    files[out.name] = estate.to_json()
    paths = [str(path) for path in write_all(out.parent, files, what="estate file")]
    emit(
        {"schema": "azstaging/capture-files/1", "items": len(inventory), "files": paths},
        [{"file": path} for path in paths],
        output=output,
        query=query,
        lines=paths,
    )
    say(f"{len(inventory)} items. Next: azstaging emulator serve --estate {out}, or rehearse.")
    say_gaps(inventory)
    return exit_codes.of_inventory(inventory)
