"""What the answer to a change means. The signed operation URLs end here; only the job id stays."""

from collections.abc import Mapping

from azstaging.azure.calls import Call, ChangeAnswer, path_of
from azstaging.azure.failures import answer_date, refusal, request_id_of, retry_after_seconds
from azstaging.azure.hosts import HostPin
from azstaging.errors import ConfigurationError
from azstaging.model.ids import check_segment

_ACCEPTED = frozenset({200, 202, 204})


def change_answer(
    call: Call, status: int, headers: Mapping[str, str], *, pin: HostPin
) -> ChangeAnswer:
    """Return what the service answered to a change, if it accepted it.

    Raises:
        ServiceError: it did not, or the answer cannot be understood; ``effect`` says which.
    """
    if status not in _ACCEPTED:
        body = call.answer.body if call.answer else b""
        raise refusal(status, headers, body, call)
    return ChangeAnswer(
        status=status,
        job_id=_job_id(headers, pin),
        request_id=request_id_of(headers),
        retry_after_seconds=retry_after_seconds(headers) or 0.0,
        date=answer_date(headers),
        client_request_id=call.client_request_id,
    )


def _job_id(headers: Mapping[str, str], pin: HostPin) -> str:
    """Take the job's id out of an operation's URL; a foreign URL gives none."""
    for name in ("azure-asyncoperation", "location"):
        url = headers.get(name, "")
        if url and pin.allows(url):
            try:
                return check_segment(path_of(url).rstrip("/").rpartition("/")[2])
            except ConfigurationError:
                continue
    return ""
