"""Work item types and states of the four processes that Azure Boards ships.

Source: documented (process guidance of Azure Boards); colours and icons are left out where
nothing reads them. A project adds its own states with ``BoardsState(custom_states=...)``.
"""

from dataclasses import dataclass

PROPOSED, IN_PROGRESS = "Proposed", "InProgress"
RESOLVED, COMPLETED, REMOVED = "Resolved", "Completed", "Removed"
CATEGORIES = (PROPOSED, IN_PROGRESS, RESOLVED, COMPLETED, REMOVED)

_COLOURS = {
    PROPOSED: "b2b2b2",
    IN_PROGRESS: "007acc",
    RESOLVED: "ff9d00",
    COMPLETED: "339933",
    REMOVED: "ffffff",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """One state of a work item type."""

    name: str
    category: str

    @property
    def color(self) -> str:
        return _COLOURS[self.category]


def _states(text: str) -> tuple[State, ...]:
    pairs = (part.split(":") for part in text.split(", "))
    return tuple(State(name=name, category=category) for name, category in pairs)


_SCRUM_BACKLOG = _states(
    "New:Proposed, Approved:Proposed, Committed:InProgress, Done:Completed, Removed:Removed"
)
_SCRUM_EPIC = _states("New:Proposed, In Progress:InProgress, Done:Completed, Removed:Removed")
_SCRUM_TASK = _states("To Do:Proposed, In Progress:InProgress, Done:Completed, Removed:Removed")
_AGILE = _states(
    "New:Proposed, Active:InProgress, Resolved:Resolved, Closed:Completed, Removed:Removed"
)
_AGILE_TASK = _states("New:Proposed, Active:InProgress, Closed:Completed, Removed:Removed")
_BASIC = _states("To Do:Proposed, Doing:InProgress, Done:Completed")
_CMMI = _states(
    "Proposed:Proposed, Active:InProgress, Resolved:InProgress, Closed:Completed, Removed:Removed"
)
_CMMI_BUG = _states("Proposed:Proposed, Active:InProgress, Resolved:Resolved, Closed:Completed")

PROCESSES: dict[str, dict[str, tuple[State, ...]]] = {
    "Scrum": {
        "Epic": _SCRUM_EPIC,
        "Feature": _SCRUM_EPIC,
        "Product Backlog Item": _SCRUM_BACKLOG,
        "Bug": _SCRUM_BACKLOG,
        "Task": _SCRUM_TASK,
        "Impediment": _states("Open:InProgress, Closed:Completed"),
    },
    "Agile": {
        "Epic": _AGILE,
        "Feature": _AGILE,
        "User Story": _AGILE,
        "Task": _AGILE_TASK,
        "Bug": _AGILE[:-1],
        "Issue": _states("Active:InProgress, Closed:Completed"),
    },
    "Basic": {"Epic": _BASIC, "Issue": _BASIC, "Task": _BASIC},
    "CMMI": {
        "Epic": _CMMI,
        "Feature": _CMMI,
        "Requirement": _CMMI,
        "Task": _CMMI,
        "Bug": _CMMI_BUG,
        "Issue": _CMMI_BUG,
        "Risk": _CMMI_BUG,
    },
}

# referenceName -> (display name, type). What is not here, and not a custom field, is unknown.
FIELDS: dict[str, tuple[str, str]] = {
    "System.Id": ("ID", "integer"),
    "System.Rev": ("Rev", "integer"),
    "System.AreaPath": ("Area Path", "treePath"),
    "System.IterationPath": ("Iteration Path", "treePath"),
    "System.TeamProject": ("Team Project", "string"),
    "System.WorkItemType": ("Work Item Type", "string"),
    "System.Title": ("Title", "string"),
    "System.State": ("State", "string"),
    "System.Reason": ("Reason", "string"),
    "System.AssignedTo": ("Assigned To", "string"),
    "System.Description": ("Description", "html"),
    "System.History": ("History", "history"),
    "System.Tags": ("Tags", "plainText"),
    "System.CreatedDate": ("Created Date", "dateTime"),
    "System.CreatedBy": ("Created By", "string"),
    "System.ChangedDate": ("Changed Date", "dateTime"),
    "System.ChangedBy": ("Changed By", "string"),
    "System.CommentCount": ("Comment Count", "integer"),
    "Microsoft.VSTS.Common.StateChangeDate": ("State Change Date", "dateTime"),
    "Microsoft.VSTS.Common.Priority": ("Priority", "integer"),
    "Microsoft.VSTS.Scheduling.RemainingWork": ("Remaining Work", "double"),
    "Microsoft.VSTS.Scheduling.DueDate": ("Due Date", "dateTime"),
}
READ_ONLY = frozenset(
    {
        "System.Id",
        "System.Rev",
        "System.CreatedDate",
        "System.CreatedBy",
        "System.ChangedDate",
        "System.ChangedBy",
        "System.TeamProject",
        "System.WorkItemType",
        "System.CommentCount",
        "Microsoft.VSTS.Common.StateChangeDate",
    }
)
# Types whose form has a due date: documented for Agile and CMMI, absent from Scrum and Basic.
DUE_DATE_TYPES = {
    "Agile": frozenset({"Epic", "Feature", "Issue", "Task"}),
    "CMMI": frozenset({"Epic", "Feature", "Issue", "Task", "Requirement"}),
}
