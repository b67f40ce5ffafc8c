"""People and two of our runs edit the same work items at random: no human edit is ever lost."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from azstaging.emulator.boards_answers import Answers, Call
from azstaging.emulator.boards_patch import BoardsError
from azstaging.emulator.boards_state import BoardsState, WorkItem
from azstaging.engine.sync import sync_boards
from azstaging.errors import ConflictError, NotFoundError, ServiceError
from azstaging.model.backlog import BacklogSettings
from azstaging.model.inventory import Inventory
from azstaging.rules.backlog_text import digest, find_block

AT = datetime(2026, 3, 2, tzinfo=timezone.utc)
BASE = "http://127.0.0.1/contoso"
MACHINES = ("sql", "web", "cms")
WORKLOADS = {"payroll": ("sql", "web"), "intranet": ("web", "cms")}
PHASES = ("replicating", "staged", "released", "failed")
CATEGORIES = {"To Do": "P", "In Progress": "I", "Done": "C", "Removed": "R"}
WANTED = {"replicating": "P", "staged": "I", "released": "C", "failed": "I"}


class DirectPort:
    """The emulator's Boards without a network; ``before_write`` runs before every write."""

    organization, project = "contoso", "Migration"

    def __init__(self, state: BoardsState, before_write: Callable[[], None]) -> None:
        self._state = state
        self._answers = Answers(state)
        self._before_write = before_write
        self.writes = 0

    def _call(self, answer: Any, body: Any = None, query: Any = None, **args: str) -> Any:
        call = Call(base=BASE, args=args, query=query or {}, body=body, by="azstaging")
        try:
            return answer(call)
        except BoardsError as problem:
            kinds = {404: NotFoundError, 409: ConflictError, 412: ConflictError}
            raise kinds.get(problem.status, ServiceError)(
                str(problem), status=problem.status, code=problem.type_key
            ) from problem

    def query_ids(self, wiql: str, *, top: int) -> list[int]:
        rows = self._call(self._answers.wiql, {"query": wiql}, {"$top": str(top)})
        return [row["id"] for row in rows["workItems"]]

    def read_work_items(self, ids: Sequence[int]) -> list[Any]:
        body = {"ids": list(ids), "$expand": "relations", "errorPolicy": "omit"}
        rows = self._call(self._answers.read_batch, body)["value"]
        return [row for row in rows if row is not None]

    def list_types(self) -> list[Any]:
        return self._call(self._answers.types)["value"]

    def read_type(self, name: str) -> Any:
        return self._call(self._answers.type, type=name)

    def read_states(self, name: str) -> list[Any]:
        return self._call(self._answers.states, type=name)["value"]

    def read_updates(self, id: int) -> list[Any]:
        return self._call(self._answers.updates, id=str(id))["value"]

    def create(self, type_name: str, patch: list[Any], *, validate_only: bool = False) -> Any:
        query = self._writing(validate_only)
        return self._call(self._answers.create, patch, query, type=type_name)

    def update(self, id: int, patch: list[Any], *, validate_only: bool = False) -> Any:
        query = self._writing(validate_only)
        return self._call(self._answers.update, patch, query, id=str(id))

    def _writing(self, validate_only: bool) -> Mapping[str, str]:
        if validate_only:
            return {"validateOnly": "true"}
        self.writes += 1
        self._before_write()
        return {}

    def work_item_url(self, id: int) -> str:
        return f"{BASE}/_apis/wit/workItems/{id}"


class People(RuleBasedStateMachine):
    """What people did is noted, and must be there after every run."""

    make_inventory: Callable[..., Inventory]

    @initialize()
    def begin(self) -> None:
        self.state = BoardsState()
        self.phases = dict.fromkeys(MACHINES, "replicating")
        self.known: dict[str, int] = {}
        self.titles: dict[int, str] = {}
        self.states: dict[int, str] = {}
        self.notes: dict[int, list[str]] = {}
        self.tags: dict[int, list[str]] = {}
        self.blocks: dict[int, str] = {}
        self.gone: set[int] = set()
        self.pending: list[Callable[[], None]] = []
        self.count = 0
        self._sync()

    # -- people -------------------------------------------------------------------------------

    def _some(self, pick: int) -> WorkItem | None:
        tasks = [
            i
            for i in self.state.items.values()
            if not i.deleted and i.fields["System.WorkItemType"] == "Task"
        ]
        return tasks[pick % len(tasks)] if tasks else None

    def _new(self, kind: str) -> str:
        self.count += 1
        return f"{kind}-{self.count}"

    def _title(self, pick: int) -> None:
        if item := self._some(pick):
            self.titles[item.id] = self._new("title")
            self.state.edit(item.id, System_Title=self.titles[item.id])

    def _note(self, pick: int) -> None:
        if item := self._some(pick):
            note = self._new("note")
            self.notes.setdefault(item.id, []).append(note)
            text = item.fields.get("System.Description", "")
            placed = f"<p>{note}</p>{text}" if pick % 2 else f"{text}<p>{note}</p>"
            self.state.edit(item.id, System_Description=placed)

    def _tag(self, pick: int) -> None:
        if item := self._some(pick):
            tag = self._new("tag")
            self.tags.setdefault(item.id, []).append(tag)
            self.state.edit(item.id, System_Tags=item.fields.get("System.Tags", "") + f"; {tag}")

    def _state(self, pick: int, state: str) -> None:
        item = self._some(pick)
        if item is None or item.fields["System.State"] == state:
            return
        self.state.edit(item.id, System_State=state)
        memory = find_block(item.fields.get("System.Description", ""))[0]
        category = self.state_category(state)
        # Back to what we last wrote: there is no edit any more.
        self.states.pop(item.id, None)
        if memory is None or memory.agreed["state"] != digest(f"category:{category}"):
            self.states[item.id] = state

    def state_category(self, state: str) -> str:
        return next(s.category for s in self.state.states_of("Task") if s.name == state)

    def _block(self, pick: int) -> None:
        item = self._some(pick)
        if item and "<b>Phase</b>" in item.fields.get("System.Description", ""):
            word = self._new("edited")
            self.blocks[item.id] = word
            text = item.fields["System.Description"].replace("<b>Phase</b>", f"<b>{word}</b>")
            self.state.edit(item.id, System_Description=text)

    def _delete(self, pick: int) -> None:
        if item := self._some(pick):
            self.gone.add(item.id)
            self.state.delete(item.id)

    def _act(self, what: str, pick: int) -> None:
        if what in CATEGORIES:
            self._state(pick, what)
        else:
            getattr(self, f"_{what}")(pick)

    WHAT = st.sampled_from(["title", "note", "tag", "block", "delete", *CATEGORIES])
    PICK = st.integers(min_value=0, max_value=11)

    @rule(what=WHAT, pick=PICK)
    def a_person_edits(self, what: str, pick: int) -> None:
        self._act(what, pick)

    @rule(what=st.sampled_from(["title", "note", "tag", "block", *CATEGORIES]), pick=PICK)
    def a_person_will_edit_while_a_run_writes(self, what: str, pick: int) -> None:
        self.pending.append(lambda: self._act(what, pick))

    @rule(machine=st.sampled_from(MACHINES), phase=st.sampled_from(PHASES))
    def the_machine_moves_on(self, machine: str, phase: str) -> None:
        self.phases[machine] = phase

    # -- runs ---------------------------------------------------------------------------------

    def _interfere(self) -> None:
        if self.pending:
            self.pending.pop(0)()

    def _sync(self) -> int:
        port = DirectPort(self.state, self._interfere)
        result = sync_boards(
            port,
            self.make_inventory(self.phases, WORKLOADS),
            settings=BacklogSettings(),
            at=AT,
            apply=True,
            known=self.known,
            workers=1,
        )
        self.known = {**self.known, **result.ids}
        self._settle_states()
        return port.writes

    def _settle_states(self) -> None:
        """A state that a person set and that agrees with the evidence is nobody's dispute."""
        for key in list(self.states):
            item = self.state.items[key]
            machine = item.fields["System.Title"].split(":")[0]
            if key in self.titles or machine not in self.phases:
                machine = self._machine(item)
            if CATEGORIES[self.states[key]] == WANTED.get(self.phases.get(machine, ""), ""):
                del self.states[key]

    @staticmethod
    def _machine(item: WorkItem) -> str:
        urls = [r["url"] for r in item.relations if r["rel"] == "Hyperlink"]
        return urls[0].rpartition("/")[2] if urls else ""

    @rule()
    def a_run(self) -> None:
        self._sync()
        self._nothing_is_lost()

    @rule()
    def another_run_writes_at_the_same_time(self) -> None:
        self.pending.append(lambda: void(self._sync()))
        self._sync()
        self._nothing_is_lost()

    @precondition(lambda self: self.known)
    @rule()
    def it_converges(self) -> None:
        self.pending.clear()
        self._sync()
        assert self._sync() == 0, "the second run has nothing to write"
        self._nothing_is_lost()
        for item in self.state.items.values():
            text = item.fields.get("System.Description", "")
            if item.deleted or item.id in self.blocks or item.id not in self.known.values():
                continue
            machine = self._machine(item)
            if machine in self.phases:
                assert f"<b>Phase</b>: {self.phases[machine]}" in text

    def _nothing_is_lost(self) -> None:
        for number, title in self.titles.items():
            assert self.state.items[number].fields["System.Title"] == title
        for number, state in self.states.items():
            assert self.state.items[number].fields["System.State"] == state
        for number, notes in self.notes.items():
            text = self.state.items[number].fields.get("System.Description", "")
            assert all(f"<p>{note}</p>" in text for note in notes)
        for number, tags in self.tags.items():
            present = self.state.items[number].fields.get("System.Tags", "").split("; ")
            assert set(tags) <= set(present)
        for number, word in self.blocks.items():
            assert word in self.state.items[number].fields["System.Description"]
        assert all(self.state.items[number].deleted for number in self.gone)
        keys = [
            tag
            for item in self.state.items.values()
            if not item.deleted
            for tag in re.findall(r"azst:[0-9a-f]{12}", item.fields.get("System.Tags", ""))
        ]
        assert len(keys) == len(set(keys)), "one work item per key"


def void(_: object) -> None:
    """Drop a value."""


def test_no_human_edit_is_lost(inventory: Callable[..., Inventory]) -> None:
    class Machine(People):
        make_inventory = staticmethod(inventory)

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=60,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_direct_port_is_a_boards_port(inventory: Callable[..., Inventory]) -> None:
    port = DirectPort(BoardsState(), lambda: None)
    sync_boards(
        port,
        inventory({"sql": "staged"}, {"payroll": ("sql",)}),
        settings=BacklogSettings(),
        at=AT,
        apply=True,
    )
    assert port.writes == 4
    with pytest.raises(NotFoundError):
        port.read_updates(99)
