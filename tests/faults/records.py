"""What is written down of each kill, and what no kill explains."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

from tests.faults.auditor import Finding
from tests.faults.boundaries import boundaries
from tests.faults.plan import Kill

Json: TypeAlias = dict[str, Any]
CUT_OFF = "RuntimeError: Session is closed"  # an orderly stop in the middle of an answer


@dataclass(slots=True)
class Record:
    """One kill: who, where, in which state and call; what became of the jobs in flight."""

    kill: Kill
    hit: bool
    job: str
    state: str
    flight: dict[str, str]  # job -> its state at that moment
    at: float = 0.0
    became: dict[str, int] = field(default_factory=dict[str, int])

    def line(self, number: int) -> str:
        """For whoever watches."""
        about = f" [{self.job} {self.state}]" if self.job else ""
        missed = "" if self.hit else "  NOT REACHED"
        then = f"; then: {self.kill.scenario}" if self.kill.target == "bot" else ""
        return (
            f"{number:3} {self.kill.target:7} {self.kill.where}{about}{then}; {self.states}{missed}"
        )

    @property
    def states(self) -> str:
        counted = sorted(Counter(self.flight.values()).items())
        return ", ".join(f"{n} {state}" for state, n in counted) or "nothing in flight"

    def as_json(self) -> Json:
        kill = {k: v for k, v in asdict(self.kill).items() if v not in {"", None}}
        about = {"hit": self.hit, "job": self.job, "state": self.state, "at": round(self.at, 2)}
        flight = dict(Counter(self.flight.values()))
        return {
            "where": self.kill.where,
            **kill,
            **about,
            "in_flight": flight,
            "became": self.became,
        }


@dataclass(slots=True)
class Report:
    """What a day brought."""

    records: list[Record]
    findings: list[Finding]
    passed: set[str]
    complaints: list[str]

    def conclude(self) -> None:
        """Write down what became of the jobs that were in flight at each kill."""
        ends = {found.job: found.outcome for found in self.findings if found.job}
        for record in self.records:
            record.became = dict(Counter(ends[job] for job in record.flight if job in ends))


def missing(passed: set[str]) -> list[str]:
    """Places that were not passed on both sides."""
    return list(dict.fromkeys(b.partition(" ")[2] for b in boundaries() if b not in passed))


def complaints(requests: Sequence[Json], log: str) -> list[str]:
    """What the stand-in's judges found in requests, and tracebacks of the bots."""
    found = [row for row in requests if _found_fault(row)]
    said = [f"{row['method']} {row['path']}: {row['findings']}" for row in found]
    before, *traces = log.split("Traceback (most recent call last)")
    for trace in traces:
        if CUT_OFF not in trace:
            said.append(f"{before[-200:]}Traceback{trace[:3000]}")
        before = trace
    return said


def _found_fault(row: Json) -> bool:
    """Whether the judges found something that is not a kill in the middle of an upload."""
    return any("Connection" not in str(found) for found in row["findings"])
