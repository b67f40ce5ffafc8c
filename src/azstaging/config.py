"""azstaging.toml -> values. TOML only, size and depth capped, unknown keys are errors.

Order: the file (``azstaging.toml``, or ``[tool.azstaging]`` of a pyproject.toml), then
``AZSTAGING_*`` from the environment. Gate, waivers, expectations and ``max_release`` come from the
file only. There are no secrets in it, ever.
"""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from azstaging.config_approvers import Approver, approver_from
from azstaging.config_endpoints import endpoints_from
from azstaging.config_fields import Table, read_toml
from azstaging.config_members import with_members
from azstaging.config_policy import DEFAULT_REQUIRED, policy_from, waiver_from
from azstaging.errors import ConfigurationError
from azstaging.model.backlog import BacklogSettings
from azstaging.model.decisions import Policy, Waiver
from azstaging.model.differences import Expectation
from azstaging.model.ids import ResourceId, parse_id
from azstaging.model.waves import Scope, Wave, Workload

FILE_NAME = "azstaging.toml"
_ENVIRONMENT = {
    "AZSTAGING_CLOUD": "cloud.name",
    "AZSTAGING_ARM_ENDPOINT": "cloud.arm_endpoint",
    "AZSTAGING_BOARDS_URL": "cloud.boards_url",
    "AZSTAGING_SUBSCRIPTIONS": "scope.subscriptions",
    "AZSTAGING_VAULTS": "scope.vaults",
    "AZSTAGING_JOURNAL": "journal.url",
}
_TABLES = (
    "cloud",
    "scope",
    "wave",
    "workload",
    "gate",
    "waiver",
    "expect",
    "probes",
    "boards",
    "journal",
    "approver",
)
_LISTS = {"scope.subscriptions", "scope.vaults"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudSettings:
    """Which cloud, and how hard it is asked.

    Attributes:
        arm_endpoint, boards_url: a local Azure, or another cloud's endpoints, instead.
        vault_reads_per_second: Site Recovery publishes no limit; 8 spares a vault, 0 is no limit.
        max_in_flight: most requests at the same time.
    """

    name: str = "public"
    arm_endpoint: str = ""
    boards_url: str = ""
    vault_reads_per_second: int = 8
    max_in_flight: int = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeSettings:
    """How far probes may go. Run Command is off unless it is switched on here."""

    run_command: bool = False
    networks: tuple[str, ...] = ()
    deadline_seconds: int = 10
    suite_seconds: int = 300
    workload_seconds: int = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardsSettings:
    """Where the backlog is kept; an empty organization means: no boards."""

    organization: str = ""
    project: str = ""
    backlog: BacklogSettings = field(default_factory=BacklogSettings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """All settings, each with its origin.

    Attributes:
        origins: ``table.key`` (of an array ``table``) -> the file's path, or the environment
            variable; what is missing has its default.
        folder: relative paths in the file start here.
    """

    cloud: CloudSettings = field(default_factory=CloudSettings)
    scope: Scope = field(default_factory=Scope)
    wave: Wave = field(default_factory=Wave)
    policy: Policy = field(default_factory=lambda: Policy(required=DEFAULT_REQUIRED))
    waivers: tuple[Waiver, ...] = ()
    approvers: tuple[Approver, ...] = ()
    expectations: tuple[Expectation, ...] = ()
    probes: ProbeSettings = field(default_factory=ProbeSettings)
    boards: BoardsSettings = field(default_factory=BoardsSettings)
    journal_url: str = ""
    folder: Path = field(default_factory=Path)
    origins: Mapping[str, str] = field(default_factory=dict)

    @property
    def approver_keys(self) -> frozenset[str]:
        """The keys of the named approvers; empty where nobody is named."""
        return frozenset(each.principal.key for each in self.approvers)


def load_configuration(
    path: str | Path | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Configuration:
    """Load the configuration.

    Args:
        path: the file; without it ``azstaging.toml`` or ``pyproject.toml`` of ``folder``, if any.
        environ: the environment; empty when not given.
        folder: where to look, the working folder when not given.

    Raises:
        ConfigurationError: the file is missing, unreadable, not TOML, too large or too deep, or
            holds an unknown key or a wrong value; the message names the key.
    """
    here = folder or Path()
    file = Path(path) if path else _find(here)
    document: dict[str, Any] = {}
    origins: dict[str, str] = {}
    if file is not None:
        document = _document(file)
        origins = {
            name: str(file)
            for table, values in document.items()
            for name in (
                [f"{table}.{key}" for key in values] if isinstance(values, dict) else [table]
            )
        }
    _apply_environment(document, environ or {}, origins)
    return _parse(document, origins, file.parent if file else here)


def _find(folder: Path) -> Path | None:
    if (folder / FILE_NAME).is_file():
        return folder / FILE_NAME
    project = folder / "pyproject.toml"
    if project.is_file() and "tool.azstaging" in project.read_text("utf-8", errors="replace"):
        return project
    return None


def _document(file: Path) -> dict[str, Any]:
    document = read_toml(file)
    if file.name == "pyproject.toml":
        tool = document.get("tool", {})
        section = tool.get("azstaging", {}) if isinstance(tool, dict) else {}
        return section if isinstance(section, dict) else {}
    return document


def _apply_environment(
    document: dict[str, Any], environ: Mapping[str, str], origins: dict[str, str]
) -> None:
    for variable, name in _ENVIRONMENT.items():
        if value := environ.get(variable, ""):
            table, key = name.split(".")
            section = document.setdefault(table, {})
            if not isinstance(section, dict):
                raise ConfigurationError(f"[{table}] must be a table.")
            parts = [part.strip() for part in value.split(",") if part.strip()]
            section[key] = parts if name in _LISTS else value
            origins[name] = variable


def _parse(document: dict[str, Any], origins: dict[str, str], folder: Path) -> Configuration:
    root = Table(document, "")
    root.expect_only(*_TABLES)  # a misspelt table is named before any file that it names is read
    cloud, scope = root.table("cloud"), root.table("scope")
    wave = _wave(root, folder)
    configuration = Configuration(
        cloud=_cloud(cloud),
        scope=_scope(scope),
        wave=wave,
        policy=policy_from(root.table("gate")),
        waivers=tuple(waiver_from(table, wave.workloads) for table in root.tables("waiver")),
        approvers=tuple(approver_from(table, folder) for table in root.tables("approver")),
        expectations=tuple(_expectation(table) for table in root.tables("expect")),
        probes=_probes(root.table("probes")),
        boards=_boards(root.table("boards")),
        journal_url=_journal_url(root.table("journal"), origins, folder),
        folder=folder,
        origins=origins,
    )
    root.finish()
    return configuration


def _cloud(table: Table) -> CloudSettings:
    settings = CloudSettings(
        name=table.text("name", "public"),
        arm_endpoint=table.text("arm_endpoint"),
        boards_url=table.text("boards_url"),
        vault_reads_per_second=table.integer("vault_reads_per_second", 8, least=0, most=1000),
        max_in_flight=table.integer("max_in_flight", 16, least=1, most=64),
    )
    table.finish()
    clouds = ("public", "usgov", "china")
    if settings.name not in clouds:
        near = difflib.get_close_matches(settings.name, clouds, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else f"; it is one of {', '.join(clouds)}."
        raise ConfigurationError(f"cloud.name {settings.name!r} is not a cloud{hint}")
    return settings


def _ids(table: Table, key: str) -> tuple[ResourceId, ...]:
    found = []
    for text in table.texts(key):
        parsed = parse_id(text)
        if parsed is None:
            raise ConfigurationError(f"{table.name(key)}: {text!r} is not an ARM id.")
        found.append(parsed.validated())
    return tuple(found)


def _scope(table: Table) -> Scope:
    scope = Scope(
        subscriptions=table.texts("subscriptions"),
        vaults=_ids(table, "vaults"),
        projects=_ids(table, "projects"),
        resource_graph=table.flag("resource_graph", default=False),
    )
    table.finish()
    return scope


def _wave(root: Table, folder: Path) -> Wave:
    table = root.table("wave")
    expected, expected_ids, since = table.expected("expected", folder)
    workloads = tuple(_workload(t, folder) for t in root.tables("workload"))
    wave = Wave(
        name=table.text("name", "wave"),
        workloads=with_members(workloads, *table.members("workloads", folder)),
        expected=expected,
        expected_ids=expected_ids,
        replicating_since=since,
        free_days=table.integer("free_days", 0, least=0, most=3650),
        free_days_source=table.text("free_days_source"),
        release_after=table.time("release_after"),
        due=table.time("due"),
        max_release=table.count_or_percent("max_release", expected),
    )
    table.finish()
    if wave.free_days and not wave.free_days_source.strip():
        raise ConfigurationError(
            f"{table.name('free_days_source')} is missing: {table.name('free_days')} is "
            f"{wave.free_days}, and no service tells that figure; nothing was read.",
            advice="Say where the figure is from, such as the price list and its date.",
        )
    names = [workload.name.casefold() for workload in workloads]
    twins = sorted({name for name in names if names.count(name) > 1})
    if twins:
        raise ConfigurationError(f"Two workloads are called {twins[0]!r}; names are unique.")
    return wave


def _workload(table: Table, folder: Path) -> Workload:
    suite, script = table.text("suite"), table.text("guest_script")
    workload = Workload(
        name=table.required_text("name"),
        items=table.texts("items"),
        owner=table.text("owner"),
        criticality=table.text("criticality"),
        suite=str(folder / suite) if suite else "",
        guest_script=str(folder / script) if script else "",
        endpoints=endpoints_from(table),
        suite_requires=table.texts("suite_requires"),
        suite_sha256=_sha256(table, "suite_sha256"),
    )
    table.finish()
    return workload


def _sha256(table: Table, key: str) -> str:
    text = table.text(key).casefold()
    if text and not re.fullmatch(r"[0-9a-f]{64}", text):
        raise ConfigurationError(f"{table.name(key)} must be a SHA-256, 64 hexadecimal digits.")
    return text


def _expectation(table: Table) -> Expectation:
    expectation = Expectation(
        field=table.required_text("field"),
        from_=table.text("from", "*"),
        to=table.text("to", "*"),
        reason=table.required_text("reason"),
        owner=table.required_text("owner"),
        expires=table.required_time("expires"),
        item=table.text("item", "*"),
    )
    table.finish()
    return expectation


def _probes(table: Table) -> ProbeSettings:
    settings = ProbeSettings(
        run_command=table.flag("run_command", default=False),
        networks=table.texts("networks"),
        deadline_seconds=table.integer("deadline_seconds", 10, least=1, most=600),
        suite_seconds=table.integer("suite_seconds", 300, least=1, most=86_400),
        workload_seconds=table.integer("workload_seconds", 900, least=1, most=86_400),
    )
    table.finish()
    return settings


def _boards(table: Table) -> BoardsSettings:
    types, states = table.table("types"), table.table("states")
    settings = BoardsSettings(
        organization=table.text("organization"),
        project=table.text("project"),
        backlog=BacklogSettings(
            workload_type=types.text("workload"),
            item_type=types.text("item"),
            follow_up_type=types.text("follow_up"),
            area_path=table.text("area_path"),
            states=states.all_texts(),
            key_field=table.text("key_field"),
            report_url=table.text("report_url"),
            follow_ups=table.flag("follow_ups", default=True),
        ),
    )
    types.finish()
    table.finish()
    return settings


def _journal_url(table: Table, origins: Mapping[str, str], folder: Path) -> str:
    url = table.text("url")
    table.finish()
    from_file = not origins.get("journal.url", "").startswith("AZSTAGING_")
    if url and from_file and "://" not in url and not Path(url).is_absolute():
        return str(folder / url)
    return url
