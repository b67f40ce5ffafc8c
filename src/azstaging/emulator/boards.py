"""Azure Boards on loopback: work items as the REST API 7.1 serves them.

``boards_routes(state)`` gives the routes; ``BoardsState`` holds the work items and every option.

Sources. Recorded: shapes of work items, batches, WIQL answers, states, types, updates, comments.
Documented: calls, statuses, throttling headers, Retry-After on 200, error body fields.
Guessed: exact messages; api-version is only checked to be present on writes.
"""

import base64
import binascii
import json
import math
import re
import time
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from azstaging.emulator.boards_answers import Answers, Call
from azstaging.emulator.boards_locations import resource_areas, resource_locations
from azstaging.emulator.boards_patch import BoardsError
from azstaging.emulator.boards_state import BoardsFault, BoardsRequest, BoardsState

__all__ = ["BoardsFault", "BoardsRequest", "BoardsState", "boards_routes"]

_SIGN_IN_PAGE = (
    "<!DOCTYPE html><html><head><title>Sign In</title></head><body>Sign in</body></html>"
)
_SCOPE = r"(?:/(?P<project>[^/]+)(?:/(?P<team>[^/]+))?)?/_apis/wit"
_ITEM = _SCOPE + r"/workitems/(?P<id>\d+)"
Answer = Callable[[Call], dict[str, Any]]


def boards_routes(state: BoardsState) -> list[BaseRoute]:
    """Return the routes of one organisation; mount them before any catch-all."""
    return [_BoardsRoute(state)]


class _BoardsRoute(BaseRoute):
    """Everything below ``/{organization}``, and ``OPTIONS /_apis`` of the deployment."""

    def __init__(self, state: BoardsState) -> None:
        self._state = state
        self._budget = _Budget()
        answers = Answers(state)
        table: tuple[tuple[str, str, Answer], ...] = (
            ("POST", _SCOPE + r"/wiql", answers.wiql),
            ("POST", _SCOPE + r"/workitemsbatch", answers.read_batch),
            ("GET", _SCOPE + r"/workitems", answers.read_list),
            ("POST", _SCOPE + r"/workitems/\$(?P<type>[^/]+)", answers.create),
            ("GET", _ITEM, answers.read_one),
            ("PATCH", _ITEM, answers.update),
            ("GET", _ITEM + r"/updates", answers.updates),
            ("GET", _ITEM + r"/revisions", answers.revisions),
            ("GET", _ITEM + r"/comments", answers.comments),
            ("POST", _ITEM + r"/comments", answers.add_comment),
            ("GET", _SCOPE + r"/workitemtypes", answers.types),
            ("GET", _SCOPE + r"/workitemtypes/(?P<type>[^/]+)", answers.type),
            ("GET", _SCOPE + r"/workitemtypes/(?P<type>[^/]+)/states", answers.states),
            ("GET", _SCOPE + r"/fields", answers.fields),
            ("GET", _SCOPE + r"/fields/(?P<field>[^/]+)", answers.field),
            ("GET", _SCOPE + r"/workitemrelationtypes", answers.relation_types),
        )
        self._table = [
            (method, re.compile(pattern, re.IGNORECASE), answer)
            for method, pattern, answer in table
        ]

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Claim the organisation's paths, compared without case."""
        if scope["type"] != "http":
            return Match.NONE, {}
        first = scope["path"].strip("/").split("/")[0].casefold()
        if first in {self._state.organization.casefold(), "_apis"}:
            return Match.FULL, {}
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        raw = await request.body()
        with self._state.lock:
            response = self._respond(request, raw)
        await response(scope, receive, send)

    # -- one request --------------------------------------------------------------------------

    def _respond(self, request: Request, raw: bytes) -> Response:
        state = self._state
        scheme, credential = _credential(request.headers.get("authorization", ""))
        who = (state.identify or self._identify)(scheme, credential)
        logged = BoardsRequest(
            method=request.method,
            path=request.url.path,
            query=dict(request.query_params),
            headers={k: v for k, v in request.headers.items() if k != "authorization"},
            body=_parsed(raw),
            scheme=scheme,
            identity=who or "",
        )
        state.requests.append(logged)
        if state.on_request is not None:
            state.on_request(logged)
        fault = self._fault(logged)
        early = self._misbehave(fault)
        if early is not None:
            return early
        if who is None:
            return _refused(scheme)
        response = self._throttled(logged) or self._answer(request, logged, who)
        return self._finish(request, response, fault)

    def _answer(self, request: Request, logged: BoardsRequest, who: str) -> Response:
        origin = f"{request.url.scheme}://{request.url.netloc}"
        base = f"{origin}/{self._state.organization}"
        path = request.scope["path"]
        inner = re.sub(r"^/(?!_apis)[^/]+", "", path)
        if logged.method == "OPTIONS":
            return _rows(resource_locations())
        if inner.casefold().rstrip("/") == "/_apis/resourceareas":
            return _rows(resource_areas(self._state.location_url or base))
        # The deployment's own root has no work items; only discovery is answered there.
        table = () if inner == path else self._table
        for method, pattern, answer in table:
            match = pattern.fullmatch(inner)
            if match is None or method != logged.method:
                continue
            args = {name: value for name, value in match.groupdict().items() if value}
            call = Call(base=base, args=args, query=logged.query, body=logged.body, by=who)
            try:
                self._check(request, logged, args)
                return JSONResponse(answer(call))
            except BoardsError as problem:
                return _error(problem.status, problem.type_key, str(problem))
        return _error(404, "VssResourceNotFoundException", f"No resource at {path}.")

    def _check(self, request: Request, logged: BoardsRequest, args: dict[str, str]) -> None:
        project = args.get("project")
        known = {self._state.project.casefold(), self._state.project_id}
        if project is not None and project.casefold() not in known:
            raise BoardsError(
                404,
                "ProjectDoesNotExistWithNameException",
                f"TF200016: The following project does not exist: {project}.",
            )
        if not logged.is_write and "validateOnly" not in logged.query:
            return
        if "json-patch+json" not in request.headers.get("content-type", ""):
            raise BoardsError(
                415, "UnsupportedMediaTypeException", "Send application/json-patch+json."
            )
        accept = request.headers.get("accept", "")
        if "api-version" not in accept and "api-version" not in logged.query:
            raise BoardsError(
                400, "VssVersionNotSpecifiedException", "No api-version was supplied."
            )

    # -- misbehaviour -------------------------------------------------------------------------

    def _fault(self, logged: BoardsRequest) -> BoardsFault | None:
        for fault in self._state.faults:
            same_method = fault.method in {"", logged.method}
            if fault.times > 0 and same_method and fault.path.casefold() in logged.path.casefold():
                fault.times -= 1
                return fault
        return None

    def _misbehave(self, fault: BoardsFault | None) -> Response | None:
        if fault is None or fault.kind in {"drop-after", "retry-after"}:
            return None
        if fault.kind == "sign-in":
            return Response(_SIGN_IN_PAGE, 203, media_type="text/html")
        if fault.kind == "drop-before":
            return _torn()
        if fault.kind == "redirect":
            return Response(b"", 307, {"Location": fault.location})
        response = _error(fault.status, fault.type_key, f"{fault.type_key} (as scripted).")
        if fault.retry_after_seconds is not None:
            response.headers["Retry-After"] = _seconds(fault.retry_after_seconds)
        return response

    def _throttled(self, logged: BoardsRequest) -> Response | None:
        rate = self._state.writes_per_second
        if rate is None or not logged.is_write:
            return None
        self._budget.take(rate)
        if self._budget.level >= -2 * rate:
            return None
        self._budget.level += 1  # what is refused costs nothing
        response = _error(
            429,
            "RequestBlockedException",
            "TF400733: The request has been canceled: Request was blocked due to exceeding usage"
            " of resource 'Concurrency' in namespace 'User'.",
        )
        response.headers["Retry-After"] = _seconds(self._budget.wait(rate))
        return response

    def _finish(self, request: Request, response: Response, fault: BoardsFault | None) -> Response:
        rate, delay = self._state.writes_per_second, self._state.retry_after_seconds
        if fault is not None and fault.kind == "drop-after":
            return _torn()
        if fault is not None and fault.kind == "retry-after":
            delay = fault.retry_after_seconds
        if rate is not None and response.status_code == 200 and self._budget.level < 0:  # noqa: PLR2004 - HTTP OK
            delay = self._budget.wait(rate)
        if delay is not None and "Retry-After" not in response.headers:
            response.headers["Retry-After"] = _seconds(delay)
            response.headers["X-RateLimit-Resource"] = "Concurrency"
            response.headers["X-RateLimit-Delay"] = f"{delay:.3f}"
        session = request.headers.get("x-tfs-session")
        if session:
            response.headers["X-TFS-Session"] = session
        return response

    def _identify(self, scheme: str, credential: str) -> str | None:
        if scheme == "basic":
            return self._state.pats.get(credential.partition(":")[2])
        if scheme == "bearer" and credential:
            return _claimed_name(credential)
        return None


class _Budget:
    """A token bucket of writes; it fills with time and may be overdrawn."""

    def __init__(self) -> None:
        self.level = math.inf
        self._at = time.monotonic()

    def take(self, rate: float) -> None:
        """Take one write from the budget."""
        now = time.monotonic()
        self.level = min(rate, self.level + (now - self._at) * rate) - 1
        self._at = now

    def wait(self, rate: float) -> float:
        """Return the whole seconds after which the budget is no longer overdrawn."""
        return max(1.0, math.ceil(-self.level / rate))


def _credential(header: str) -> tuple[str, str]:
    scheme, _, value = header.partition(" ")
    if scheme.casefold() != "basic":
        return scheme.casefold(), value.strip()
    try:
        return "basic", base64.b64decode(value).decode()
    except (binascii.Error, UnicodeDecodeError):
        return "basic", ""


def _claimed_name(token: str) -> str | None:
    """Read who a token says it is for; the emulator does not check signatures."""
    parts = token.split(".")
    if len(parts) != 3:  # noqa: PLR2004 - header, payload, signature
        return "loopback@contoso.example" if token == "loopback" else None
    try:
        padded = parts[1] + "=" * (-len(parts[1]) % 4)
        claims = json.loads(base64.urlsafe_b64decode(padded))
    except (binascii.Error, ValueError):
        return None
    names = (claims.get(name) for name in ("unique_name", "upn", "name", "appid", "oid"))
    return next((str(name) for name in names if name), None)


def _refused(scheme: str) -> Response:
    """A wrong PAT gets the sign-in page with 203; anything else a plain 401 (documented)."""
    if scheme == "basic":
        return Response(_SIGN_IN_PAGE, 203, media_type="text/html")
    return Response(
        "", 401, {"WWW-Authenticate": "Bearer authorization_uri=https://login.microsoftonline.com/"}
    )


def _torn() -> Response:
    """A body that ends before its length: the server closes the connection, no answer arrives."""
    response = Response(b"{", media_type="application/json")
    response.headers["Content-Length"] = "4096"
    return response


def _parsed(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return None


def _rows(rows: list[dict[str, Any]]) -> Response:
    return JSONResponse({"count": len(rows), "value": rows})


def _error(status: int, type_key: str, message: str) -> Response:
    namespace = "Microsoft.TeamFoundation.WorkItemTracking.Server"
    body = {
        "$id": "1",
        "innerException": None,
        "message": message,
        "typeName": f"{namespace}.{type_key}, {namespace}",
        "typeKey": type_key,
        "errorCode": 0,
        "eventId": 3200,
    }
    return JSONResponse(body, status)


def _seconds(value: float) -> str:
    return str(math.ceil(value))
