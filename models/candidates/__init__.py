"""From what customers bought to what they might: neighbours of products, and what they draw."""

from models.candidates.likeness import likeness
from models.candidates.neighbours import Holdings, Neighbours
from models.candidates.pulls import Retrieved, pulls, retrieve
from models.candidates.together import together

__all__ = ["Holdings", "Neighbours", "Retrieved", "likeness", "pulls", "retrieve", "together"]
