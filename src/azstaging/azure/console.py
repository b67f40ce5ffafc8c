"""Boot diagnostics: console picture and serial log, fetched from the cloud's storage alone.

The addresses come signed: they are secrets, and are shown and kept nowhere. No token goes there.
"""

from urllib.parse import urlsplit

import requests

from azstaging.azure.api_versions import COMPUTE
from azstaging.azure.clouds import Cloud, origin_of, plain_parts
from azstaging.azure.session import ArmSession
from azstaging.azure.transport import make_session
from azstaging.errors import UnexpectedResponseError
from azstaging.model.console import ConsoleData
from azstaging.model.ids import ResourceId

ACTION = "retrieveBootDiagnosticsData"
_MOST_BYTES = 16 * 1024 * 1024
_TIMEOUT_SECONDS = (10.0, 30.0)
_BLOCK_BYTES = 65_536
_OK = 200


class Console:
    """Reads what a machine shows on its console."""

    def __init__(self, session: ArmSession) -> None:
        self._session = session

    def get_console(self, vm_id: ResourceId) -> ConsoleData:
        """Get picture and serial log of a machine; what the service does not name is empty.

        Azure: VirtualMachines_RetrieveBootDiagnosticsData,
        POST {vm}/retrieveBootDiagnosticsData,
        https://learn.microsoft.com/rest/api/compute/virtual-machines/retrieve-boot-diagnostics-data

        Raises:
            UnexpectedResponseError: an address is not of the cloud's storage (nothing was sent
                there), or the storage did not give it.
            ServiceError: the service refused.
        """
        answer = self._session.post_read(f"{vm_id.text}/{ACTION}", COMPUTE, {})
        found = [answer.get(f"{what}BlobUri") for what in ("consoleScreenshot", "serialConsoleLog")]
        picture, log = (self._fetched(url, vm_id) if url else b"" for url in found)
        return ConsoleData(picture=picture, log=log)

    def _fetched(self, url: object, vm_id: ResourceId) -> bytes:
        if not isinstance(url, str) or not is_storage(url, self._session.cloud):
            raise _refused("leads to a host that is not this cloud's storage", vm_id)
        try:
            return _get(url, loopback=self._session.cloud.is_loopback)
        except (requests.RequestException, ValueError):
            problem = "could not be fetched from the storage"
        # Outside the handler: the original error holds the signed address.
        raise _refused(problem, vm_id)


def _refused(problem: str, vm_id: ResourceId) -> UnexpectedResponseError:
    return UnexpectedResponseError(
        f"The boot diagnostics of {vm_id.name}: an address {problem}. No token was sent there.",
        resource_id=vm_id.text,
        operation=ACTION,
    )


def is_storage(url: str, cloud: Cloud) -> bool:
    """Tell whether a URL leads to blobs of the cloud; of a local ARM, to that alone."""
    parts = plain_parts(url)
    if parts is None:
        return False
    scheme, host, port = origin_of(parts)
    if cloud.is_loopback:
        return (scheme, host, port) == origin_of(urlsplit(cloud.arm_endpoint))
    suffix = f".blob.{cloud.storage_suffix}"
    account = host.removesuffix(suffix)
    is_blob = bool(cloud.storage_suffix) and host.endswith(suffix) and account.isalnum()
    return is_blob and (scheme, port) == ("https", 443)


def _get(url: str, *, loopback: bool) -> bytes:
    """GET without token and without following anywhere.

    Raises:
        ValueError: no 200, or more than 16 MiB.
        requests.RequestException: no answer; its text holds the address.
    """
    with (
        make_session(pool_size=1, loopback=loopback) as session,
        session.get(url, stream=True, allow_redirects=False, timeout=_TIMEOUT_SECONDS) as answer,
    ):
        if answer.status_code != _OK:
            raise ValueError(answer.status_code)
        data = bytearray()
        for block in answer.iter_content(_BLOCK_BYTES):
            data += block
            if len(data) > _MOST_BYTES:
                raise ValueError(_MOST_BYTES)
        return bytes(data)
