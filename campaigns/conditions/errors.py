"""What is wrong with a condition, and where."""


class ConditionError(ValueError):
    """A condition cannot be asked: it contradicts itself, or names what there is not.

    Attributes
    ----------
    pointer : str
        JSON pointer to the condition, from the condition that was asked.
    """

    def __init__(self, message: str, pointer: str = "") -> None:
        super().__init__(message)
        self.pointer = pointer
