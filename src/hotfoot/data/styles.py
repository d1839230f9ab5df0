"""Names of styles: what clips and datasets call them, and what a model is asked for."""

import re

STYLES = (
    "freestyle", "hip-hop", "latin", "disco", "jumpstyle", "lyrical", "breakdance", "jazz",
    "indian", "popping", "locking", "waacking", "house", "krump",
)  # fmt: skip
"""What a model may be asked for; one learns those that its corpus has."""

# The first word that a name contains decides.
_WORDS = {
    "jazz": ("jazz", "broadway"),
    "latin": ("salsa", "latin", "cha cha", "mambo", "samba", "bachata"),
    "breakdance": ("breakdanc", "breaking", "break", "b-boy"),
    "lyrical": ("lyrical", "ballet", "modern", "contemporary", "stretchdance", "whirl"),
    "hip-hop": ("hip-hop", "hip hop", "hiphop"),
    "jumpstyle": ("jumpstyle", "shuffle"),
    "disco": ("disco",),
    "indian": ("indian", "bollywood"),
    "popping": ("popping", "pop"),
    "locking": ("locking", "lock"),
    "waacking": ("waack",),
    "house": ("house",),
    "krump": ("krump",),
    "freestyle": ("freestyle", "free movement", "dance", "dancing", "party", "hype", "sassy",
                  "tiktok", "woah", "nineties", "steptouch", "westcoast", "letsgo", "lushlife",
                  "midnightsun", "peacemaker", "thrilling", "gnarly", "blunt", "dwg",
                  "singleladies", "michael-jackson"),
}  # fmt: skip


def style_of(name: str) -> str:
    """The style that a clip's own name for it means; empty for movement that is no dance."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)  # LongDance
    text = f"{name} | {apart}".lower()
    for style, words in _WORDS.items():
        if any(re.search(rf"(?<![a-z]){re.escape(word)}(?!r\b)", text) for word in words):
            return style
    return ""


def style_index(name: str, known: tuple[str, ...]) -> int:
    """1 + the place of a clip's style among ``known``; 0 where it is none of them."""
    style = style_of(name)
    return 1 + known.index(style) if style in known else 0
