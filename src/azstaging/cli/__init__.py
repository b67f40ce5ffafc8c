"""The command line. Data on stdout, all else on stderr; exit codes in `exit_codes`.

Commands load on use, so that ``azstaging --help`` imports no Azure module.
"""

from importlib import import_module
from pathlib import Path
from typing import Any

import click

from azstaging import __version__
from azstaging.cli.examples import show_examples
from azstaging.cli.streams import never_fail_on_letters, say
from azstaging.engine.memory import return_what_is_freed
from azstaging.errors import Effect, StagingError

# name -> (module, help). One more command is one file and one line.
_COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("demo", "Run the whole staging run against an emulated Azure."),
    "init": ("init", "Write a commented azstaging.toml."),
    "doctor": ("doctor", "Show identity, scopes and what is missing."),
    "inventory": ("inventory", "List every replicated item, and what could not be read."),
    "baseline": ("baseline", "Freeze source, intended and target configuration."),
    "check": ("check", "Run the checks and keep the findings as evidence."),
    "diff": ("diff", "Compare source, intended and actual configuration."),
    "report": ("report", "Write the migration reports."),
    "boards": ("boards", "Preview or apply the backlog in Azure Boards."),
    "preflight": ("preflight", "List at once everything that could stop a release."),
    "plan": ("plan", "Decide the gates and plan the release of the open ones."),
    "approve": ("approve", "Approve a plan as a second person."),
    "release": ("release", "Stop replication as planned and approved. A dry run by default."),
    "abandon": ("abandon", "Give up the replication of what was not migrated."),
    "residue": ("residue", "List what released replications leave behind."),
    "status": ("status", "Say what is planned, approved, released and still open."),
    "journal": ("journal", "Show, verify, export or adopt the journal."),
    "emulator": ("emulator", "Serve an emulated Azure on loopback."),
    "capture": ("capture", "Copy an inventory, for the emulator and for rehearsals."),
    "rehearse": ("rehearse", "Release a plan against a copy, and say what would have happened."),
    "runbook": ("runbook", "Prepare Azure Automation: the wheels that a runtime needs."),
    "rbac": ("rbac", "Print the least-privilege roles: reader, prober, releaser."),
    "completion": ("completion", "Print the script that completes commands in a shell."),
    "config": ("config", "Show the configuration and where each value comes from."),
}


# Besides the table in `exit_codes`: what shells expect of a program that was stopped.
INTERRUPTED = 130
READER_GONE = 141


class _Commands(click.Group):
    """Lists commands without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of a staging run."""
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"azstaging.cli.{_COMMANDS[cmd_name][0]}")
        command: click.Command = module.command
        return show_examples(command, cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Name the nearest command when there is none of that name."""
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            import difflib  # noqa: PLC0415 - only on a mistake

            near = difflib.get_close_matches(args[0], _COMMANDS, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(f"There is no command {args[0]!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the command list from the table."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="azstaging", message="%(prog)s %(version)s")
@click.option(
    "--config",
    "config_file",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="AZSTAGING_CONFIG",
    help="The configuration file; else azstaging.toml in this folder.",
)
@click.option("--debug", is_flag=True, help="Log requests, without secrets, to stderr.")
@click.pass_context
def azstaging(ctx: click.Context, config_file: Path | None, debug: bool) -> None:
    """Stop the replication of migrated machines only after the evidence says so.

    A staging run: inventory, baseline, check, diff, report, boards, plan, approve, release.
    Exit codes: 0 done, 1 a gate is closed or a check failed, 2 usage, 3 could not determine,
    4 partly applied or unknown, 5 plan refused, 6 another run holds the lease, 7 deadline.
    """
    ctx.ensure_object(dict)["config_file"] = config_file
    if debug:
        from azstaging.cli.logs import log_to_stderr  # noqa: PLC0415 - only on request

        log_to_stderr()
    ctx.obj["debug"] = debug


def main(args: list[str] | None = None) -> int:
    """Run the command line and return the exit code; the console script exits with it."""
    never_fail_on_letters()
    return_what_is_freed()
    state: dict[str, Any] = {}
    try:
        result = azstaging.main(args=args, prog_name="azstaging", standalone_mode=False, obj=state)
        return result if isinstance(result, int) else 0
    except click.ClickException as error:
        return _misused(error)
    except click.Abort as abort:
        if isinstance(abort.__cause__, EOFError):
            # Nothing here reads stdin: it is no Ctrl+D.
            return _failed(_defect(abort.__cause__, state))
        say("Interrupted. azstaging status says what is open.")
        return INTERRUPTED
    except SystemExit:
        # click's answer to a reader of stdout that went away.
        return READER_GONE
    except StagingError as error:
        return _failed(error)
    except Exception as error:  # noqa: BLE001 - a defect must not pass for "a gate is closed"
        return _failed(_defect(error, state))


def _misused(error: click.ClickException) -> int:
    from azstaging.cli import exit_codes  # noqa: PLC0415 - the model, for which --help need not wait

    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is not None and error.message == context.get_help():
        # A group without its command: the help is the answer.
        click.echo(error.message, err=True)
        return exit_codes.USAGE
    say(f"Error: {' '.join(error.format_message().split())}")
    say(f"  {context.command_path if context else 'azstaging'} --help shows what it takes.")
    return exit_codes.USAGE


def _failed(error: StagingError) -> int:
    from azstaging.cli import exit_codes  # noqa: PLC0415 - as above

    exit_codes.report_error(error)
    return exit_codes.exit_code_of(error)


def _defect(error: Exception, state: dict[str, Any]) -> StagingError:
    """Say that azstaging itself failed, and whether it was changing something just then."""
    import traceback  # noqa: PLC0415 - on a defect only

    from azstaging.azure.redaction import redact  # noqa: PLC0415

    if state.get("debug"):
        for line in traceback.format_exc().splitlines():
            say(f"  {redact(line)}")
    return StagingError(
        f"azstaging itself failed: {type(error).__name__}: {redact(error, limit=300)}",
        effect=Effect.UNKNOWN if state.get("changing") else Effect.NONE,
        advice="This is a defect; please report it with what azstaging --debug shows.",
    )
