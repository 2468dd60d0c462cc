"""Why a model, or a version of it, cannot be changed."""


class UnknownModelError(ValueError):
    """There is no such model."""


class UnregisteredVersionError(ValueError):
    """The model has no such version."""
