"""The words behind `bot.safety`: singular, lower case, no accents.

English only; what other languages need goes into `safety.words` of the settings.
Words that mostly mean something else ("cock", "breast", "girl") stand here only in
a phrase, or not at all: they would refuse roosters, robins and grown women.
"""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _pairs(firsts: str, seconds: str) -> frozenset[tuple[str, str]]:
    return frozenset((a, b) for a in firsts.split() for b in seconds.split())


# Refused whatever else is said: they name the sexualised minor by themselves.
ALONE = _words(
    "lolicon shotacon toddlercon jailbait childporn kiddieporn csam pedo pedophile pedophilia paedophile paedophilia"
)

SEXUAL = _words(
    """
    nude nudity nudist naked nsfw porn porno pornographic pornography hentai ecchi ahegao
    sex sexual sexually sexy sexualized sexualised erotic erotica lewd lewdness smut smutty xxx
    topless bottomless pantyless braless undressed undressing unclothed strip stripping stripper striptease
    genital genitalia penis vagina vulva clitoris pussy dick dildo cum cumming cumshot creampie
    boob tit titty nipple areola cleavage buttock orgasm ejaculation erection aroused horny
    masturbate masturbating masturbation blowjob handjob fellatio cunnilingus deepthroat gangbang
    intercourse fuck fucking fucked fucker rape raped raping molest molested molesting incest
    bdsm bondage fetish dominatrix lingerie panty panties thong bra negligee seductive sensual
    lust lustful provocative slut slutty whore hooker prostitute camgirl onlyfans milf voyeur upskirt
    """
)
SEXUAL_PHRASES = (
    _pairs(
        "without no minus sans removing removed",
        "clothes clothing cloth shirt pant underwear dress",
    )
    | _pairs("wearing", "nothing")
    | _pairs("bare", "breast chest butt bottom skin buttock")
    | _pairs("birthday", "suit")
    | _pairs("spread", "leg")
    | _pairs("oral anal", "sex")
)

MINORS = _words(
    """
    child children kid kiddie kiddo minor underage underaged preteen pre-teen tween teen teenage teenaged teenager
    toddler infant baby babies newborn schoolgirl schoolboy schoolchild schoolchildren schoolkid
    kindergartner kindergartener kindergarten preschooler juvenile adolescent prepubescent pubescent
    loli lolita shota youngster childlike
    """
)
MINOR_PHRASES = _pairs(
    "little small young tiny prepubescent school grade",
    "girl boy lady sister brother daughter son student pupil",
) | _pairs("elementary middle primary high junior", "school schooler student")

CLOTHES = _words(
    "clothes clothing cloth clothed dressed shirt pants underwear swimsuit bikini garment outfit"
)
ADULTS = _words("adult grownup")

NUMBERS: dict[str, int] = {
    word: number
    for number, word in enumerate(
        [
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
            "twenty",
        ],
        start=1,
    )
}
