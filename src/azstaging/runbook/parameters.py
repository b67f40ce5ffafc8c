"""What a job is given: positional text parameters, and a configuration from a variable.

A Python runbook gets its parameters as ``sys.argv[1:]``, text only, by position; all of them are
kept with the job, so none of them is a secret. An empty text or ``-`` is the default.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path

from azstaging.config import FILE_NAME, Configuration, load_configuration
from azstaging.errors import ConfigurationError

VARIABLE = "variable:"
# A sandbox ends after three hours of fair share; 20 minutes are left to start, stop and report.
BUDGET_MINUTES = 160
MOST_MINUTES = 7 * 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One position.

    Attributes:
        choices: the texts that it may be; any when empty.
        required: it has no default.
    """

    name: str
    meaning: str
    default: str = ""
    choices: tuple[str, ...] = ()
    required: bool = False


CONFIGURATION = Parameter(
    name="configuration",
    meaning="variable:NAME of an Automation variable that holds azstaging.toml, or a file",
    default=f"{VARIABLE}azstaging",
)
JOURNAL = Parameter(
    name="journal", meaning="the estate folder: a blob container URL, or a folder of a worker"
)
IDENTITY = Parameter(
    name="identity", meaning="client id of a user-assigned identity; the system-assigned one"
)
MINUTES = Parameter(
    name="minutes", meaning="when to stop cleanly, after the start", default=str(BUDGET_MINUTES)
)
SHARED = (CONFIGURATION, JOURNAL, IDENTITY, MINUTES)


def read_parameters(given: Sequence[str], wanted: Sequence[Parameter]) -> dict[str, str]:
    """Return the parameters by name.

    Raises:
        ConfigurationError: there are too many, one is missing or not among its choices.
    """
    if len(given) > len(wanted):
        names = ", ".join(parameter.name for parameter in wanted)
        raise ConfigurationError(
            f"This runbook takes {len(wanted)} parameters ({names}); {len(given)} were given."
        )
    values = {}
    for position, parameter in enumerate(wanted):
        text = given[position].strip() if position < len(given) else ""
        text = parameter.default if text in {"", "-"} else text
        place = f"Parameter {position + 1}, {parameter.name}"
        if parameter.required and not text:
            raise ConfigurationError(f"{place}, is missing: {parameter.meaning}.")
        if parameter.choices and text not in parameter.choices:
            choices = ", ".join(parameter.choices)
            raise ConfigurationError(f"{place}, is {text!r}; it is one of: {choices}.")
        values[parameter.name] = text
    return values


def minutes_of(text: str) -> int:
    """Return a budget in minutes.

    Raises:
        ConfigurationError: it is not a number of minutes up to a week.
    """
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= MOST_MINUTES):
        raise ConfigurationError(
            f"Parameter minutes is {text!r}; it is a number from 1 to {MOST_MINUTES}. "
            f"An Automation sandbox ends after 180; {BUDGET_MINUTES} leaves it time to stop."
        )
    return int(text)


def number_of(name: str, text: str) -> int:
    """Return a whole number of at least 1."""
    if not (text.isascii() and text.isdecimal() and int(text) >= 1):
        raise ConfigurationError(f"Parameter {name} is {text!r}; it is a number from 1 up.")
    return int(text)


def configuration_of(place: str, journal: str, environ: dict[str, str]) -> Configuration:
    """Load the configuration from an Automation variable or a file.

    Args:
        place: ``variable:NAME`` or a path.
        journal: the estate folder, instead of the configured one; or "".
        environ: the environment.

    Raises:
        ConfigurationError: it cannot be read, names no journal, or names one that would be lost
            with the sandbox.
    """
    if place.startswith(VARIABLE):
        text = _variable(place.removeprefix(VARIABLE))
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / FILE_NAME
            file.write_text(text, encoding="utf-8")
            config = load_configuration(file, environ=environ)
            lost = config.journal_url.startswith(folder)
        if lost and not journal:
            raise ConfigurationError(
                "[journal] url is a relative path, which would be lost with this sandbox.",
                advice="Name a blob container URL (or, on a hybrid worker, an absolute folder).",
            )
    else:
        config = load_configuration(place, environ=environ)
    config = replace(config, journal_url=journal or config.journal_url)
    if not config.journal_url:
        raise ConfigurationError(
            "No journal is named, so a later job could not continue this one.",
            advice="Give the parameter journal, or url under [journal].",
        )
    return config


def _variable(name: str) -> str:
    try:
        assets = import_module("automationassets")
    except ImportError as error:
        raise ConfigurationError(
            f"There is no Automation variable {name!r} here: this is not Azure Automation.",
            advice="Give the path of azstaging.toml as the first parameter.",
        ) from error
    try:
        value = assets.get_automation_variable(name)
    except Exception as error:
        raise ConfigurationError(
            f"The Automation variable {name!r} cannot be read: {type(error).__name__}.",
            advice="Make it (a string with the text of azstaging.toml), or name another one.",
        ) from error
    if not isinstance(value, str) or not value.strip():
        raise ConfigurationError(f"The Automation variable {name!r} holds no text.")
    return value
