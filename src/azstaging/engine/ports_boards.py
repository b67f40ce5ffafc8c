"""What the backlog needs of Azure Boards. Nothing here does I/O; `azstaging.azure.boards` does."""

from collections.abc import Sequence
from typing import Any, Protocol

Json = dict[str, Any]


class BoardsPort(Protocol):
    """One project of Azure Boards. JSON objects are exactly what the service sent.

    Every method raises an error of `azstaging.errors`; ``ConflictError`` for a revision that is
    not current (412, 409), ``ThrottledError`` for a write that was refused for being too fast
    (nothing was written), and ``effect`` UNKNOWN for a write whose answer did not come.
    """

    @property
    def organization(self) -> str:
        """The organisation's name."""
        ...

    @property
    def project(self) -> str:
        """The project's name."""
        ...

    def query_ids(self, wiql: str, *, top: int) -> list[int]:
        """Run a flat query and return at most ``top`` ids, in the order of the query."""
        ...

    def read_work_items(self, ids: Sequence[int]) -> list[Json]:
        """Read at most 200 work items with their relations; what does not exist is left out."""
        ...

    def list_types(self) -> list[Json]:
        """Read the work item types of the project, with fields and transitions."""
        ...

    def read_type(self, name: str) -> Json:
        """Read one work item type, with fields and transitions."""
        ...

    def read_states(self, name: str) -> list[Json]:
        """Read the states of a work item type: name, color, category."""
        ...

    def read_updates(self, id: int) -> list[Json]:
        """Read who changed what in a work item, oldest first."""
        ...

    def create(self, type_name: str, patch: list[Json], *, validate_only: bool = False) -> Json:
        """Create a work item, or only validate; at most one request."""
        ...

    def update(self, id: int, patch: list[Json], *, validate_only: bool = False) -> Json:
        """Change a work item, or only validate; at most one request."""
        ...

    def work_item_url(self, id: int) -> str:
        """Return the URL by which relations name a work item."""
        ...
