"""Columns of customers held in memory, so that a comparison takes a fraction of a millisecond."""

from datetime import date
from typing import Any, NamedTuple, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from campaigns.conditions.parts import Compared

_EPOCH = date(1970, 1, 1)
#: So few texts are compared one by one, more are looked up.
_FEW_TEXTS = 8


class HeldColumn(NamedTuple):
    """One column, a value a customer.

    Attributes
    ----------
    values : array of shape (n_customers,)
        Numbers, days since 1970, or the places of texts, as narrow as they fit. Unknown ones are
        NaN, or of whole numbers `unknown`.
    unknown : int, optional
        What stands for an unknown whole number, below all others; -1 for texts.
    texts : dict of str to int, optional
        Place of each text, where it is a column of texts.
    is_date : bool
        Whether numbers are days.
    """

    values: np.ndarray
    unknown: int | None
    texts: dict[str, int] | None
    is_date: bool

    @classmethod
    def of(cls, column: pa.Array) -> Self:
        """Hold a column of texts, numbers or dates."""
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            coded = column.dictionary_encode()
            places = pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False)
            texts = {text: place for place, text in enumerate(coded.dictionary.to_pylist())}
            return cls(_narrow(places), -1, texts, is_date=False)
        is_date = pa.types.is_date(column.type)
        if is_date:
            column = column.cast(pa.date32()).cast(pa.int32())
        if not pa.types.is_integer(column.type):
            numbers = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
            return cls(numbers, None, None, is_date=is_date)
        column = column.cast(pa.int64())
        unknown = min(int(pc.min(column).as_py() or 0), 0) - 1
        whole = pc.fill_null(column, unknown).to_numpy(zero_copy_only=False)
        return cls(_narrow(whole), unknown, None, is_date=is_date)

    def compares(self, compared: Compared) -> np.ndarray | None:
        """Return who compares so; none where the comparison is left to the engine."""
        if not self._can_tell(compared):
            return None
        held: list[np.ndarray] = []
        if compared.one_of is not None:
            held.append(self.is_one_of(compared.one_of))
        if compared.not_in is not None:
            held.append(~self.is_one_of(compared.not_in))
        if compared.known is not None:
            held.append(self._is_known if compared.known else ~self._is_known)
        held += self._within(compared)
        found = held[0]
        for one in held[1:]:
            found &= one
        return found

    def _can_tell(self, compared: Compared) -> bool:
        bounds = [one for one in (compared.at_least, compared.at_most) if one is not None]
        of_texts = compared.one_of is not None or compared.not_in is not None
        if of_texts and self.texts is None:
            return False
        return not bounds or (
            self.texts is None and all(isinstance(one, date) == self.is_date for one in bounds)
        )

    def _within(self, compared: Compared) -> list[np.ndarray]:
        held: list[np.ndarray] = []
        low = None if compared.at_least is None else _number(compared.at_least)
        if low is not None:
            held.append(self.values >= low)
        if compared.at_most is not None:
            held.append(self.values <= _number(compared.at_most))
        # What stands for an unknown number lies below all others.
        if held and self.unknown is not None and (low is None or low <= self.unknown):
            held.append(self._is_known)
        return held

    @property
    def _is_known(self) -> np.ndarray:
        if self.unknown is None:
            return np.asarray(~np.isnan(self.values))
        return np.asarray(self.values != self.unknown)

    def is_one_of(self, texts: tuple[str, ...]) -> np.ndarray:
        """Return who has one of these texts; asked of a column of texts."""
        known = self.texts or {}
        places = [known[text] for text in texts if text in known]
        if len(places) <= _FEW_TEXTS:
            found = np.zeros(len(self.values), dtype=bool)
            for place in places:
                found |= self.values == place
            return found
        among = np.zeros(len(known) + 1, dtype=bool)  # the last one is for the unknown
        among[places] = True
        return np.asarray(among[self.values])


def _number(bound: Any) -> float:
    """Return a bound to compare with; a Python number leaves narrow columns narrow."""
    number = float((bound - _EPOCH).days) if isinstance(bound, date) else float(bound)
    return int(number) if number.is_integer() else number


def _narrow(whole: np.ndarray) -> np.ndarray:
    """Return whole numbers in the narrowest type that holds them."""
    low, high = (int(whole.min()), int(whole.max())) if len(whole) else (0, 0)
    for kind in (np.int8, np.int16, np.int32):
        if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
            return whole.astype(kind)
    return whole
