"""Stores, interactions, contacts, consents, surveys, service and the card."""

from collections import Counter
from statistics import mean

from reference.rows import Row, known, parts_of, share


def visiting(rows: list[Row], stores: dict[str, Row]) -> Row:
    sales = [r for r in rows if r["kind"] == "sale"]
    orders, last = Counter(), {}
    firsts = {}
    for part in parts_of(sales):
        key = (part[0]["known"], part[0]["day"])
        order = part[0]["order_id"]
        firsts[order] = min(firsts.get(order, key), key)
    for part in parts_of(sales):
        if names := known(part, "store_id"):
            name = max(names)
            is_first = firsts[part[0]["order_id"]] == (part[0]["known"], part[0]["day"])
            orders[name] += int(is_first)
            last[name] = min(last.get(name, 10**9), part[0]["before"])
    best = min(orders, key=lambda name: (-orders[name], last[name], name), default=None)
    return {
        "visited_store_count": len(orders),
        "favourite_store_order_share": share(max(orders.values(), default=0), orders.total()),
        "favourite_store_format": stores.get(best, {}).get("format"),
        "favourite_store_region": stores.get(best, {}).get("region"),
    }


def dealings(own: dict[str, list[Row]]) -> Row:
    looks = [r for r in own["interactions"] if r["kind"] != "open"]
    found: Row = {"days_since_last_interaction": min((r["before"] for r in looks), default=None)}
    for days in (30, 90, 365):
        found[f"interaction_count_{days}d"] = sum(r["before"] <= days for r in looks)
    for kind, windows in {
        "search": (7, 30, 90), "view": (7, 30, 90), "open": (90, 365), "click": (90, 365)
    }.items():  # fmt: skip
        for days in windows:
            found[f"{kind}_count_{days}d"] = sum(
                r["kind"] == kind and r["before"] <= days for r in own["interactions"]
            )
    tried = own["contacts"]
    heard = [r for r in tried if r["status"] not in ("bounced", "failed")]
    for days in (7, 30, 90):
        found[f"contact_count_{days}d"] = sum(r["before"] <= days for r in heard)
    for channel in ("email", "sms", "line", "push", "phone", "mail"):
        for days in (30, 90):
            found[f"{channel}_contact_count_{days}d"] = sum(
                r["channel"] == channel and r["before"] <= days for r in heard
            )
    found |= {
        "days_since_last_contact": min((r["before"] for r in heard), default=None),
        "contact_pressure_ratio": share(
            12 * sum(r["before"] <= 30 for r in heard), sum(r["before"] <= 360 for r in heard)
        ),
        "bounced_contact_share": share(len(tried) - len(heard), len(tried)),
    }
    choices: dict[tuple[str, str], Row] = {}
    for row in sorted(own["consents"], key=lambda r: (r["event_time"], r["granted"])):
        choices[row["channel"], row["purpose"]] = row
    found["permitted_channel_count"] = sum(
        row["granted"] and purpose == "marketing" for (_, purpose), row in choices.items()
    )
    scores = [(r["before"], _number(r["answer"])) for r in own["surveys"]
              if r["kind"] == "satisfaction" and _number(r["answer"]) is not None]  # fmt: skip
    cases = own["service_cases"]
    found |= {
        "answer_count_365d": sum(r["before"] <= 365 for r in own["surveys"]),
        "mean_satisfaction_score": mean(s for _, s in scores) if scores else None,
        "lowest_satisfaction_score_365d": min((s for b, s in scores if b <= 365), default=None),
        "service_case_count_90d": sum(r["before"] <= 90 for r in cases),
        "service_case_count_365d": sum(r["before"] <= 365 for r in cases),
        "complaint_case_count_365d": sum(
            r["kind"] == "complaint" and r["before"] <= 365 for r in cases
        ),
        "days_since_last_service_case": min((r["before"] for r in cases), default=None),
    }
    steps = ["applied", "approved", "declined", "activated", "cancelled"]
    history = sorted(own["card_events"], key=lambda r: (r["event_time"], steps.index(r["step"])))
    state = history[-1]["step"] if history else None
    return {
        **found,
        "card_state": state,
        "holds_card": int(state == "activated"),
        "days_since_card_application": min(
            (r["before"] for r in history if r["step"] == "applied"), default=None
        ),
        "days_since_card_activation": min(
            (r["before"] for r in history if r["step"] == "activated"), default=None
        ),
    }


def _number(text: str | None) -> float | None:
    try:
        return float(text)
    except (TypeError, ValueError):
        return None
