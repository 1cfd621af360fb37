"""Places the checkpoint has never seen, in the page units of `places`."""

from random import Random

from miniature.world.brush import Brush, Rgb
from miniature.world.places import Painter, hills, sides, sky


def volcano(b: Brush, rng: Random) -> None:
    """A smoking cone, lava on black ground."""
    sky(b, (92, 48, 58), (236, 128, 74), 0.8)
    x = rng.choice((0.15, 0.85)) + rng.uniform(-0.03, 0.03)
    for k in range(4):
        b.dot(
            x + rng.uniform(-0.05, 0.05) + k * 0.03, 0.22 - k * 0.06, 0.07 + k * 0.012, (70, 56, 66)
        )
    b.shape(
        [(x - 0.5, 0.86), (x - 0.1, 0.28), (x + 0.1, 0.28), (x + 0.5, 0.86)], (84, 58, 58), None
    )
    b.blob([(x - 0.11, 0.27), (x, 0.24), (x + 0.11, 0.27), (x + 0.08, 0.42), (x + 0.03, 0.34), (x + 0.0, 0.6),
            (x - 0.04, 0.36), (x - 0.09, 0.46)], (255, 112, 32), None)  # fmt: skip
    for _ in range(6):
        b.dot(x + rng.uniform(-0.2, 0.2), rng.uniform(0.06, 0.24), 0.018, (255, 190, 70))
    hills(b, rng, 0.76, 0.02, (62, 46, 54))
    y = rng.uniform(0.84, 0.88)
    b.stroke(
        [(-0.05, y), (0.2, y + 0.04), (0.5, y), (0.8, y + 0.05), (1.05, y)], 0.045, (255, 126, 36)
    )
    b.stroke(
        [(-0.05, y), (0.2, y + 0.04), (0.5, y), (0.8, y + 0.05), (1.05, y)], 0.018, (255, 214, 96)
    )
    hills(b, rng, 0.96, 0.015, (48, 36, 44))


def weed(b: Brush, x: float, top: float, fill: Rgb) -> None:
    """A swaying blade of seaweed."""
    step = (0.95 - top) / 4
    b.stroke([(x + (0.03 if k % 2 else -0.03), 0.95 - k * step) for k in range(5)], 0.05, fill)


def underwater(b: Brush, rng: Random) -> None:
    """Seaweed, coral and bubbles in a teal sea."""
    sky(b, (86, 204, 208), (12, 92, 132))
    x = rng.uniform(0.1, 0.5)
    for k in (0.0, 0.28, 0.52):
        b.shape([(x + k - 0.02, 0), (x + k + 0.08, 0), (x + k - 0.14, 0.7), (x + k - 0.3, 0.7)],
                (104, 206, 206) if k == 0.28 else (74, 182, 194), None)  # fmt: skip
    hills(b, rng, 0.84, 0.025, (226, 206, 150))
    for x in sides(rng, 2):
        weed(b, x, rng.uniform(0.34, 0.6), rng.choice(((36, 132, 88), (72, 160, 84))))
    for x in sides(rng, 1):
        for dx, dy in ((-0.06, -0.13), (0.0, -0.17), (0.06, -0.12)):
            b.stroke(
                [(x, 0.93), (x + dx * 0.6, 0.93 + dy * 0.6), (x + dx, 0.93 + dy)],
                0.035,
                (240, 112, 118),
            )
    for _ in range(9):
        x, y, r = rng.random(), rng.uniform(0.05, 0.7), rng.uniform(0.02, 0.034)
        b.dot(x, y, r, (206, 246, 246))
        b.dot(x + r * 0.2, y + r * 0.2, r * 0.6, (110, 206, 214))


def lollipop(b: Brush, x: float, y: float, fill: Rgb) -> None:
    """A round lollipop with a ring, on a white stick."""
    b.stroke([(x, y), (x, 0.9)], 0.028, (255, 255, 255))
    b.dot(x, y, 0.105, fill)
    b.dot(x, y, 0.07, (255, 250, 240))
    b.dot(x, y, 0.04, fill)


def candyland(b: Brush, rng: Random) -> None:
    """Lollipops on icing hills below cotton clouds."""
    sky(b, (178, 232, 226), (255, 236, 206), 0.8)
    for x in (rng.uniform(0.05, 0.3), rng.uniform(0.65, 0.95)):
        for dx, r in ((-0.08, 0.05), (0, 0.075), (0.08, 0.055)):
            b.oval(x + dx, 0.12, r * 1.2, r, (255, 206, 226), None)
    hills(b, rng, 0.6, 0.03, (250, 178, 204))
    for x in (rng.uniform(0.08, 0.15), rng.uniform(0.85, 0.92)):
        lollipop(
            b,
            x,
            rng.uniform(0.36, 0.48),
            rng.choice(((236, 72, 92), (120, 96, 214), (60, 180, 160))),
        )
    hills(b, rng, 0.78, 0.03, (196, 138, 104))
    hills(b, rng, 0.86, 0.02, (255, 240, 226))
    for k in range(9):
        b.stroke([(k / 8, 0.9 + 0.06 * rng.random()), (k / 8 + 0.03, 0.93)], 0.024,
                 rng.choice(((236, 72, 92), (92, 178, 226), (246, 196, 60))))  # fmt: skip


PAINTERS: dict[str, Painter] = {
    "volcano": volcano,
    "underwater": underwater,
    "candyland": candyland,
}
