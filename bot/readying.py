"""How the adapters of some pictures came to be ready: each once, with what was waited for."""

from collections.abc import Iterable

from stylus_engine.model import Picture, Readied


def waited(pictures: Iterable[Picture]) -> tuple[Readied, ...]:
    """Of each adapter the longest wait, in order of first appearance; later pictures find it in memory."""
    found: dict[str, Readied] = {}
    for each in (one for picture in pictures for one in picture.readied):
        known = found.get(each.name)
        if known is None or _counts(each) > _counts(known):
            found[each.name] = each
    return tuple(found.values())


def _counts(one: Readied) -> tuple[bool, float]:
    """A picture that only found it in memory, in how many milliseconds ever, tells the least."""
    return one.how != "memory", one.seconds
