"""The nouns, in the order in which they follow each other.

    Request -> Candidate -> Plan(Task(Choice)) -> Mask -> Recipe -> Shot -> Event -> Manifest

Law of this room: every noun is frozen, checks itself when it is made and holds
only plain values, so that the same bytes mean the same thing in another process
and in another year.  A change is a new value (`msgspec.structs.replace`).  What
crosses a process or outlives one carries a version `v`; a field that nobody
knows is refused, never ignored.
"""

from stylus_engine.model.adapter import Adapter, Candidate, Kind, Licence, Rating
from stylus_engine.model.checkpoint import Checkpoint
from stylus_engine.model.event import Drawn, Event, Failed, Fetching, Planned, Started, Stepped
from stylus_engine.model.few_step import Faster, FewStep
from stylus_engine.model.liking import Liking
from stylus_engine.model.manifest import Lit, Manifest, Picture, Ran, Readied, Survival
from stylus_engine.model.mask import Mask
from stylus_engine.model.plan import Choice, Dropped, Friction, Plan, Seen, Strain, Task
from stylus_engine.model.query import Query, Span
from stylus_engine.model.request import (
    LIMITS,
    PRESETS,
    SAMPLERS,
    Policy,
    Request,
    Start,
    most_steps,
)
from stylus_engine.model.shot import Recipe, Shot, Weighted
from stylus_engine.model.sketch import Measured, Sketch

__all__ = [
    "LIMITS",
    "PRESETS",
    "SAMPLERS",
    "Adapter",
    "Candidate",
    "Checkpoint",
    "Choice",
    "Drawn",
    "Dropped",
    "Event",
    "Failed",
    "Faster",
    "Fetching",
    "FewStep",
    "Friction",
    "Kind",
    "Licence",
    "Liking",
    "Lit",
    "Manifest",
    "Mask",
    "Measured",
    "Picture",
    "Plan",
    "Planned",
    "Policy",
    "Query",
    "Ran",
    "Rating",
    "Readied",
    "Recipe",
    "Request",
    "Seen",
    "Shot",
    "Sketch",
    "Span",
    "Start",
    "Started",
    "Stepped",
    "Strain",
    "Survival",
    "Task",
    "Weighted",
    "most_steps",
]
