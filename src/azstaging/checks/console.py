"""What the machine shows on its console is kept, and it is not a boot that stopped."""

from dataclasses import replace

from azstaging.checks.interface import (
    DAY,
    ItemContext,
    Verdict,
    check,
    failed,
    inconclusive,
    passed,
)


@check(
    id="console",
    title="Console picture or serial log is kept, and shows no boot that stopped",
    source="https://learn.microsoft.com/azure/virtual-machines/boot-diagnostics",
    lifetime_seconds=DAY,
    boot=True,
    next_step="Look at the kept picture and log; the serial console shows more.",
    on_request=True,
)
def console(context: ItemContext) -> Verdict:
    """Judge the serial log; a picture is for people."""
    seen = context.around.console
    if seen is None:
        return inconclusive(context.around.console_problem or "the console was not read")
    if not seen.artefacts:
        return inconclusive("Azure has neither picture nor serial log of the machine")
    kept = ", ".join(f"{each.name} {each.sha256[:12]}" for each in seen.artefacts)
    verdict = failed(f"the boot stopped: {seen.stuck}; {kept}") if seen.stuck else passed(kept)
    return replace(verdict, artefacts=seen.artefacts)
