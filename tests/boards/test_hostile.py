"""The hostile names of the reports, as names of machines and workloads, through the whole sync."""

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from azstaging.model.backlog import BacklogSettings

Make = Callable[..., Any]
NAMES: list[str] = json.loads(
    (Path(__file__).parents[1] / "reports" / "hostile.json").read_text("ascii")
)
OUR_TAGS = re.compile(r"azstaging|azst:[0-9a-f]{12}|azst-(attention|gate-(open|closed))")
# Controls, and what turns the direction of text; joiners are part of some scripts.
UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
OUR_ELEMENTS = {"b", "br", "div", "span", "code", "p", "hr"}


class Elements(HTMLParser):
    """Collects elements, attributes and text of a description."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_every_hostile_name_is_text_everywhere(world: Any, inventory: Make) -> None:
    machines = {f"m{number}": name for number, name in enumerate(NAMES)}
    estate = inventory(dict.fromkeys(machines, "staged"), {"w": tuple(machines)}, machines)
    settings = BacklogSettings(report_url="https://reports.contoso.example/")
    result = world.sync(estate, settings=settings)
    assert result.gaps == ()
    assert len(world.state.items) == len(NAMES) + 1
    for item in world.state.items.values():
        tags = item.fields["System.Tags"].split("; ")
        assert all(OUR_TAGS.fullmatch(tag) for tag in tags), tags
        page = Elements()
        page.feed(item.fields["System.Description"])
        assert page.names <= OUR_ELEMENTS, page.names
        assert not page.attributes & {"href", "src", "style", "onerror", "data-vss-mention"}
        # A mention or a work item reference needs its sign and what follows in one run of text.
        assert not [t for t in page.text if re.search(r"[@#][\w<]", t)]
        title = item.fields["System.Title"]
        assert len(title) <= 255
        assert not UNSEEN.search(title), ascii(title)
    again = world.sync(estate, settings=settings)
    assert (again.applied, again.conflicts) == ((), ())


def test_no_comment_is_written_and_a_link_says_only_our_words(world: Any, inventory: Make) -> None:
    machines = {f"m{number}": name for number, name in enumerate(NAMES)}
    for phase in ("replicating", "staged", "released"):
        world.sync(inventory(dict.fromkeys(machines, phase), {"w": tuple(machines)}, machines))
    writes = [request for request in world.state.requests if request.is_write]
    operations = [operation for request in writes for operation in request.body]
    paths = {operation["path"] for operation in operations}
    assert "/fields/System.History" not in paths
    assert not any("/comments" in request.path for request in world.state.requests)
    said = {
        operation["value"]["attributes"].get("comment", "")
        for operation in operations
        if operation["path"] == "/relations/-"
    }
    assert said
    assert not [text for text in said for name in NAMES if len(name) > 3 and name in text]
