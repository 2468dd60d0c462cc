"""Products that are alike by what is said of them: also those that nobody has bought yet."""

import re
from collections.abc import Sequence

import numpy as np

from models.candidates.neighbours import Neighbours, nearest, stacked

_CELLS = 20_000_000


def likeness(descriptions: Sequence[str], *, most: int = 50) -> Neighbours:
    """Return for each product those whose description shares the rarest words with its own.

    Parameters
    ----------
    descriptions : sequence of str
        One per product: words of its name, and marks such as `brand=Sony` for attributes, with
        blanks between. Words that most products share count little (TF-IDF, cosine).
    most : int
        Most neighbours of a product.

    References
    ----------
    .. [1] Salton, G. and Buckley, C. (1988). Term-weighting approaches in automatic text
       retrieval. Information Processing and Management 24(5), 513-523.

    Examples
    --------
    >>> near = likeness(["red cake stand", "blue cake stand", "lamp", ""])
    >>> near.product.tolist(), near.nearness.round(2).tolist()
    ([1, 0], [0.55, 0.55])
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    words = [_words(one) for one in descriptions]
    if not any(words):
        return stacked([(np.empty(0, dtype=np.int32), np.empty(0), [0] * len(words))])
    matrix = TfidfVectorizer(analyzer=lambda one: one).fit_transform(words).tocsr()
    parts = []
    step = max(1, _CELLS // max(len(words), 1))
    for start in range(0, len(words), step):
        rows = (matrix[start : start + step] @ matrix.T).toarray()
        parts.append(nearest(rows, start=start, most=most))
    return stacked(parts)


def _words(description: str) -> list[str]:
    return [
        word if "=" in word else word.lower()
        for word in re.findall(r"\w+=\S+|\w+", description)
        if "=" in word or len(word) > 1
    ]
