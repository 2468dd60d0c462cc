"""Which products are near each other, kept from one reading of a cut-off to the next.

Like kept grains these are a memory, not a result: no stage names them as its output, a backup
leaves them out, and whoever deletes them loses nothing but time.
"""

import hashlib
from collections.abc import Callable, Sequence
from importlib.metadata import version as installed
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from models.candidates import Holdings, Neighbours, likeness, together
from pipeline.durable import whole_file
from pipeline.fingerprint import digest, function_code

#: The folder of kept neighbours, under the artefacts.
KEPT_NEIGHBOURS = "neighbours"

_LIBRARIES = ("numpy", "scipy", "scikit-learn")


class NeighbourMemory:
    """Neighbours found for a cut-off, those found before if they are of the same products.

    Parameters
    ----------
    folder : Path
        Where those of the cut-off lie.
    writes : bool
        Whether what had to be found anew is kept for the next time.
    """

    def __init__(self, folder: Path, *, writes: bool) -> None:
        self._folder = folder
        self._writes = writes

    def together(self, holdings: Holdings, *, products: int) -> Neighbours:
        """Return `models.candidates.together`.

        Only products that somebody holds have neighbours, so they are kept under their places
        among those: one more product on the shelf that nobody bought changes nothing.
        """
        held = np.unique(holdings.product)
        among = np.searchsorted(held, holdings.product).astype(np.int32)
        key = _key(together, [holdings.first, among, holdings.weight])
        found = self._kept(
            "together",
            key,
            lambda: together(holdings._replace(product=among), products=len(held)),
        )
        counts = np.zeros(products, dtype=np.int64)
        counts[held] = np.diff(found.first)
        first = np.concatenate([[0], np.cumsum(counts)])
        return Neighbours(first, held[found.product].astype(np.int32), found.nearness)

    def alike(self, descriptions: Sequence[str]) -> Neighbours:
        """Return `models.candidates.likeness`."""
        words = np.frombuffer("".join(descriptions).encode(), dtype=np.uint8)
        lengths = np.array([len(one) for one in descriptions], dtype=np.int64)
        key = _key(likeness, [words, lengths])
        return self._kept("alike", key, lambda: likeness(descriptions))

    def _kept(self, name: str, key: str, find: Callable[[], Neighbours]) -> Neighbours:
        path = self._folder / f"{name}.npz"
        if (kept := _read(path, key)) is not None:
            return kept
        found = find()
        if self._writes:
            with whole_file(path) as draft, draft.open("wb") as file:
                np.savez(file, key=np.array(key), **found._asdict())
        return found


def _key(function: Callable[..., Neighbours], arrays: Sequence[np.ndarray]) -> str:
    """Return what neighbours follow from: the code, its libraries and what it is given."""
    content = hashlib.blake2b(digest_size=16)
    for array in arrays:
        content.update(np.ascontiguousarray(array).data)
    code = function_code(function)
    return digest(code, [installed(name) for name in _LIBRARIES], content.hexdigest())


def _read(path: Path, key: str) -> Neighbours | None:
    try:
        with np.load(path, allow_pickle=False) as kept:
            if str(kept["key"]) == key:
                return Neighbours(*(kept[name] for name in Neighbours._fields))
    except (FileNotFoundError, BadZipFile, KeyError, ValueError):
        pass
    return None
