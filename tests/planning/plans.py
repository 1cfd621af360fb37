"""Plans of a given shape, for tests of planning."""

from stylus_engine.model import Adapter, Choice, Plan, Task


def adapter(name: str, **fields: object) -> Adapter:
    """A card with the name as its only trigger word."""
    known: dict[str, object] = {
        "card_id": f"test:{name}:1",
        "name": name,
        "family_declared": "sd1-32",
        "triggers": (name,),
        "path": f"{name}.safetensors",
    }
    return Adapter(**(known | fields))  # pyright: ignore[reportArgumentType] - the noun checks itself


def plan(*sizes: int, weight: float = 0.8, **fields: object) -> Plan:
    """Task t (concept `tN`) with sizes[t] adapters named `tN-aM`, each with these `fields`."""
    prompt = " ".join(f"t{t}" for t in range(len(sizes))) or "nothing"
    tasks = tuple(
        Task(
            concept=f"t{t}",
            start=prompt.index(f"t{t}"),
            choices=tuple(
                Choice(adapter=adapter(f"t{t}-a{a}", **fields), weight=weight, reason="test")
                for a in range(size)
            ),
        )
        for t, size in enumerate(sizes)
    )
    return Plan(prompt=prompt, tasks=tasks, composer="test")
