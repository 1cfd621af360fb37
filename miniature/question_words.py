"""The hand-written words of the question set. Knows language; no embedder was asked about any of them.

`CARDS` speaks as the cards do.  `OTHERS` says the same things in words that stand on no card
that would do: half of each list, drawn by a seed, is for the open part, the rest is held out.
Written on 2026-11-28, before the composer that is measured with them.
"""

# the world's word -> how people who know the cards ask for it
CARDS: dict[str, tuple[str, ...]] = {
    "dragon": ("dragon", "winged dragon", "storybook dragon", "little dragon"),
    "robot": ("robot", "tin robot", "android", "droid"),
    "castle": ("castle", "fairy castle", "fortress", "palace"),
    "octopus": ("octopus", "squid", "octopus friend"),
    "snail": ("snail", "garden snail", "slug"),
    "rocket": ("rocket", "retro rocket", "rocket ship", "spaceship"),
    "butterfly": ("butterfly", "moth", "painted butterfly"),
    "dinosaur": ("dinosaur", "long-neck dinosaur", "sauropod", "brontosaurus"),
    "pencil": ("pencil sketch", "pencil drawing", "graphite drawing"),
    "pixel": ("pixel art", "8-bit pixel art", "retro game sprite"),
    "watercolour": ("watercolour", "watercolor painting", "aquarelle"),
    "stainedglass": ("stained glass window", "stained glass", "leaded glass"),
    "neon": ("neon sign", "neon", "sign of glowing neon tubes"),
    "blueprint": ("blueprint", "technical drawing", "cyanotype plan"),
    "papercut": ("papercut", "paper cutout", "layered paper picture"),
    "crossstitch": ("cross-stitch", "embroidery", "piece of needlework"),
    "chalk": ("chalk drawing", "blackboard drawing in chalk", "dusty chalk drawing"),
    "woodcut": ("woodcut", "linocut", "block print"),
    "sunset": ("at sunset", "at dusk", "in the golden hour", "in sunset light"),
    "night": ("at night", "in the moonlight", "at nighttime"),
    "storm": ("in a storm", "in a thunderstorm", "with lightning above"),
    "volcano": ("by the volcano", "near a volcano", "on a field of lava"),
}

OTHERS: dict[str, tuple[str, ...]] = {
    "dragon": (
        "wyvern", "fire-breathing lizard", "wyrm", "fire drake", "scaly beast that breathes fire",
        "fire-spitting serpent of legend", "mythical flying reptile", "lindworm",
    ),
    "robot": (
        "automaton", "mechanical man", "mecha", "humanoid machine", "cyborg",
        "artificial person of steel", "clockwork humanoid", "walking machine with metal limbs",
    ),
    "castle": (
        "citadel", "stronghold", "chateau", "turreted royal residence", "medieval fort",
        "bastion with a drawbridge", "moated home of a medieval king", "Neuschwanstein",
    ),
    "octopus": (
        "kraken", "cephalopod", "cuttlefish", "eight-legged sea animal", "devilfish", "octopod",
        "sea monster with suckers", "ink-squirting mollusc",
    ),
    "snail": (
        "escargot", "gastropod", "slimy mollusc carrying its house", "land mollusc", "whelk",
        "slimy creeping mollusk", "slime-trailing lettuce pest", "limpet",
    ),
    "rocket": (
        "spacecraft", "space shuttle", "starship", "missile", "Saturn V", "launch vehicle",
        "interplanetary craft", "Soyuz capsule",
    ),
    "butterfly": (
        "swallowtail", "lepidopteran", "flutterby", "caterpillar turned flyer", "hatched chrysalis",
        "fluttering nectar drinker", "fluttering monarch", "grown-up caterpillar",
    ),
    "dinosaur": (
        "diplodocus", "brachiosaurus", "T-rex", "stegosaurus", "Jurassic reptile", "triceratops",
        "prehistoric giant lizard", "extinct Mesozoic beast",
    ),
    "pencil": (
        "page from a sketchbook", "rough doodle", "hand-shaded study", "silverpoint study",
        "draughtsman's study", "monochrome scribble", "doodle in a notebook", "charcoal study",
    ),
    "pixel": (
        "NES screenshot", "blocky arcade graphic", "chunky low-resolution bitmap", "Gameboy screen",
        "Commodore 64 graphic", "Super Nintendo scene", "Atari graphic", "low-res arcade machine screen",
    ),
    "watercolour": (
        "piece of watery brushwork", "study in translucent pigment", "study in runny diluted pigments",
        "gouache", "study in bleeding pigments", "study in water-based pigment",
        "loose watery brush study", "study in delicate translucent tints",
    ),
    "stainedglass": (
        "piece of Tiffany glasswork", "church glazing", "medieval glazier's work", "vitrail",
        "Gothic chapel glazing", "Tiffany lampshade", "Chartres glazing", "church glasswork",
    ),
    "neon": (
        "Las Vegas light display", "LED signage", "fluorescent lamp outline", "argon lamp",
        "electric advertising display", "illuminated bar signage", "luminous gas lamp outline",
        "glow-in-the-dark contour",
    ),
    "blueprint": (
        "architect's schematic", "engineering diagram", "CAD schematic", "construction diagram",
        "patent diagram", "orthographic projection", "exploded-view schematic", "engineer's schematic",
    ),
    "papercut": (
        "kirigami", "découpage", "cardboard diorama", "silhouette snipped with scissors",
        "scherenschnitt", "cardstock collage", "collage of stacked cardboard", "origami collage",
    ),
    "crossstitch": (
        "needlepoint", "sewn sampler", "tapestry", "petit point", "yarn craft", "crewel work",
        "sewn textile", "gobelin",
    ),
    "chalk": (
        "scribble on a teacher's board", "classroom slate scrawl", "piece of pavement art",
        "slate doodle", "sidewalk pastel", "scrawl on a lecture-hall board", "classroom board doodle",
        "dry pastel on slate",
    ),
    "woodcut": (
        "xylograph", "wood engraving", "Dürer engraving", "piece of relief printmaking",
        "Gutenberg-era engraving", "hand-gouged relief", "broadside engraving", "lino relief",
    ),
    "sunset": (
        "at twilight", "at sundown", "in the evening glow", "in the gloaming", "at eventide",
        "under a crimson evening sky", "in the last rays of the day", "as the day ends",
    ),
    "night": (
        "at midnight", "after dark", "in the small hours", "in pitch darkness",
        "under the Milky Way", "by lunar glow", "as a nocturnal scene", "under the constellations",
    ),
    "storm": (
        "in a tempest", "in a hurricane", "in a downpour", "in a gale", "in a typhoon",
        "in a squall", "in a cloudburst", "in raging winds",
    ),
    "volcano": (
        "by Mount Vesuvius", "by a caldera", "by a crater of molten rock", "by Mount Etna",
        "near rivers of magma", "by a mountain that spews fire", "by Krakatoa", "by a fiery crater",
    ),
}  # fmt: skip

# what the checkpoint draws itself, by other names
KNOWN_SUBJECTS: dict[str, tuple[str, ...]] = {
    "cat": ("kitten", "tabby", "kitty", "feline"),
    "bird": ("sparrow", "robin", "songbird", "parrot"),
    "fish": ("goldfish", "trout", "salmon", "carp"),
    "car": ("sedan", "taxi", "automobile", "hatchback"),
    "house": ("cottage", "bungalow", "cabin", "hut"),
    "boat": ("yacht", "sailboat", "canoe", "dinghy"),
    "mushroom": ("toadstool", "champignon", "fungus", "chanterelle"),
    "balloon": ("zeppelin", "blimp", "airship", "dirigible"),
}
KNOWN_PLACES: dict[str, tuple[str, ...]] = {
    "forest": ("in the woods", "in a grove", "in the woodland", "in the jungle"),
    "desert": ("among the dunes", "in the Sahara", "in an arid wasteland", "in Arizona"),
    "beach": ("at the seaside", "on the shore", "on the coast", "on the sand by the sea"),
    "snow": ("on a glacier", "in winter", "in the frost", "in the Arctic"),
    "city": ("downtown", "in a metropolis", "in the streets of a town", "in Manhattan"),
    "space": ("in the cosmos", "in a galaxy", "in orbit", "far from the earth"),
}

# what neither the checkpoint knows nor anybody has trained: on no shelf, whatever it is called
NOBODYS_CARDS = (  # words of cards that cannot be drawn, or of the world that nobody trained
    "teapot", "cupcake", "koala", "samurai", "hedgehog", "windmill", "mermaid", "violin", "unicorn",
    "typewriter", "penguin", "tractor", "knight", "lighthouse keeper", "grand piano", "ballerina",
    "giraffe", "scarecrow", "submarine", "mosaic of a cat", "halftone comic of a bird", "steam locomotive",
)  # fmt: skip
NOBODYS = (
    "walrus", "trombone", "dentist", "accordion", "waterfall", "sofa", "bowl of soup", "bicycle",
    "hockey player", "wheelbarrow", "sunflower", "wedding cake", "umbrella", "horse", "elephant",
    "tennis racket", "bakery", "astronaut's lunch", "farmer", "pair of shoes", "chess board",
    "saxophone", "sheep", "banana", "suspension bridge", "coffee mug", "dog", "skateboard",
    "grandfather clock", "pirate", "wolf", "guitar", "oak tree", "police officer", "telescope",
    "hamburger", "ladder", "cow", "kangaroo", "piece of cheese",
)  # fmt: skip
