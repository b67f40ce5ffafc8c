"""Examples under each command's help. One more command is one more line; a test parses them all."""

import click

EXAMPLES: dict[str, tuple[str, ...]] = {
    "demo": ("azstaging demo", "azstaging demo --out rehearsal --machines 200"),
    "init": ("azstaging init", "azstaging init --out wave-07.toml"),
    "doctor": ("azstaging doctor", "azstaging doctor -o json --query 'facts.\"missing actions\"'"),
    "inventory": (
        "azstaging inventory",
        "azstaging inventory --vault vlt-west --wide",
        "azstaging inventory --save monday.json",
        "azstaging inventory --compare monday.json",
        "azstaging inventory --resume reads.jsonl --deadline 600",
        "azstaging inventory -o json --query \"items[?phase=='staged'].name\"",
    ),
    "baseline": (
        "azstaging baseline",
        "azstaging baseline --workload Payroll",
        "azstaging baseline --source vInfo.csv --source vDisk.csv --source vNetwork.csv",
        "azstaging baseline --source cmdb.csv --columns cmdb.toml",
    ),
    "check": (
        "azstaging check",
        "azstaging check --workload Payroll --deadline 600",
        "azstaging check -o jsonl > findings.jsonl",
    ),
    "diff": (
        "azstaging diff",
        "azstaging diff --item payroll-db --class act,suspicious",
        "azstaging diff --drift",
    ),
    "report": (
        "azstaging report --out reports/",
        "azstaging report --out reports/ --view auditor --format html",
        "azstaging report --out reports/ --from estate/ --at 968",
    ),
    "boards": (
        "azstaging boards",
        "azstaging boards --apply",
        "azstaging boards --apply --resolve 1234@7=accept",
    ),
    "preflight": ("azstaging preflight", "azstaging preflight --workload Payroll -o json"),
    "plan": (
        "azstaging plan",
        "azstaging plan --out wave-07.plan.json",
        "azstaging plan --workload Payroll --out payroll.plan.json",
    ),
    "approve": (
        'azstaging approve wave-07.plan.json --comment "CHG-4471"',
        'azstaging approve wave-07.plan.json --comment "CHG-4471" --hours 4 --out wave-07.dsse',
        "azstaging approve wave-07.plan.json --signed wave-07.dsse",
    ),
    "release": (
        "azstaging release wave-07.plan.json",
        "azstaging release wave-07.plan.json --execute",
    ),
    "abandon": (
        'azstaging abandon --item old-app --reason "CHG-7: descoped" --out old-app.plan.json',
        "azstaging abandon old-app.plan.json --execute",
    ),
    "residue": ("azstaging residue", "azstaging residue -o json --query leftovers"),
    "status": ("azstaging status", "azstaging status -o json"),
    "journal": (),
    "journal show": ("azstaging journal show estate",),
    "journal verify": (
        "azstaging journal verify estate",
        "azstaging journal verify evidence.zip --key signer.pub.pem",
    ),
    "journal head": ("azstaging journal head estate",),
    "journal export": (
        "azstaging journal export estate --out evidence.zip",
        "azstaging journal export estate --out evidence.zip --sign signer.pem",
    ),
    "journal adopt": ('azstaging journal adopt estate --reason "moved to the new server"',),
    "emulator": (),
    "emulator serve": (
        "azstaging emulator serve --port 8443 --write-config azstaging.toml",
        "azstaging emulator serve --tls --latency 0.08",
    ),
    "capture": (
        "azstaging capture --out estate.json",
        "azstaging capture --out e.json --anonymise",
    ),
    "rehearse": ("azstaging rehearse --plan wave-07.plan.json --estate estate.json",),
    "runbook": (),
    "runbook bundle": ("azstaging runbook bundle --out wheels",),
    "rbac": (
        "azstaging rbac",
        "azstaging rbac --scope /subscriptions/ID --out roles",
        "az role definition create --role-definition roles/azstaging-reader.json",
    ),
    "completion": (
        'eval "$(azstaging completion bash)"',
        "azstaging completion fish > ~/.config/fish/completions/azstaging.fish",
    ),
    "config": (),
    "config show": ("azstaging config show --origin",),
}


def show_examples(command: click.Command, path: str) -> click.Command:
    """Give a command, and those below it, its examples as the last section of the help."""
    examples = EXAMPLES.get(path, ())
    if examples:
        # click keeps the lines of a paragraph that begins with this mark.
        command.epilog = "\n".join(["\b", "Examples:", *(f"  {line}" for line in examples)])
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            show_examples(child, f"{path} {name}")
    return command
