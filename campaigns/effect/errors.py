"""Why an effect cannot be told."""


class EffectError(ValueError):
    """What a campaign or a promotion added cannot be told; the message says what is missing."""


class UnknownOfferError(ValueError):
    """There is no campaign and no promotion of that name."""
