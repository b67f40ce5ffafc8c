"""A blob container as an estate folder: appends at a known position, reads, leases.

Azure: Append Block and Lease Blob, 2021-12-02 and later,
https://learn.microsoft.com/rest/api/storageservices/append-block.
"""

import ipaddress
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from azstaging.errors import ConfigurationError, JournalError

# A token of ours goes to no other host.
_HOSTS = (".blob.core.windows.net", ".blob.core.usgovcloudapi.net", ".blob.core.chinacloudapi.cn")
# The storage emulator's account key, which is published and the same everywhere:
# https://learn.microsoft.com/azure/storage/common/storage-use-azurite#well-known-storage-account-and-key
_EMULATOR_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)
_ROLE = "The identity needs the role Storage Blob Data Contributor on the container."
_CODE = re.compile("[A-Za-z]{1,64}")
_NOT_FOUND, _CONFLICT, _POSITION, _RANGE = 404, 409, 412, 416


class PositionTakenError(Exception):
    """Somebody else has appended since; nothing was written."""


class AnswerLostError(Exception):
    """No answer came; whether it was written is told by reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of an append blob.

    Attributes:
        size: of the whole blob, in bytes.
        blocks: committed blocks of the whole blob.
    """

    data: bytes
    size: int
    blocks: int


def is_url(place: object) -> bool:
    """Tell whether an estate folder is named by a URL."""
    return "://" in str(place)


def check_container_url(url: str) -> str:
    """Return the URL of a container, or of a folder in it, without a trailing slash.

    Raises:
        ConfigurationError: another host, no container, or a query, which could hold a signature.
    """
    parts = urlsplit(url)
    shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise ConfigurationError(
            f"{shown} has a query or a login, which would be kept where it is named.",
            advice="Name the container alone; the identity's own rights are used.",
        )
    local = is_loopback(url)
    if not local and (parts.scheme != "https" or not (parts.hostname or "").endswith(_HOSTS)):
        raise ConfigurationError(
            f"{shown} is no blob container: https://ACCOUNT.blob.core.windows.net/CONTAINER."
        )
    if len(_segments(url)) < (2 if local else 1):
        raise ConfigurationError(f"{shown} names no container.")
    return url.rstrip("/")


def is_loopback(url: str) -> bool:
    """Tell whether a URL leads to this machine, as a storage emulator's does."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _segments(url: str) -> list[str]:
    return [part for part in urlsplit(url).path.split("/") if part]


class Container:
    """One container, or a folder in it. Thread-safe; connects on first use.

    Args:
        url: see ``check_container_url``.
        credential: a ``TokenCredential``, or a function that gives one; not used on loopback.
    """

    def __init__(self, url: str, credential: Any = None) -> None:
        self.url = check_container_url(url)
        self._credential = credential
        local, segments = is_loopback(url), _segments(url)
        self._account = segments[0] if local else ""
        name, *folder = segments[1:] if local else segments
        self._name = name
        self._prefix = "".join(f"{part}/" for part in folder)
        self._mutex = threading.Lock()

    def __str__(self) -> str:
        return self.url

    def __reduce__(self) -> str:
        raise TypeError("A container is not pickled: a credential is inside.")

    def names(self, prefix: str) -> list[str]:
        """List the blobs below a prefix, sorted, without the folder of the URL."""
        whole = self._prefix + prefix
        with _Told(self, f"{prefix} could not be listed"):
            listed = self._reader.list_blob_names(name_starts_with=whole)
            return sorted(name[len(self._prefix) :] for name in listed)

    def read(self, name: str, offset: int = 0, length: int | None = None) -> Part | None:
        """Read a part of a blob; None when there is none of that name.

        Beyond the end the data is empty.
        """
        with _Told(self, f"{name} could not be read"):
            blob = self._reader.get_blob_client(self._prefix + name)
            try:
                stream = blob.download_blob(offset=offset, length=length)
                data = stream.readall()
                found = stream.properties
            except self._core.HttpResponseError as error:
                if error.status_code == _NOT_FOUND:
                    return None
                if error.status_code != _RANGE:
                    raise
                found, data = blob.get_blob_properties(), b""
            blocks = found.append_blob_committed_block_count or 0
            return Part(data=data, size=_size_of(found), blocks=blocks)

    def create(self, name: str) -> None:
        """Make an empty append blob, unless there is one of that name."""
        missing = self._core.MatchConditions.IfMissing
        with _Told(self, f"{name} could not be made"):
            blob = self._writer.get_blob_client(self._prefix + name)
            try:
                blob.create_append_blob(match_condition=missing)
            except self._core.HttpResponseError as error:
                if error.status_code not in {_CONFLICT, _POSITION}:
                    raise

    def append(self, name: str, block: bytes, position: int) -> int:
        """Append one block at a position, at most once, and return the committed blocks.

        Raises:
            PositionTakenError: the blob does not end there any more.
            AnswerLostError: no answer came.
        """
        blob = self._writer.get_blob_client(self._prefix + name)
        with _Told(self, f"{name} could not be appended to"):
            try:
                done = blob.append_block(block, appendpos_condition=position)
            except (self._core.ServiceRequestError, self._core.ServiceResponseError) as error:
                raise AnswerLostError from error
            except self._core.HttpResponseError as error:
                if error.status_code == _POSITION:
                    raise PositionTakenError from error
                if error.status_code is None or error.status_code >= 500:  # noqa: PLR2004
                    raise AnswerLostError from error
                raise
            return int(done["blob_committed_block_count"])

    def put(
        self,
        name: str,
        data: bytes,
        *,
        replace: bool = True,
        content_type: str = "application/octet-stream",
    ) -> None:
        """Write a whole blob; without ``replace`` one that is there already stands."""
        with _Told(self, f"{name} could not be written"):
            blob = self._reader.get_blob_client(self._prefix + name)
            settings = import_module("azure.storage.blob").ContentSettings(
                content_type=content_type
            )
            try:
                blob.upload_blob(data, overwrite=replace, content_settings=settings)
            except self._core.ResourceExistsError:
                if replace:
                    raise

    def lease(self, name: str, seconds: int) -> Any | None:
        """Lease a blob; None when somebody else has it. The client renews and releases it."""
        self.put(name, b"", replace=False)
        with _Told(self, f"{name} could not be leased"):
            blob = self._reader.get_blob_client(self._prefix + name)
            try:
                return blob.acquire_lease(seconds)
            except self._core.HttpResponseError as error:
                if error.status_code == _CONFLICT:
                    return None
                raise

    # The clients. Reads are repeated; an append is not, since a repeat could be a second one.

    @cached_property
    def _core(self) -> Any:
        return _Errors()

    @cached_property
    def _reader(self) -> Any:
        return self._client(retry_total=3)

    @cached_property
    def _writer(self) -> Any:
        return self._client(retry_total=0)

    def _client(self, **options: Any) -> Any:
        try:
            kind = import_module("azure.storage.blob").ContainerClient
        except ImportError as error:
            raise ConfigurationError(
                f"The estate folder {self} is a blob container, and azure-storage-blob is not "
                "installed.",
                advice='Install it: python -m pip install "azstaging[blob]".',
            ) from error
        parts = urlsplit(self.url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if self._account:
            key = {"account_name": self._account, "account_key": _EMULATOR_KEY}
            return kind(f"{origin}/{self._account}", self._name, credential=key, **options)
        with self._mutex:
            if callable(self._credential):
                self._credential = self._credential()
        if self._credential is None:
            raise ConfigurationError(
                f"The estate folder {self} needs a credential.",
                advice="Give one: Journal.open(url, credential=...).",
            )
        return kind(origin, self._name, credential=self._credential, **options)


class _Errors:
    """azure-core's errors, loaded on first use."""

    def __init__(self) -> None:
        found = import_module("azure.core.exceptions")
        self.HttpResponseError = found.HttpResponseError
        self.ResourceExistsError = found.ResourceExistsError
        self.ServiceRequestError = found.ServiceRequestError
        self.ServiceResponseError = found.ServiceResponseError
        self.MatchConditions = import_module("azure.core").MatchConditions


class _Told:
    """Turns what azure-storage-blob raises into a journal's error, without its URL and headers."""

    def __init__(self, container: Container, what: str) -> None:
        self._container = container
        self._what = what

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if error is None or not isinstance(
            error, import_module("azure.core.exceptions").AzureError
        ):
            return
        status = getattr(error, "status_code", None)
        # The service's codes are single words; another header could repeat what was sent to it.
        code = str(getattr(error, "error_code", None) or "")
        code = code if _CODE.fullmatch(code) else type(error).__name__
        said = f"HTTP {status}, {code}" if status else str(code)
        raise JournalError(
            f"{self._what} in {self._container} ({said}).",
            advice=_ROLE
            if status in {401, 403}
            else "Check the container and the network, "
            "then run again; what was acknowledged stands.",
        ) from None


def _size_of(properties: Any) -> int:
    """Return the size of the whole blob; a range's own size is in its content range."""
    whole = str(properties.content_range or "").rpartition("/")[2]
    return int(whole) if whole.isdecimal() else int(properties.size)


Credential = Callable[[], Any]
