"""Find what nobody can meet, before anybody is asked."""

from typing import Any

from campaigns.conditions import condition as c
from campaigns.conditions.errors import ConditionError
from campaigns.conditions.told import told


def refuse_contradictions(condition: Any) -> None:
    """Refuse conditions that nobody can meet, whatever the data are.

    Raises
    ------
    ConditionError
        If something is asked together with its opposite, or a value is to lie in two places
        at once.
    """
    if isinstance(condition, c.Not):
        refuse_contradictions(condition.negated)
    elif isinstance(condition, c.AllOf | c.AnyOf):
        for one in c.parts_of(condition):
            refuse_contradictions(one)
        if isinstance(condition, c.AllOf):
            _refuse_together(_flat(condition))


def _flat(condition: c.AllOf) -> list[Any]:
    inner = [_flat(one) if isinstance(one, c.AllOf) else [one] for one in condition.all]
    return [one for several in inner for one in several]


def _refuse_together(together: list[Any]) -> None:
    for one in together:
        if isinstance(one, c.Not) and one.negated in together:
            raise ConditionError(
                f"nobody can meet both `{told(one.negated).en}` and its opposite. Leave one out."
            )
    about: dict[tuple[str, str], list[Any]] = {}
    for one in together:
        if isinstance(one, c.CustomerIs | c.FeatureIs):
            name = one.customer if isinstance(one, c.CustomerIs) else one.feature
            about.setdefault((one.verb, name), []).append(one)
    for (_verb, name), several in about.items():
        if name != "interests" and len(several) > 1 and _apart(several):
            raise ConditionError(
                f"nobody can meet both `{told(several[0]).en}` and `{told(several[1]).en}`."
                if len(several) == 2  # noqa: PLR2004
                else f"nobody can meet all that is asked of {name}."
            )


def _apart(several: list[Any]) -> bool:
    texts = [set(one.one_of) for one in several if one.one_of is not None]
    barred = {text for one in several if one.not_in for text in one.not_in}
    if texts and not set.intersection(*texts) - barred:
        return True
    for kind in (float, object):
        lows = [x for one in several if (x := one.at_least) is not None and _is(x, kind)]
        highs = [x for one in several if (x := one.at_most) is not None and _is(x, kind)]
        if lows and highs and max(lows) > min(highs):
            return True
    return {one.known for one in several} >= {True, False}


def _is(value: Any, kind: type) -> bool:
    return isinstance(value, float) == (kind is float)
