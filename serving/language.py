"""`Accept-Language`: English or Traditional Chinese."""

from typing import Annotated, Literal

from fastapi import Depends, Header

Language = Literal["en", "zh-TW"]


def accepted_language(accept: str) -> Language:
    """Return the language that a caller likes best; English where it names neither.

    Any Chinese is answered in Traditional Chinese, the only one that there is.

    Examples
    --------
    >>> accepted_language("fr, zh-Hant-TW;q=0.9, en;q=0.8")
    'zh-TW'
    """
    best: tuple[float, Language] = (0.0, "en")
    for one in accept.lower().split(","):
        tag, _, rest = one.strip().partition(";")
        try:
            weight = float(rest.strip().removeprefix("q=")) if rest else 1.0
        except ValueError:
            continue
        primary = tag.partition("-")[0]
        if primary in {"en", "zh"} and weight > best[0]:
            best = weight, "en" if primary == "en" else "zh-TW"
    return best[1]


async def _language(
    accept_language: Annotated[
        str, Header(max_length=200, description="`en` or `zh-TW`.", examples=["zh-TW"])
    ] = "en",
) -> Language:
    return accepted_language(accept_language)


Spoken = Annotated[Language, Depends(_language)]
