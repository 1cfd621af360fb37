"""`draw`: a scene becomes a picture. Knows the order of the layers, not how any of them looks."""

from random import Random

from PIL import Image, ImageDraw, ImageFilter

from miniature.world import lights, new_places, new_subjects, places, styles, subjects
from miniature.world.brush import INK, PALETTE, Brush
from miniature.world.layers import Layers, Pixels, grown, picture, pixels
from miniature.world.scene import Scene

CANVAS = 256  # four times the usual size: every picture is drawn here, then reduced
FLOATING = ("space", "underwater")
SHADELESS = ("balloon", "butterfly", "rocket")
PLACE_PAINTERS = {**places.PAINTERS, **new_places.PAINTERS}
SUBJECT_PAINTERS = {**subjects.PAINTERS, **new_subjects.PAINTERS}


def draw(scene: Scene, size: int = 64) -> Image.Image:
    """The scene as an RGB image of size × size pixels; the same scene gives the same bytes.

    Composition depends on seed, subject and place alone, so a style or a colour changes nothing else.
    """
    layers = lights.LIGHTS[scene.light](_layers(scene, CANVAS))
    full = picture(styles.STYLES[scene.style](layers))
    return full.resize((size, size), Image.Resampling.LANCZOS)


def _layers(scene: Scene, wide: int) -> Layers:
    place = Image.new("RGB", (wide, wide))
    PLACE_PAINTERS[scene.place](Brush(place, (0, 0), wide), Random(f"{scene.seed} {scene.place}"))
    brush = _subject_brush(wide, Random(f"{scene.seed} {scene.subject}"))
    SUBJECT_PAINTERS[scene.subject](brush, PALETTE[scene.colour])
    if scene.place not in FLOATING and scene.subject not in SHADELESS:
        _shade(place, brush)
    subject, mask = _outlined(brush.image, wide)
    return Layers(pixels(place), subject, mask, PALETTE[scene.colour], scene.seed)


def _subject_brush(wide: int, rng: Random) -> Brush:
    reach = wide * 0.5 * 0.7 * rng.uniform(0.87, 1.1)
    x = wide * (0.5 + rng.uniform(-0.08, 0.08))
    y = wide * (0.54 + rng.uniform(-0.06, 0.05))
    image = Image.new("RGBA", (wide, wide))
    return Brush(image, (x, y), reach, rng.uniform(-0.13, 0.13), rng.random() < 0.5, wide * 5 / 256)


def _shade(place: Image.Image, brush: Brush) -> None:
    """A soft shadow on the ground below the subject."""
    x, y = brush.origin
    veil = Image.new("L", place.size)
    ImageDraw.Draw(veil).ellipse(
        (
            x - brush.reach * 0.85,
            y + brush.reach * 0.74,
            x + brush.reach * 0.85,
            y + brush.reach * 1.12,
        ),
        fill=90,
    )
    place.paste((40, 30, 60), mask=veil.filter(ImageFilter.GaussianBlur(brush.reach * 0.05)))


def _outlined(image: Image.Image, wide: int) -> tuple[Pixels, Pixels]:
    """The subject with a line around its whole silhouette: RGB and mask."""
    mask = grown(pixels(image.getchannel("A")), round(wide / 128))
    ground = Image.new("RGB", image.size, INK)
    ground.paste(image, mask=image.getchannel("A"))
    return pixels(ground), mask
