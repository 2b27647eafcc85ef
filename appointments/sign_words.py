"""Words of danger in what a patient writes, in English and Spanish: a hint to look at once, never a diagnosis.

They are the red flags of cauda equina syndrome, of infection in the spine, and of what is no matter for a clinic of the
spine at all: NICE CKS "Sciatica (lumbar radiculopathy)" and "Back pain - low", NICE NG59, and the NHS page "Back pain"
(when to go to A&E). Better once too often than once too seldom: only a "no" right before the words takes them away.
"""

import re
import unicodedata

LONGEST_WORDS = 80

BLADDER, BOWEL, SADDLE, LEGS, FEVER, CHEST, BREATH = (
    *("bladder", "bowel", "saddle", "legs", "fever", "chest", "breath"),
)
CANNOT = (
    r"(?:can ?not|can'?t|could ?n[o']t|couldn'?t|could not|unable to"
    r"|n(?:o|')t (?:been )?able to|can (?:barely|hardly|no longer)"
    r"|(?:hard|difficult|struggl\w+|trouble|difficulty|problems?)(?: for me)?(?: to)?)"
)
NO_PUEDO = (
    r"(?:no (?:me )?(?:puedo|puede|logro|consigo|pude|podia|he podido)|(?:ya )?(?:casi )?no|me cuesta|dificultad para)"
)
MY = r"(?:(?:my|the|his|her|their|both|either|one|left|right|of|all) ){0,3}"
MI = r"(?:(?:el|la|las|los|mi|mis|sus?|una|ambas|dos|ni) ){0,3}"
NUMB = r"(?:numb|tingl\w+|pins and needles|no (?:feeling|sensation)|(?:can'?t|cannot|can not|lost (?:all )?) ?feel\w*)"
ENTUMECIDO = r"(?:entumec\w+|adormec\w+|dormid[oa]s?|hormigue\w+|no siento|sin sensibilidad|perdi la sensibilidad)"
BETWEEN = (
    r"(?:between (?:my|the|his|her|their)? ?(?:legs|thighs)|groin|genital\w*|private parts?|saddle|crotch"
    r"|buttocks?|anus|bottom(?! of))"
)
ENTRE = (
    r"(?:entre (?:las|mis|sus) (?:piernas|muslos)|ingles?|genital\w*|partes (?:intimas|privadas)|silla de montar"
    r"|nalgas?|ano\b)"
)

PATTERNS = {
    BLADDER: (
        rf"{CANNOT} (?:pass(?:ing)? (?:any |my )?(?:urine|water)|urinat\w+|pee(?:ing)?\b|wee(?:ing)?\b)",
        rf"{CANNOT} feel (?:when|that) (?:i|he|she) (?:pees?|urinates?|wees?)",
        rf"{CANNOT} empty\w* (?:my|the) bladder",
        rf"{CANNOT} (?:hold(?:ing)?|control(?:ling)?|feel) (?:my |the )?(?:urine|pee|bladder)",
        r"(?:los(?:t|s|e|ing)|no) (?:all )?(?:control|feeling) (?:of|over|in) (?:my |the |his |her )?bladder",
        r"incontinen\w+|wet(?:ting)? (?:myself|himself|herself|the bed)|leak\w* (?:urine|pee)|urin\w+ retention",
        rf"{NO_PUEDO} (?:orin\w+|hacer pi[ps]\w*|aguant\w+ (?:la orina|el pi[ps]\w*))",
        rf"{NO_PUEDO} control\w+ (?:la orina|la vejiga)",
        r"me orino|se me (?:escapa|sale) (?:la orina|el pi[ps]\w*)|retencion de orina",
        r"(?:perd\w+|sin) (?:el )?control de (?:la vejiga|la orina|los esfinteres)",
    ),
    BOWEL: (
        rf"{CANNOT} (?:hold(?:ing)?|control(?:ling)?) (?:my |the )?(?:bowels?|stools?|poo)",
        r"(?:los(?:t|s|e|ing)|no) (?:all )?control (?:of|over) (?:my |the |his |her )?(?:bladder (?:and|or) )?bowels?",
        r"soil(?:ed|ing) (?:myself|himself|herself)",
        rf"{NO_PUEDO} (?:aguant\w+|control\w+) (?:el intestino|las heces|las evacuaciones)",
        r"me hago (?:caca|encima)|(?:perd\w+|sin) (?:el )?control del intestino",
    ),
    SADDLE: (
        rf"{NUMB}\b.{{0,40}}?{BETWEEN}",
        rf"{BETWEEN}.{{0,25}}?\b{NUMB}",
        rf"{NUMB} (?:from|below) the waist",
        rf"{ENTUMECIDO}.{{0,40}}?{ENTRE}",
        rf"{ENTRE}.{{0,25}}?{ENTUMECIDO}",
    ),
    LEGS: (
        rf"{CANNOT} (?:move|moving|feel|lift|use) {MY}(?:legs?|foot|feet|toes)",
        r"(?:legs?|foot|feet) (?:(?!not )\w+ ){0,3}?(?:weak\w*|numb\w*|paraly[sz]\w+)",
        r"(?:weak|numb) (?:legs?|foot|feet)\b",
        rf"(?:weakness|numbness) (?:in|of) {MY}(?:legs?|foot|feet)",
        r"legs? (?:\w+ )?g[ia]v(?:es?|ing) (?:way|out)|foot drop",
        rf"can no longer (?:walk|stand)|{NO_PUEDO} (?:mover|siento|sentir|levantar) {MI}(?:piernas?|pies?)\b",
        rf"(?:debilidad|adormecimiento|entumecimiento) (?:en|de) {MI}(?:piernas?|pies?)\b",
        r"piernas? (?:\w+ ){0,2}?(?:debil\w*|dormidas?|entumecidas?|paraliz\w+)",
        r"ya no puedo (?:caminar|andar)|pie caido",
    ),
    FEVER: (r"(?<!hay )(?:fever\w*)|high temperature|fiebre|calentura|escalofrios|(?:shivers|chills)\b",),
    CHEST: (
        rf"chest pains?|(?:pains?|tight\w*|pressure) (?:in|on|across) {MY}chest",
        r"chest (?:hurts|aches|is tight|feels tight)",
        rf"(?:dolor(?:es)?|opresion|presion) (?:de|en) {MI}pecho|me (?:duele|aprieta) {MI}pecho",
    ),
    BREATH: (
        rf"{CANNOT} (?:breath\w*|get (?:my breath|enough air))|short(?:ness)? of breath",
        rf"{NO_PUEDO} respir\w+|(?:falta|falte|falto) (?:de |el )aire|me ahogo",
    ),
}
FOUND_BY = {sign: [re.compile(pattern) for pattern in patterns] for sign, patterns in PATTERNS.items()}
ABOUT_THE_BACK = re.compile(r"\b(?:back|backache|spine|spinal|espalda|columna|lumbar\w*|vertebra\w*|lumbago)\b")

# What may stand between a "no" and the words that it takes away: "no fever or any chest pain".
PASSES_ON = (
    r"(?:have|has|had|having|get|got|feel|felt|any|an?|the|my|real|or|nor|and|of|been|fever|chills|pains?|numbness"
    r"|weakness|tengo|tiene|tenido|he|ha|hay|hubo|siento|de|ni|o|y|la|el|fiebre|dolor(?:es)?|escalofrios|debilidad)"
)
DENIED = re.compile(
    r"\b(?:no|not|never|without|denies|neither|nor|do ?n'?t|does ?n'?t|did ?n'?t|have ?n'?t|has ?n'?t|is ?n'?t"
    rf"|sin|nunca|tampoco|ni|ningun[ao]?)(?: {PASSES_ON}){{0,5}} $"
)
SPACES = re.compile(r"[^\S\n]+")
CLAUSE_ENDS = re.compile(r"[.;:!?\n]|\bbut\b|\bpero\b")


def found_in(text):
    """Return the signs of danger in a text: dictionaries of `sign` (such as "bladder") and `words`, as they stand."""
    text = SPACES.sub(" ", unicodedata.normalize("NFC", text))
    folded = "".join(_folded(letter) for letter in text)
    found = []
    for sign, patterns in FOUND_BY.items():
        matches = (match for pattern in patterns for match in pattern.finditer(folded))
        match = next((match for match in matches if not _is_denied(folded, match.start())), None)
        if match and (sign != FEVER or ABOUT_THE_BACK.search(folded)):
            words = " ".join(text[match.start() : match.end()].split())
            found.append({"sign": sign, "words": words[:LONGEST_WORDS]})
    return found


def _folded(letter):
    """Return one letter for a letter, without case and accent, so that what is found can be shown as it was typed."""
    if letter.isspace():
        return "\n" if letter == "\n" else " "
    if letter in "’‘´`ʼ":
        return "'"
    return unicodedata.normalize("NFKD", letter)[0].casefold()[0]


def _is_denied(folded, start):
    before = folded[max(0, start - 80) : start]
    clause = CLAUSE_ENDS.split(before)[-1]
    return bool(DENIED.search(clause.replace(",", "")))
