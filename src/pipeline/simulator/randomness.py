"""Random streams that are named, so that drawing more in one place moves nothing elsewhere."""

from zlib import crc32

import numpy as np


def stream(seed: int, name: str, block: int = 0) -> np.random.Generator:
    """Return the generator of one purpose in one block of members.

    Parameters
    ----------
    seed : int
        Seed of the whole simulation.
    name : str
        What the numbers are for: the table, or a part of it.
    block : int
        Which block of members.

    Examples
    --------
    >>> float(stream(1, "stores").random()) == float(stream(1, "stores").random())
    True
    >>> float(stream(1, "stores").random()) == float(stream(1, "surveys").random())
    False
    """
    words = np.random.SeedSequence([seed, crc32(name.encode()), block])
    return np.random.Generator(np.random.PCG64DXSM(words))
