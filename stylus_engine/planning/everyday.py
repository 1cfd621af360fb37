"""Names of everyday things, by kind: what a phrase may mean when it does not mean an adapter.

Law of this file: common English nouns, a few for each kind of thing, chosen for breadth;
nothing about any adapter, checkpoint or world.  "kitten" is near to many cards of animals,
but nearer to "cat": so no card of another animal is what it asks for.
"""


def _split(words: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in words.split(","))


THINGS = _split(
    "cat, dog, horse, cow, pig, sheep, goat, rabbit, mouse, squirrel, fox, wolf, bear, lion, tiger, "
    "elephant, giraffe, monkey, deer, camel, kangaroo, bird, parrot, owl, eagle, duck, chicken, swan, "
    "penguin, fish, shark, whale, dolphin, seal, crab, jellyfish, frog, snake, lizard, turtle, "
    "crocodile, insect, bee, ant, spider, beetle, worm, dragon, robot, octopus, snail, butterfly, "
    "dinosaur, unicorn, mermaid, monster, ghost, alien, zombie, witch, wizard, vampire, angel, fairy, "
    "man, woman, child, baby, boy, girl, old man, crowd, family, king, queen, knight, soldier, pirate, "
    "doctor, police officer, farmer, chef, teacher, dancer, musician, athlete, astronaut, clown, "
    "portrait, face, eye, hand, hair, smile, couple in love, "
    "car, truck, bus, train, bicycle, motorcycle, tractor, boat, ship, sailing ship, submarine, "
    "airplane, helicopter, hot-air balloon, rocket, tank, "
    "house, cottage, castle, tower, church, temple, skyscraper, bridge, lighthouse, windmill, barn, "
    "factory, school, hospital, shop, restaurant, kitchen, bedroom, living room, library, museum, "
    "street, garden, park, fence, door, window, wall, stairs, ruins, "
    "tree, flower, rose, sunflower, grass, leaf, mushroom, cactus, moss, fruit, apple, banana, "
    "strawberry, vegetable, pumpkin, bread, cake, cheese, pizza, soup, meal, ice cream, candy, coffee, "
    "tea, wine, beer, water, "
    "table, chair, sofa, bed, lamp, clock, mirror, book, letter, bottle, glass, cup, bowl, box, bag, "
    "basket, candle, key, knife, sword, gun, tool, ladder, rope, wheel, machine, computer, telephone, "
    "camera, television, umbrella, toy, doll, ball, kite, flag, coin, jewel, crown, ring, mask, hat, "
    "dress, suit, shoes, glasses, armor, guitar, piano, violin, drum, trumpet, "
    "forest, jungle, mountain, hill, valley, desert, beach, ocean, river, lake, waterfall, island, "
    "cave, volcano, field, meadow, swamp, farm, village, city, harbor, road, railway, sky, cloud, "
    "sun, moon, star, galaxy, outer space, planet, rain, snow, ice, glacier, fog, wind, storm, rainbow, "
    "fire, smoke, morning, noon, sunset, evening, night, spring, summer, autumn, winter, underwater, "
    "football, tennis, chess, swimming, dancing, running, sleeping, eating, reading, wedding, birthday, "
    "war, love, happiness, sadness, freedom, music, dream, time"
)
LOOKS = _split(
    "photograph, painting, drawing, sketch, poster, cartoon, sculpture, oil painting, watercolor, "
    "charcoal, pastel, ink drawing, engraving, comic, anime, 3d render, pixel art, collage, mosaic, "
    "graffiti, logo, map, diagram, blueprint, embroidery, fabric, wood, stone, metal, glass, paper, "
    "plastic, leather, neon light, black and white, vintage, futuristic, realistic, abstract, minimal"
)
EVERYDAY = (*THINGS, *LOOKS)
WORDS = tuple(dict.fromkeys(word for thing in EVERYDAY for word in thing.split()))
