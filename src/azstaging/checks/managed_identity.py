"""The machine has an identity of its own, so that no secret has to lie on it."""

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
    id="managed-identity",
    title="The target machine has a managed identity",
    source="https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/overview",
    lifetime_seconds=7 * DAY,
    next_step="Assign a managed identity to the machine.",
    on_request=True,
)
def managed_identity(context: ItemContext) -> Verdict:
    """Judge the kind of identity that Azure tells."""
    target = context.row.target
    if target is None or not target.identity:
        return inconclusive("Azure does not tell whether the machine has a managed identity")
    if target.identity.casefold() == "none":
        return failed("no managed identity")
    return passed(target.identity)
