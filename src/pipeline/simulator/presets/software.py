"""`software`: a publisher of imaging software that sells world-wide, by download only."""

from pipeline.simulator.preset import (
    Activity,
    CampaignRules,
    Companion,
    Family,
    LifeStage,
    Preset,
    Region,
)

LANGUAGES = ("en", "de", "fr", "es", "ja", "zh-TW")
_EDITIONS = {"standard": 0.8, "ultra": 1.4}


def _program(name: str, title: str, price: float, popularity: float, cadence: int) -> Family:
    return Family(
        name=name,
        title=title,
        path=("imaging", "program"),
        role="durable",
        price=price,
        popularity=popularity,
        brands=("Lumora",),
        editions=_EDITIONS,
        cadence_days=cadence,
        life_days=cadence,
        languages=LANGUAGES,
        cost_share=0.08,
        season={"christmas": 0.2},
    )


SOFTWARE = Preset(
    name="software",
    title="A publisher of imaging software with members all over the world",
    time_zone="Asia/Taipei",
    currency="USD",
    currency_decimals=2,
    country_holidays="TW",
    open_hours=(9, 18),
    regions=(
        Region(
            name="Europe", share=0.13, cities={"Germany": "101"}, languages={"de": 0.8, "en": 0.2}
        ),
        Region(
            name="Europe", share=0.11, cities={"France": "750"}, languages={"fr": 0.75, "en": 0.25}
        ),
        Region(
            name="Europe",
            share=0.14,
            cities={"United Kingdom": "400", "Ireland": "410", "Netherlands": "420"},
            languages={"en": 0.97, "de": 0.03},
        ),
        Region(
            name="Europe", share=0.06, cities={"Spain": "280"}, languages={"es": 0.8, "en": 0.2}
        ),
        Region(
            name="Americas",
            share=0.28,
            cities={"United States": "900", "Canada": "910"},
            languages={"en": 0.95, "fr": 0.05},
        ),
        Region(
            name="Americas", share=0.08, cities={"Mexico": "060"}, languages={"es": 0.9, "en": 0.1}
        ),
        Region(
            name="Asia", share=0.10, cities={"Japan": "160"}, languages={"ja": 0.95, "en": 0.05}
        ),
        Region(
            name="Asia", share=0.10, cities={"Taiwan": "106"}, languages={"zh-TW": 0.9, "en": 0.1}
        ),
    ),
    life_stages=(
        LifeStage(
            name="hobbyist",
            share=0.6,
            ages=(20, 70),
            married=0.5,
            children=0.7,
            rate=0.8,
            income=1.9,
            season="world",
            tastes={"photo": 0.3},
        ),
        LifeStage(
            name="professional",
            share=0.4,
            ages=(22, 62),
            married=0.5,
            children=0.6,
            rate=1.3,
            income=2.6,
            season="world",
            tastes={"video": 0.4, "page": 0.3},
        ),
    ),
    families=(
        _program("photo", "photo editor", 79.0, 4.0, 420),
        _program("video", "video studio", 99.0, 3.0, 480),
        _program("page", "page designer", 69.0, 1.5, 540),
        _program("slides", "slide show maker", 39.0, 1.5, 540),
        Family(
            name="clip_art",
            title="clip art pack",
            path=("imaging", "content"),
            role="accessory",
            price=19.0,
            popularity=1.6,
            impulse=0.03,
            brands=("Lumora",),
            cadence_days=300,
            cost_share=0.05,
        ),
        Family(
            name="filters",
            title="filter pack",
            path=("imaging", "content"),
            role="accessory",
            price=29.0,
            popularity=1.2,
            brands=("Lumora",),
            cadence_days=300,
            cost_share=0.05,
        ),
    ),
    companions=(
        Companion(lead="photo", companion="filters", probability=0.22),
        Companion(lead="slides", companion="clip_art", probability=0.18),
        Companion(lead="video", companion="slides", probability=0.08),
    ),
    activity=Activity(
        orders_per_year=1.6,
        gamma_shape=1.5,
        lognormal_sigma=0.4,
        regularity={1: 0.5, 2: 0.3, 4: 0.2},
        leaving=0.08,
        leaving_spread=0.8,
        leaving_after_return=1.0,
    ),
    members_per_store=0,
    store_formats={},
    online_share=1.0,
    online_channels={"web": 0.9, "app": 0.1},
    marketing_channels={"email": 0.8},
    interests=("photography", "travel", "design", "video", "school"),
    join_share_at_start=0.3,
    promotions_per_year=8,
    newsletters_per_year=8.0,
    campaigns=CampaignRules(
        count=4,
        every_days=90,
        window_days=28,
        last_days_before_end=40,
        share=0.9,
        arms={"control": 0.2, "discount": 0.4, "privilege": 0.4},
        channel="email",
        strength={"discount": 0.10, "privilege": 0.10},
        contact_cost=0.01,
        discount_share=0.15,
        privilege_cost=1.0,
    ),
)
