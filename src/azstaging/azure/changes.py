"""A change is sent once, and what its answer means.

The signed operation URLs end here; only the job id stays.
"""

from collections.abc import Callable, Mapping

from azstaging.azure.calls import Call, CallKind, Change, ChangeAnswer, path_of
from azstaging.azure.failures import (
    answer_date,
    no_answer,
    refusal,
    request_id_of,
    retry_after_seconds,
)
from azstaging.azure.hosts import HostPin
from azstaging.errors import ConfigurationError, StagingError
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


def run_once(change: Change, send: Callable[[Call], object], *, pin: HostPin) -> ChangeAnswer:
    """Send a prepared change through ``send``, and tell what the service answered.

    Raises:
        ConfigurationError: it was sent already, or never left.
        ServiceError: ``effect`` says what is known.
    """
    if change.sent:
        raise ConfigurationError(f"{change.method} {path_of(change.url)} was sent already.")
    kind = CallKind.DELETE if change.method == "DELETE" else CallKind.WRITE
    call = Call(
        kind=kind,
        method=change.method,
        path=path_of(change.url),
        client_request_id=change.client_request_id,
        change=change,
    )
    failure: Exception | None = None
    try:
        send(call)
    except Exception as error:  # noqa: BLE001  # a client's own error must not hide the answer
        failure = error
    if call.outcome is not None:
        return change_answer(call, *call.outcome, pin=pin)
    if change.sent:
        # Whatever the client did after the request left, it is not known to be undone.
        raise call.failure or no_answer(failure or RuntimeError("no answer"), call)
    if isinstance(failure, StagingError):
        raise failure
    raise ConfigurationError(f"{call.title} was not sent ({failure!r}).") from failure
