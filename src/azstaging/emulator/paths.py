"""ARM paths, taken apart without regard to case."""

from functools import cached_property


class Address:
    """One request path.

    Attributes:
        path: as the client sent it, decoded, without trailing slash.
        key: casefolded, what resources and lists are kept by.
        parts: its segments.
    """

    def __init__(self, path: str) -> None:
        self.path = "/" + path.strip("/")
        self.key = self.path.casefold()
        self.parts = self.path[1:].split("/")

    def after(self, word: str) -> str:
        """Return the segment after ``word``, or ""."""
        folded = [part.casefold() for part in self.parts]
        if word not in folded[:-1]:
            return ""
        return self.parts[folded.index(word) + 1]

    @property
    def subscription(self) -> str:
        """The subscription id, or ""."""
        return self.after("subscriptions")

    @property
    def group(self) -> str:
        """The resource group's name, or ""."""
        return self.after("resourcegroups")

    @cached_property
    def _tail(self) -> list[str]:
        """Segments after the last ``providers``: namespace, then types and names in turn."""
        folded = [part.casefold() for part in self.parts]
        if "providers" not in folded:
            return []
        last = len(folded) - 1 - folded[::-1].index("providers")
        return self.parts[last + 1 :]

    @property
    def is_instance(self) -> bool:
        """The path names one resource, not a list or an action."""
        return len(self._tail) % 2 == 1 and len(self._tail) > 1

    @cached_property
    def vault_key(self) -> str:
        """The casefolded id of the vault that the path lies in, the vault's own included, or ""."""
        folded = self.key[1:].split("/")
        for word in ("vaults", "replicationvaults"):
            if word in folded[:-1]:
                return "/" + "/".join(folded[: folded.index(word) + 2])
        return ""

    @property
    def resource_type(self) -> str:
        """``namespace/type/type`` as the client wrote it."""
        return "/".join(self._tail[:1] + self._tail[1::2])

    @property
    def scope(self) -> str:
        """What authorisation looks at: the instance, or the instance above a list."""
        if self.is_instance or not self._tail:
            return self.path
        return "/" + "/".join(self.parts[:-1])

    def action(self, method: str) -> str:
        """Return the RBAC action string of a request, e.g. ``.../remove/action``."""
        kind = self.resource_type or "Microsoft.Resources/" + (
            "subscriptions/resourceGroups" if self.group else "subscriptions"
        )
        if method == "GET":
            return f"{kind}/read"
        if method == "DELETE":
            return f"{kind}/delete"
        if method == "POST":
            return f"{kind}/action"
        return f"{kind}/write"

    def up(self, levels: int = 1) -> str:
        """Return the casefolded path without its last ``levels`` segments."""
        return "/" + "/".join(part.casefold() for part in self.parts[:-levels])
