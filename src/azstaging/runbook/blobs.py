"""Report files into a blob container, each whole: one Put Blob per file.

Put Blob, 2021-12-02 and later: https://learn.microsoft.com/rest/api/storageservices/put-blob
"""

import mimetypes
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from azstaging.errors import JournalError, ServiceError
from azstaging.journal.container import Container


def put_files(url: str, paths: Sequence[Path], *, credential: Any) -> None:
    """Put files into a folder of a container; what is there under the same name is replaced.

    Args:
        url: of a container or a folder in it; see ``check_container_url``.
        paths: the files.
        credential: any ``TokenCredential``; it is not used on loopback.

    Raises:
        ConfigurationError: azure-storage-blob is not installed, or the URL is refused.
        ServiceError: one could not be put; those before it are there.
    """
    container = Container(url, credential)
    for path in paths:
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        try:
            container.put(path.name, path.read_bytes(), content_type=kind)
        except JournalError as error:
            raise ServiceError(
                str(error),
                advice=f"{error.advice()} The reports before it are there. A sandbox reaches no "
                "account behind a firewall. Start this runbook again.",
            ) from error
