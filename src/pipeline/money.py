"""What a report needs to know of the business: money by response and by contact."""

from pydantic import BaseModel, ConfigDict, Field


class Money(BaseModel):
    """What a campaign earns and costs, in the project's currency.

    Attributes
    ----------
    margin : float
        Earned by one response.
    contact_cost : float
        Of one contact.
    redemption_cost : float
        Of one response.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    margin: float = Field(default=100.0, ge=0)
    contact_cost: float = Field(default=10.0, ge=0)
    redemption_cost: float = Field(default=0.0, ge=0)


class ReportParams(Money):
    """The section `report:` of `params.yaml`.

    Attributes
    ----------
    models : dict
        What differs for one model, by its name.
    owner : str
        Who answers for the models; stands on their cards.
    """

    models: dict[str, Money] = Field(default_factory=dict)
    owner: str = ""

    def money(self, model: str) -> Money:
        """Return what holds for a model."""
        return self.models.get(model, self)

    def assumed(self, model: str) -> bool:
        """Tell whether nobody has said yet what holds for a model."""
        own = self.model_dump(include=set(Money.model_fields))
        return model not in self.models and own == Money().model_dump()
