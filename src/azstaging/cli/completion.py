"""``azstaging completion``."""

import click
from click.shell_completion import ShellComplete, get_completion_class

from azstaging.cli import exit_codes
from azstaging.cli.streams import write
from azstaging.errors import ConfigurationError

_VARIABLE = "_AZSTAGING_COMPLETE"
SHELLS = ("bash", "zsh", "fish")


@click.command("completion")
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def command(ctx: click.Context, /, shell: str) -> int:
    """Print the script that completes commands and options in a shell.

    Put its line into ~/.bashrc or ~/.zshrc; for fish, write the script to
    ~/.config/fish/completions/azstaging.fish. bash needs version 4.4 or newer.
    """
    write(script(ctx.find_root().command, shell).strip())
    return exit_codes.DONE


def script(root: click.Command, shell: str) -> str:
    """Return the completion script of a shell.

    Raises:
        ConfigurationError: click knows no such shell.
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise ConfigurationError(f"There is no completion for {shell}.")
    complete = kind(root, {}, "azstaging", _VARIABLE)
    # bash's own source() starts bash to ask for its version; printing a text needs no process.
    return ShellComplete.source(complete)
