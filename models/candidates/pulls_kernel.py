"""The inner loops of `pulls`. Imports numba, so import it only inside functions."""

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def gather(  # noqa: PLR0917 -- numba knows no keyword-only arguments
    first: np.ndarray,
    held: np.ndarray,
    weight: np.ndarray,
    near_first: np.ndarray,
    near: np.ndarray,
    nearness: np.ndarray,
    customer: np.ndarray,
    product: np.ndarray,
    products: int,
    out: np.ndarray,
) -> None:
    """Write the pull of each pair; pairs are ordered by customer."""
    total = np.zeros(products)
    touched = np.empty(products, dtype=np.int32)
    pair = 0
    while pair < len(customer):
        who, count = customer[pair], 0
        for row in range(first[who], first[who + 1]):
            for edge in range(near_first[held[row]], near_first[held[row] + 1]):
                what = near[edge]
                if total[what] == 0:
                    touched[count] = what
                    count += 1
                total[what] += weight[row] * nearness[edge]
        while pair < len(customer) and customer[pair] == who:
            out[pair] = total[product[pair]]
            pair += 1
        for number in range(count):
            total[touched[number]] = 0


@njit(nogil=True, cache=True)
def gather_one(  # noqa: PLR0917 -- numba knows no keyword-only arguments
    first: np.ndarray,
    held: np.ndarray,
    weight: np.ndarray,
    towards: np.ndarray,
    customer: np.ndarray,
    out: np.ndarray,
) -> None:
    """Write the pull of one product on each customer, to the same last bit as `gather`."""
    for pair in range(len(customer)):
        who = customer[pair]
        total = 0.0
        for row in range(first[who], first[who + 1]):
            total += weight[row] * towards[held[row]]
        out[pair] = total


@njit(nogil=True, cache=True)
def _to_the_front(total: np.ndarray, touched: np.ndarray, most: int) -> tuple[float, int, int]:
    """Move those that may be kept to the front; return the least total, and its places left.

    The third number is how many stand in front: more than `most` where the last ones tie.
    """
    values = total[touched]
    least = np.partition(values, len(touched) - most)[len(touched) - most]
    above, strong = 0, 0
    for number in range(len(touched)):
        what = touched[number]
        above += total[what] > least
        if total[what] >= least:
            touched[number], touched[strong] = touched[strong], what
            strong += 1
    return least, most - above, strong


@njit(nogil=True, cache=True)
def strongest(  # noqa: PLR0917 -- numba knows no keyword-only arguments
    first: np.ndarray,
    held: np.ndarray,
    weight: np.ndarray,
    near_first: np.ndarray,
    near: np.ndarray,
    nearness: np.ndarray,
    allowed: np.ndarray,
    most: int,
    product: np.ndarray,
    pull: np.ndarray,
    count: np.ndarray,
) -> None:
    """Write up to `most` products of each customer, in ascending order of their codes."""
    products = len(near_first) - 1
    total = np.zeros(products)
    touched = np.empty(products, dtype=np.int32)
    for who in range(len(first) - 1):
        found = 0
        for row in range(first[who], first[who + 1]):
            for edge in range(near_first[held[row]], near_first[held[row] + 1]):
                what = near[edge]
                if not allowed[what]:
                    continue
                if total[what] == 0:
                    touched[found] = what
                    found += 1
                total[what] += weight[row] * nearness[edge]
        least, spare, strong = 0.0, found, found
        if found > most:
            least, spare, strong = _to_the_front(total, touched[:found], most)
        kept = 0
        for what in np.sort(touched[:strong]):
            value = total[what]
            if value > least or (value == least and spare > 0):
                spare -= value == least
                product[who * most + kept] = what
                pull[who * most + kept] = value
                kept += 1
        for number in range(found):
            total[touched[number]] = 0
        count[who] = kept
