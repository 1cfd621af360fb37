"""What every walk of a sampler must sound like, whoever listens: the drawer's own, or the command line's."""

from collections.abc import Iterable, Mapping

from stylus_engine.model import Drawn, Event, Failed, Started, Stepped

Line = tuple[str, str, int]  # kind of event, shot, steps done

OPEN, STEPPING, ENDED = "not started", "stepping", "ended"


def trace(events: Iterable[Event]) -> list[Line]:
    """The events about shots, without what differs between two runs (paths, previews)."""
    lines: list[Line] = []
    for event in events:
        if isinstance(event, Stepped):
            lines.append(("stepped", event.shot, event.step))
        elif isinstance(event, Started | Drawn | Failed) and event.shot:
            lines.append((type(event).__name__.lower(), event.shot, 0))
    return lines


def check_trace(events: Iterable[Event], steps: Mapping[str, int]) -> None:
    """Assert that each shot of `steps` went Started → Stepped 1..n → Drawn, or ended early in one Failed.

    Nothing may be said of a shot after its end, and of no shot that was not asked for.
    """
    taken = dict.fromkeys(steps, 0)
    state = dict.fromkeys(steps, OPEN)
    for kind, shot, step in trace(events):
        assert shot in state, f"nobody asked for {shot}"
        assert state[shot] != ENDED, f"{kind} of {shot} after its end"
        if kind == "started":
            assert state[shot] == OPEN, f"{shot} started twice"
            state[shot] = STEPPING
        elif kind == "stepped":
            assert (state[shot], step) == (STEPPING, taken[shot] + 1), f"{shot} jumped to {step}"
            taken[shot] = step
        else:
            assert kind == "failed" or taken[shot] == steps[shot], f"{shot} was drawn too early"
            state[shot] = ENDED
    unfinished = [shot for shot, at in state.items() if at != ENDED]
    assert not unfinished, f"no terminal event for {unfinished}"
