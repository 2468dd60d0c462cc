"""Who a member is, as was recorded at the cut-off."""

from datetime import date

from reference.rows import Row


def profile_at(rows: list[Row], as_of: date) -> Row:
    for row in rows:
        since, until = row.get("valid_from") or row["joined_on"], row.get("valid_to")
        if since < as_of and (until is None or until >= as_of):
            return row
    return {}


def person(row: Row, as_of: date) -> Row:
    born = row.get("birth_year")
    age = None if born is None else as_of.year - born
    children = row.get("children")
    if age is None:
        stage = None
    elif age >= 60:
        stage = "senior"
    elif children:
        stage = "family"
    elif row.get("marital_status") == "married":
        stage = "couple"
    else:
        stage = "young" if age < 35 else "single"
    interests = row.get("interests")
    return {
        "age_years": age if age is not None and 0 <= age <= 120 else None,
        "gender": row.get("gender"),
        "marital_status": row.get("marital_status"),
        "education": row.get("education"),
        "occupation": row.get("occupation"),
        "income_band": row.get("income_band"),
        "children_count": children,
        "home_region": row.get("region"),
        "home_city": row.get("city"),
        "preferred_language": row.get("language"),
        "stated_interest_count": len(interests.split("|")) if interests else 0,
        "life_stage": stage,
    }
