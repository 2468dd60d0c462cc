from datetime import date

from shop import member
from spec import Spec, check_specs

from features.person import (
    age_years,
    children_count,
    education,
    gender,
    home_city,
    home_region,
    income_band,
    life_stage,
    marital_status,
    occupation,
    preferred_language,
    stated_interest_count,
)

ANN = {
    "birth_year": 1980,
    "gender": "female",
    "marital_status": "married",
    "education": "graduate",
    "occupation": "services",
    "income_band": "400k_700k",
    "children": 2,
    "city": "Da-an",
    "language": "zh-TW",
    "interests": "reading|旅行",
}
ROWS = [member("ann", **ANN), member("bob")]
MOVED = [
    member("ann", region="Taipei", valid_from=date(2023, 1, 1), valid_to=date(2024, 5, 31)),
    member("ann", region="Tainan", valid_from=date(2024, 5, 31)),
    member("bob", region="Taipei", valid_from=date(2023, 1, 1), valid_to=date(2024, 6, 1)),
    member("bob", region="Tainan", valid_from=date(2024, 6, 1)),
]
STAGES = [
    member("ann", birth_year=1964, children=1),
    member("bob", birth_year=1990, children=1, marital_status="married"),
    member("cho", birth_year=1990, marital_status="married"),
    member("dee", birth_year=1990),
    member("eve", birth_year=1980, children=0),
    member("fay", children=2),
]

SPECS = (
    Spec("the year of the cut-off less that of birth", age_years, ROWS, {"ann": 44, "bob": None}),
    Spec("as recorded", gender, ROWS, {"ann": "female", "bob": None}),
    Spec("as recorded", marital_status, ROWS, {"ann": "married", "bob": None}),
    Spec("as recorded", education, ROWS, {"ann": "graduate", "bob": None}),
    Spec("as recorded", occupation, ROWS, {"ann": "services", "bob": None}),
    Spec("as recorded", income_band, ROWS, {"ann": "400k_700k", "bob": None}),
    Spec("unknown is not none", children_count, ROWS, {"ann": 2, "bob": None}),
    Spec("who moves on the cut-off still lives where they did", home_region, MOVED,
         {"ann": "Tainan", "bob": "Taipei"}),
    Spec("as recorded", home_city, ROWS, {"ann": "Da-an", "bob": None}),
    Spec("as recorded", preferred_language, ROWS, {"ann": "zh-TW", "bob": None}),
    Spec("a bar separates two", stated_interest_count, ROWS, {"ann": 2, "bob": 0}),
    Spec("age decides first, then children, then marriage", life_stage, STAGES,
         {"ann": "senior", "bob": "family", "cho": "couple", "dee": "young", "eve": "single",
          "fay": None}),
)  # fmt: skip
test_spec = check_specs(SPECS)
