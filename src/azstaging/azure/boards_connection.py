"""Connect to one project of Azure Boards, as the configuration names it."""

from typing import Any, Protocol

from azstaging.azure.boards import AzureBoards
from azstaging.azure.clouds import choose_cloud
from azstaging.errors import ConfigurationError


class _Settings(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def arm_endpoint(self) -> str: ...
    @property
    def boards_url(self) -> str: ...


def connect_boards(
    cloud: _Settings, organization: str, project: str, credential: Any = None
) -> AzureBoards:
    """Return the port to one project; nothing is sent before the first read.

    Raises:
        ConfigurationError: no organization or project is configured, or the cloud has no Boards.
    """
    if not organization or not project:
        raise ConfigurationError(
            "No board is configured; nothing was read or written.",
            advice="Name organization and project under [boards].",
        )
    chosen = choose_cloud(
        cloud.name, arm_endpoint=cloud.arm_endpoint or None, boards_url=cloud.boards_url or None
    )
    return AzureBoards(chosen, organization, project, credential)
