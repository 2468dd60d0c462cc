"""Why a customer has this probability: contributions as phrases that a marketer reads."""

from models.reasons.phrases import Phrase, phrase
from models.reasons.strongest import Reason, Reasons, reasons

__all__ = ["Phrase", "Reason", "Reasons", "phrase", "reasons"]
