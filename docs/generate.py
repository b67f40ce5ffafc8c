"""The generated reference pages: python docs/generate.py writes them, a test compares them."""

import inspect
import json
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import documents_files
import documents_runs
from schema_shapes import attributes

from azstaging import errors
from azstaging.checks import CHECKS, WORKLOAD_CHECKS
from azstaging.cli import exit_codes
from azstaging.config import DEFAULT_REQUIRED
from azstaging.reports.json_ import json_schema
from azstaging.rules.diff_rules import facts, rules
from azstaging.rules.gate import NEVER_WAIVABLE
from azstaging.rules.roles import ROLES

DOCS = Path(__file__).parent
_NOTE = "<!-- Made by docs/generate.py. -->"


def error_page() -> str:
    """Return every error: when, exit code, what to do."""
    lines = [_NOTE, "# Errors", "", "Every error that leaves azstaging is a `StagingError`."]
    lines += ["`effect` says what it did to Azure, `advice()` what to do next. An unknown effect"]
    lines += ["exits with 4, whatever the class.", "", "```text"]
    tree = inspect.cleandoc(errors.__doc__ or "").split("\n\n")[1]
    lines += [*tree.splitlines(), "```", "", "| error | exit code | when | what to do |"]
    lines.append("|---|---|---|---|")
    for name, cls in vars(errors).items():
        if inspect.isclass(cls) and issubclass(cls, errors.StagingError):
            when = inspect.cleandoc(cls.__doc__ or "").split("\n\n")[0].replace("\n", " ")
            code = next((code for kind, code in exit_codes.ERRORS if issubclass(cls, kind)), 3)
            shown = "1 or 3" if cls is errors.JournalError else str(code)
            when = when.replace("|", "\\|").replace("``", "`")
            lines.append(f"| `{name}` | {shown} | {when} | {cls.default_advice} |")
    return "\n".join(lines) + "\n"


def check_page() -> str:
    """Return every check: subject, lifetime, whether it is required, whether it can be waived."""
    lines = [_NOTE, "# Table of checks", "", "What each check looks at is in"]
    lines += ["[the checks](../checks.md).", ""]
    lines += ["| check | subject | counts for | required by default | can be waived |"]
    lines.append("|---|---|---|---|---|")
    for check in CHECKS:
        subject = "workload" if check.id in WORKLOAD_CHECKS else "item"
        hours = check.lifetime_seconds / 3600
        required = "yes" if check.id in DEFAULT_REQUIRED else "no"
        waivable = "never" if check.id in NEVER_WAIVABLE else "yes"
        lines.append(f"| `{check.id}` | {subject} | {hours:g} h | {required} | {waivable} |")
    return "\n".join(lines) + "\n"


SCHEMAS = {
    f"schemas/{document.name}-{document.version}.schema.json": document.schema
    for document in (*documents_runs.DOCUMENTS, *documents_files.DOCUMENTS)
} | {"schemas/report-1.schema.json": json_schema()}


def schema_file(schema: dict) -> str:
    """Return the file of a generated JSON schema."""
    return json.dumps(schema, indent=2) + "\n"


def schema_page() -> str:
    """Return the top level of every published JSON schema."""
    lines = [_NOTE, "# JSON schemas", "", "Every document that is printed with `-o json`, and"]
    lines += [
        "every one that is kept as a file, names its schema in the key `schema`, but for those"
    ]
    lines += [
        "whose form is another's (role definitions, signed approvals), the emulator's estate,"
    ]
    lines += ["and what is azstaging's own until the next run (`--resume`, locks). Keys carry"]
    lines += ["their units; times are RFC 3339 UTC; null means not told. A schema is that of this"]
    lines += ["version, exactly: a key may be added within a number, so let a program ignore keys"]
    lines += ["that it does not know; none is renamed, removed or given another meaning without a"]
    lines += ["new number. What is refused prints no document, or one that says so, and has its"]
    lines += ["[exit code](../commands.md#exit-codes).", ""]
    lines += ["A line of `-o jsonl` is `#/$defs/row` of the schema; its keys are the columns of"]
    lines += [
        "`-o tsv`. A line has no key `schema`. Those of `inventory` have the columns that were"
    ]
    lines += ["asked for, so that schema has none.", ""]
    for file in sorted((DOCS / "schemas").glob("*.schema.json")):
        schema = json.loads(file.read_text("utf-8"))
        name = schema.get("title") or file.name
        lines += [f"## {name}", "", f"[{file.name}](../schemas/{file.name})", ""]
        if schema.get("description"):
            lines += [str(schema["description"]), ""]
        lines += ["| key | type | meaning |", "|---|---|---|"]
        lines += [*_keys(schema), ""]
    return "\n".join(lines).rstrip() + "\n"


_NAMED = {"time": "time", "arm_id": "ARM id", "digest": "SHA-256", "sha256": "SHA-256"}


def _keys(schema: dict) -> Iterator[str]:
    if "$ref" in schema:
        schema = schema["$defs"][schema["$ref"].rpartition("/")[2]]
    told = attributes(schema.get("description", ""))
    required = set(schema.get("required", ()))
    for key, value in schema.get("properties", {}).items():
        meaning = str(value.get("description", told.get(key, ""))).replace("|", "\\|")
        yield f"| `{key}`{'' if key in required else ' (optional)'} | {_kind(value)} | {meaning} |"


def _kind(schema: dict) -> str:
    """Return one word, or a few, for what a schema takes."""
    if "const" in schema:
        return f"`{schema['const']}`"
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_kind(each) for each in schema["anyOf"]))
    if "enum" in schema:
        return "word"
    if "$ref" in schema:
        return _NAMED.get(schema["$ref"].rpartition("/")[2], "object")
    kind = schema.get("type", "any")
    return " or ".join(kind) if isinstance(kind, list) else kind


def role_page() -> str:
    """Return the least-privilege roles: each action with what it is for."""
    lines = [_NOTE, "# Roles", ""]
    lines += [
        "The least that each identity needs, as custom roles of Azure. `azstaging rbac` prints"
    ]
    lines += ["them, `azstaging rbac --scope ID --out DIR` writes one file each for"]
    lines += ["`az role definition create`. Tests run a whole wave against the emulator with only"]
    lines += [
        "these actions, and with each one missing in turn: it is then named. Whether Azure asks"
    ]
    lines += ["for exactly these is unverified; `azstaging doctor` names what is refused.", ""]
    lines += ["Besides the roles: an estate folder in a blob container needs *Storage Blob Data"]
    lines += [
        "Contributor* on that container, and Azure Boards a member of the project who may edit"
    ]
    lines += ["work items."]
    for role in ROLES:
        lines += ["", f"## {role.name}", "", role.description, "", "| action | for |", "|---|---|"]
        for grant in role.grants:
            note = "; only where it is used" if grant.optional else ""
            lines.append(f"| `{grant.action}` | {grant.reason}{note} |")
    return "\n".join(lines) + "\n"


def diff_rules_page() -> str:
    """Return every built-in rule of the configuration diff, and every fact that can be compared."""
    lines = [_NOTE, "# Rules of the diff", "", "What each means is in [the diff](../diff.md). The"]
    lines += ["files are `diff_rules.toml` and `diff_facts.toml` of the package.", ""]
    lines += ["| rule | class | reason | risk | source |", "|---|---|---|---|---|"]
    for rule in rules().values():
        source = f"<{rule.source}>" if rule.source.startswith("https:") else rule.source
        lines.append(f"| `{rule.id}` | {rule.cls.value} | {rule.reason} | {rule.risk} | {source} |")
    lines += ["", "## Facts", "", "Azure does not tell these; an import does, for either side.", ""]
    lines += ["| fact | area | what it is |", "|---|---|---|"]
    for fact in facts().values():
        kind = ", a list" if fact.many else (f", in {fact.unit}" if fact.unit else "")
        lines.append(f"| `{fact.field}` | {fact.area} | {fact.about}{kind} |")
    return "\n".join(lines) + "\n"


PAGES = {
    **{file: partial(schema_file, schema) for file, schema in SCHEMAS.items()},
    "reference/diff-rules.md": diff_rules_page,
    "reference/errors.md": error_page,
    "reference/check-table.md": check_page,
    "reference/schemas.md": schema_page,
    "reference/roles.md": role_page,
}

if __name__ == "__main__":
    for page, make in PAGES.items():
        (DOCS / page).write_text(make(), encoding="utf-8")
