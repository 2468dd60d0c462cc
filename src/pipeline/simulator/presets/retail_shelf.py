"""The three kinds of things on the chain's shelves, with what each kind has in common."""

from pipeline.simulator.preset import Family

GOOD_BETTER_BEST = {"base": 0.72, "plus": 1.0, "pro": 1.45}
TWO = {"standard": 0.9, "premium": 1.35}
NEW_YEAR = {"lunar_new_year": 0.5, "ghost_month": -0.3}


def durable(
    name: str,
    title: str,
    path: tuple[str, str],
    *,
    price: float,
    popularity: float,
    brands: tuple[str, ...],
    cadence: int = 365,
    life: int = 1100,
    editions: dict[str, float] | None = None,
    season: dict[str, float] | None = None,
    launched_before_end: int | None = None,
) -> Family:
    """Return a device that is bought once in a while, and for years."""
    return Family(
        name=name,
        title=title,
        path=path,
        role="durable",
        price=price,
        popularity=popularity,
        brands=brands,
        cadence_days=cadence,
        life_days=life,
        editions=editions or TWO,
        season=season or {},
        cost_share=0.80,
        first_launch_days_before_end=launched_before_end,
    )


def accessory(
    name: str,
    title: str,
    path: tuple[str, str],
    *,
    price: float,
    popularity: float,
    impulse: float = 0.0,
    season: dict[str, float] | None = None,
) -> Family:
    """Return something that is bought beside something else."""
    return Family(
        name=name,
        title=title,
        path=path,
        role="accessory",
        price=price,
        popularity=popularity,
        impulse=impulse,
        brands=("Linka", "Oribo"),
        cadence_days=700,
        editions={"standard": 1.0, "premium": 1.6},
        season=season or {},
        cost_share=0.55,
    )


def consumable(
    name: str,
    title: str,
    path: tuple[str, str],
    *,
    price: float,
    supply_days: float,
    machine: str | None = None,
    starters: float = 0.0,
) -> Family:
    """Return a supply that runs out, mostly that of a machine."""
    return Family(
        name=name,
        title=title,
        path=path,
        role="consumable",
        price=price,
        supply_days=supply_days,
        machine=machine,
        starters=starters,
        brands=("Refino",),
        editions={"single": 1.0},
        cost_share=0.60,
    )
