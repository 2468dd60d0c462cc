"""Frozen figures beside the same ones computed again."""

from typing import TYPE_CHECKING, Any, NamedTuple

from campaigns.reasons import as_document

if TYPE_CHECKING:
    from models.reasons import Reasons

#: Scores this close are the same. One row is scored here and many were scored together then,
#: and a library may add up the columns of one row in another order: the last bits differ.
CLOSE = 1e-9


class Figure(NamedTuple):
    """One figure, as it was frozen and as it comes out now.

    Attributes
    ----------
    name : str
        `score`, `rank` or `reasons`.
    frozen, stored, again : optional
        As the list holds it, as the score set holds it, and computed from the snapshot.
    said : str
        A sentence: whether they agree, or why there is nothing to compare.
    agrees : bool, optional
        Whether they do; none where there is nothing to compare.
    difference : float, optional
        Between frozen (or stored) and again.
    expected : bool
        Whether there should be something to compare.
    """

    name: str
    frozen: Any
    stored: Any
    again: Any
    said: str
    agrees: bool | None = None
    difference: float | None = None
    expected: bool = True

    def document(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "frozen": self.frozen,
            "stored": self.stored,
            "recomputed": self.again,
            "agrees": self.agrees,
            "difference": self.difference,
            "said": self.said,
        }


def compared_score(
    row: dict[str, Any],
    stored: dict[str, Any] | None,
    again: dict[str, Any] | None,
    *,
    value: str,
    why: str = "",
) -> Figure:
    """Return the score of a customer, frozen, stored and computed again."""
    frozen = row.get(value)
    kept = None if stored is None else stored[value]
    new = None if again is None else float(again[value])
    known = kept if frozen is None else frozen
    if known is None and new is None:
        said = why or "the customer had no score, and has none now: the outcome was not possible."
        return Figure("score", frozen, kept, new, said, None if why else True, expected=bool(why))
    if known is None or new is None:
        said = why or "a score is on one side only: frozen, or computed again."
        return Figure("score", frozen, kept, new, said, None if why else False)
    apart = abs(known - new)
    agrees = apart <= CLOSE and (frozen is None or kept is None or frozen == kept)
    if known == new:
        said = "computed again from the snapshot and the version, it is the same to the last bit."
    elif agrees:
        said = f"computed again, it differs by {apart:.2g}: the order of additions, nothing else."
    else:
        said = f"computed again, it differs by {apart:.6g}."
    return Figure("score", frozen, kept, new, said, agrees, apart)


def compared_rank(row: dict[str, Any], again: int | None, *, why: str = "") -> Figure:
    """Return the rank of a customer, frozen and counted again."""
    frozen = row.get("rank")
    if frozen is None:
        said = "who is left out has no rank."
        return Figure("rank", None, None, None, said, expected=False)
    if again is None:
        return Figure("rank", frozen, None, None, why or "the order holds no such customer now.")
    agrees = frozen == again
    said = (
        "counted again, it is the same."
        if agrees
        else f"counted again, it is {again:,}: the order is another by now."
    )
    return Figure("rank", frozen, None, again, said, agrees, abs(frozen - again))


def compared_reasons(
    frozen: dict[str, Any] | None, again: "Reasons | None", *, why: str = ""
) -> Figure:
    """Return the reasons of a score, frozen and found again."""
    if again is None:
        said = f"no reasons can be found again: {why}"
        return Figure("reasons", frozen, None, None, said, expected=frozen is not None)
    new: dict[str, Any] = as_document(again)
    if frozen is None:
        said = "none were frozen with this customer; these are found now."
        return Figure("reasons", None, None, new, said, expected=False)
    words = [[one[name] for name in ("en", "zh-TW")] for one in frozen["strongest"]]
    same_words = words == [[one[name] for name in ("en", "zh-TW")] for one in new["strongest"]]
    apart = max(abs(a - b) for a, b in zip(_points(frozen), _points(new), strict=False))
    agrees = same_words and apart <= CLOSE
    said = "found again, they are the same." if agrees else "found again, they are others by now."
    return Figure("reasons", frozen, None, new, said, agrees, apart)


def _points(said: dict[str, Any]) -> list[float]:
    return [said["start"], said["rest"], *(one["points"] for one in said["strongest"])]
