"""For any split of a list over pages, it is read whole or not at all."""

from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from azstaging.azure.calls import Answer
from azstaging.azure.clouds import choose_cloud
from azstaging.azure.credentials import StaticCredential
from azstaging.azure.session import ArmSession
from azstaging.errors import ServiceError

ENDPOINT = "http://127.0.0.1:9"
PATH = "/subscriptions/s/providers/x"
IDS = [f"{PATH}/items/{n}" for n in range(8)]
SPOILS = ["null", "missing", "text", "torn", "empty", "a row", "repeated", "foreign", "status"]
SESSION = ArmSession(StaticCredential("t"), choose_cloud(arm_endpoint=ENDPOINT))


@dataclass
class Response:
    """As much of a response as a read looks at."""

    status_code: int
    content: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)


def served(pages: list[list[str]], spoil: str, at: int) -> Any:
    """Answer with page after page; the one at ``at`` is spoilt."""

    def send(request: Any, *, stream: bool, call: Any) -> Response:
        assert stream
        number = int(request.url.partition("page=")[2] or 0)
        link = f"{ENDPOINT}{PATH}?page={number + 1}" if number + 1 < len(pages) else None
        body: Any = {"value": [{"id": each} for each in pages[number]], "nextLink": link}
        status = 200
        if spoil and number == at:
            status = 404 if spoil == "status" else 200
            body |= {
                "null": {"value": None},
                "text": {"value": "none"},
                "a row": {"value": [*pages[number], None]},
                "repeated": {"nextLink": request.url},
                "foreign": {"nextLink": "https://elsewhere.example/x"},
            }.get(spoil, {})
            if spoil == "missing":
                del body["value"]
        text = msgspec.json.encode(body)
        text = {"torn": text[: len(text) // 2], "empty": b""}.get(
            spoil if number == at else "", text
        )
        call.answer = Answer(status=status, headers={}, body=text)
        return Response(status, text)

    return send


@settings(deadline=None, max_examples=200)
@given(
    pages=st.lists(st.lists(st.sampled_from(IDS), max_size=4), min_size=1, max_size=5),
    spoil=st.sampled_from(["", *SPOILS]),
    at=st.integers(0, 4),
    shout=st.booleans(),
)
def test_a_list_is_read_whole_or_not_at_all(
    pages: list[list[str]], spoil: str, at: int, shout: bool
) -> None:
    if shout:
        # A row that moves to the next page may come in another casing: it is one row.
        pages = [
            [each.upper() if number % 2 else each for each in p] for number, p in enumerate(pages)
        ]
    at = min(at, len(pages) - 1)
    sender = served(pages, spoil, at)
    if spoil:
        with pytest.raises(ServiceError):
            SESSION.list_all(PATH, "v", sender=sender)
        return
    rows = SESSION.list_all(PATH, "v", sender=sender)
    wanted = dict.fromkeys(each.casefold() for page in pages for each in page)
    assert [row["id"].casefold() for row in rows] == list(wanted)
