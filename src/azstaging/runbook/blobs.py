"""Report files into a blob container, each whole: one Put Blob per file.

Put Blob, 2021-12-02 and later: https://learn.microsoft.com/rest/api/storageservices/put-blob
"""

import mimetypes
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from azstaging.azure.clouds import is_loopback_origin
from azstaging.azure.redaction import redact
from azstaging.errors import ConfigurationError, ServiceError

# A token of ours goes to no other host.
_HOSTS = (".blob.core.windows.net", ".blob.core.usgovcloudapi.net", ".blob.core.chinacloudapi.cn")


def is_url(place: str) -> bool:
    """Tell whether the reports go to a URL."""
    return "://" in place


def check_url(url: str) -> None:
    """Refuse what is not a folder of a blob container, before long work is done for it.

    Raises:
        ConfigurationError: another host, no container, or a signature in the URL, which would
            be kept with the job.
    """
    parts = urlsplit(url)
    shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise ConfigurationError(
            f"{shown} has a query or a login. A job keeps its parameters, so a signature does not "
            "belong there; the identity of the job is used."
        )
    local = is_loopback_origin(url)
    if not local and (parts.scheme != "https" or not (parts.hostname or "").endswith(_HOSTS)):
        raise ConfigurationError(f"{shown} is not https://ACCOUNT.blob.core.windows.net/CONTAINER.")
    if len(_segments(url)) < (2 if local else 1):
        raise ConfigurationError(f"{shown} names no container.")


def _segments(url: str) -> list[str]:
    return [part for part in urlsplit(url).path.split("/") if part]


def put_files(url: str, paths: Sequence[Path], *, credential: Any) -> None:
    """Put files into a folder of a container; what is there under the same name is replaced.

    Args:
        url: checked by `check_url`; on loopback its first segment is the account.
        paths: the files.
        credential: any ``TokenCredential``; none is used on loopback.

    Raises:
        ConfigurationError: azure-storage-blob is not installed.
        ServiceError: one could not be put; those before it are there.
    """
    try:
        container = import_module("azure.storage.blob").ContainerClient
        settings = import_module("azure.storage.blob").ContentSettings
    except ImportError as error:
        raise ConfigurationError(
            "Reports on a blob URL need azure-storage-blob, which is not installed.",
            advice='Install it: python -m pip install "azstaging[blob]".',
        ) from error
    local, segments = is_loopback_origin(url), _segments(url)
    origin = f"{urlsplit(url).scheme}://{urlsplit(url).netloc}"
    account = [origin, *segments[:1]] if local else [origin]
    name, *folder = segments[1:] if local else segments
    client = container("/".join(account), name, credential=None if local else credential)
    with client:
        for path in paths:
            kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            blob = "/".join((*folder, path.name))
            try:
                client.upload_blob(
                    blob,
                    path.read_bytes(),
                    overwrite=True,
                    content_settings=settings(content_type=kind),
                )
            except import_module("azure.core.exceptions").AzureError as error:
                raise ServiceError(
                    f"{blob} could not be put into {origin}/{name}: {redact(error, limit=300)}",
                    status=getattr(error, "status_code", None),
                    advice="The identity needs the role Storage Blob Data Contributor there, and "
                    "a sandbox no firewall in its way. Start this runbook again.",
                ) from error
