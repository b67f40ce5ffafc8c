"""The help texts of every command: python tests/docs/commands.py writes them into the page."""

from collections.abc import Iterator
from pathlib import Path

import click

from azstaging.cli import azstaging


def help_texts() -> Iterator[tuple[str, str]]:
    """Yield (command, help) of every command and subcommand, in the order of ``--help``."""
    root = click.Context(azstaging, info_name="azstaging")
    for name in azstaging.list_commands(root):
        command = azstaging.get_command(root, name)
        assert command is not None
        context = _context(command, f"azstaging {name}")
        yield f"azstaging {name}", command.get_help(context)
        if isinstance(command, click.Group):
            for sub in command.list_commands(context):
                child = command.get_command(context, sub)
                assert child is not None
                path = f"azstaging {name} {sub}"
                yield path, child.get_help(_context(child, path))


def _context(command: click.Command, path: str) -> click.Context:
    return click.Context(
        command,
        info_name=path,
        terminal_width=96,
        max_content_width=96,
        help_option_names=["-h", "--help"],
    )


if __name__ == "__main__":
    page = Path(__file__).resolve().parents[2] / "docs" / "commands.md"
    heading = "## Help texts\n"
    before = page.read_text("utf-8").partition(heading)[0]
    parts = [f"\n### {title}\n\n```text\n{text}\n```\n" for title, text in help_texts()]
    page.write_text(before + heading + "".join(parts), encoding="utf-8")
