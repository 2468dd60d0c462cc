"""The `consents` table: who may be contacted, by which channel, and who changed their mind."""

import numpy as np
import pyarrow as pa

from pipeline.simulator.journal import Flags, Floats, Ints
from pipeline.simulator.members import Members
from pipeline.simulator.moments import Moments, known, stored
from pipeline.simulator.newsletters import Consent
from pipeline.simulator.preset import Preset
from pipeline.simulator.randomness import stream
from pipeline.simulator.texts import named, numbered

WITHDRAWN_PER_YEAR = 0.05
GRANTED_AGAIN_SHARE = 0.15
HEALTH = "health"


def consents_table(
    preset: Preset,
    moments: Moments,
    members: Members,
    consent: Consent,
    *,
    main_channel: str,
    days: int,
    seed: int,
    block: int,
) -> pa.Table:
    """Return what one block of members agreed to, and changed later.

    Parameters
    ----------
    consent : Consent
        Choices on the channel that carries newsletters and campaigns, `main_channel`. Those
        on the other channels, and the written ones on health, are drawn here.
    """
    rng = stream(seed, "consents", block)
    choices = [(channel, "marketing") for channel in preset.marketing_channels]
    if preset.health_visits:
        choices.append(("mail", HEALTH))
    rows: list[tuple[Ints, Ints, Flags, Floats]] = []
    asked = members.joined + rng.random(len(members))
    for position, (channel, purpose) in enumerate(choices):
        drawn = consent
        if channel != main_channel or purpose == HEALTH:
            share = 0.8 if purpose == HEALTH else preset.marketing_channels[channel]
            drawn = _draw(members, asked, share, rng)
        agrees = np.isfinite(drawn.granted)
        answers = (
            (np.where(agrees, drawn.granted, asked), agrees),
            (drawn.withdrawn, np.zeros(len(members), bool)),
            (drawn.again, np.ones(len(members), bool)),
        )
        for when, yes in answers:
            who = np.flatnonzero(when < days)
            rows.append((who, np.full(len(who), position), yes[who], when[who]))
    who = np.concatenate([r[0] for r in rows])
    what = np.concatenate([r[1] for r in rows])
    yes = np.concatenate([r[2] for r in rows])
    when = np.concatenate([r[3] for r in rows])
    order = np.lexsort((when, what, who))
    happened = moments.happened(when[order], np.ones(len(order), bool))
    return pa.table(
        {
            "customer_id": numbered("M", members.first + who[order] + 1, 8),
            "channel": named([channel for channel, _ in choices], what[order]),
            "purpose": named([purpose for _, purpose in choices], what[order]),
            "granted": pa.array(yes[order]),
            "event_time": stored(happened),
            "available_time": stored(known(happened, rng)),
        }
    )


def _draw(members: Members, asked: Floats, share: float, rng: np.random.Generator) -> Consent:
    count = len(members)
    agrees = rng.random(count) < share
    withdrawn = asked + 1 + rng.exponential(365.25 / WITHDRAWN_PER_YEAR, count)
    again = withdrawn + 1 + rng.exponential(200.0, count)
    comes_back = agrees & (rng.random(count) < GRANTED_AGAIN_SHARE)
    return Consent(
        granted=np.where(agrees, asked, np.inf),
        withdrawn=np.where(agrees, withdrawn, np.inf),
        again=np.where(comes_back, again, np.inf),
    )
