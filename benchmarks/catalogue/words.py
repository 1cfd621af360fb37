"""Word lists of the card generator: what community adapters are about, and how their authors write."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


SUBJECTS = _words(
    "dragon fox cat wolf raven knight witch samurai robot android mermaid elf dwarf vampire "
    "ghost pirate astronaut ballerina blacksmith librarian gardener baker detective monk nurse "
    "owl tiger bear rabbit deer whale octopus jellyfish beetle moth butterfly spider snake "
    "lizard motorcycle tractor airship submarine locomotive sailboat bicycle tank lighthouse "
    "windmill castle cottage temple bridge tower treehouse teapot clock lantern violin piano "
    "typewriter camera umbrella crown sword armour cloak kimono hoodie raincoat tuxedo gown "
    "boots glasses mask helmet tattoo braid ponytail freckles beard wings horns tail cake sushi "
    "ramen pancake mushroom pumpkin cactus bonsai sunflower rose orchid fern crystal skull "
    "compass telescope golem griffin phoenix unicorn kraken centaur goblin orc fairy angel "
    "demon slime mimic puppet scarecrow snowman toaster vending-machine jukebox arcade-cabinet "
    "skateboard"
)
STYLES = _words(
    "watercolour gouache oil-painting charcoal pencil-sketch ink-wash linocut woodcut etching "
    "engraving mosaic stained-glass cross-stitch origami papercraft claymation felt plush "
    "knitted low-poly voxel pixel-art isometric blueprint cel-shaded anime manga comic ukiyo-e "
    "art-nouveau art-deco bauhaus brutalist constructivist impressionist cubist surrealist "
    "pointillist minimalist baroque rococo gothic steampunk cyberpunk solarpunk vaporwave "
    "synthwave noir polaroid daguerreotype tintype lomography infrared double-exposure "
    "long-exposure tilt-shift macro fisheye halftone risograph screen-print graffiti chalk "
    "crayon pastel airbrush sumi-e storybook botanical-illustration technical-drawing "
    "tarot-card playing-card movie-poster album-cover pulp-magazine propaganda-poster "
    "retro-futurism dark-fantasy cosy-fantasy horror grimdark kawaii chibi semi-realistic "
    "photoreal cinematic"
)
PLACES = _words(
    "forest desert beach harbour market subway rooftop library greenhouse attic cellar "
    "monastery canyon glacier swamp reef savanna volcano island village metropolis alley diner "
    "laundromat observatory shipyard vineyard courtyard ballroom dungeon throne-room spaceship "
    "moon-base night-city bamboo-grove rice-terrace tea-house onsen dojo ferris-wheel carnival "
    "graveyard"
)
LIGHTS = _words(
    "golden-hour blue-hour moonlight candlelight neon-light backlight rim-light fog rain snow "
    "storm aurora fireflies lens-flare god-rays underwater-light studio-light hard-shadow"
)
DETAILS = _words(
    "hands eyes skin hair fabric lace jewellery texture background contrast saturation "
    "sharpness film-grain bokeh colour-grading depth"
)
ADJECTIVES = _words(
    "ancient tiny giant rusty glowing melancholy cheerful elegant ragged sleepy furious haunted "
    "crystalline mechanical floral nocturnal celestial tropical frozen molten gilded dusty "
    "dreamy gritty delicate chunky faded vivid muted iridescent translucent ornate plain"
)
SYLLABLES = _words(
    "ka ri na to mi yu sha el or an dra vel th ion as mer lin zo qui fae bra mon ty ren sol ix "
    "a ki ro hana luc ien mar gre ta bel os ven dri"
)
TAGS = _words(
    "character style concept clothing object background animal vehicle building tool "
    "photography anime realistic fantasy sci-fi video-game woman man poses celebrity-free food "
    "nature"
)
OPENINGS = (
    "This is a LoRA of {what}.",
    "Trained on {n} images of {what}, captioned by hand.",
    "My first attempt at {what}, feedback is welcome!",
    "{what}, as asked for in the comments.",
    "Adds {what} to your pictures without touching the rest.",
    "A {adjective} take on {what}.",
    "Update: retrained {what} with a better data set and fewer steps.",
    "Ever wanted {what}? Here you go.",
)
MIDDLES = (
    "Works best at a weight of {weight}.",
    "Use the trigger words, otherwise the effect is weak.",
    "Goes well with {style} and {light}.",
    "Tested with several checkpoints; results vary with the sampler.",
    "Higher weights burn the colours and break the hands.",
    "For the full look add {adjective} {place} to the prompt.",
    "The previews were made with the high-resolution fix and no inpainting.",
    "It may struggle with full-body shots; try close-ups of {subject} first.",
    "Please post what you make, I love to see it.",
    "Older versions are kept for those who prefer a softer {style}.",
    "Not for commercial use, credit is appreciated.",
    "Thanks to everybody who helped with tagging the {subject} pictures.",
)
