"""The retailer's tables of one block of members."""

import pyarrow as pa

from features import tables
from pipeline.simulator.doctors import visits_table
from pipeline.simulator.lives import Lives
from pipeline.simulator.people import customers_table
from pipeline.simulator.permissions import consents_table
from pipeline.simulator.replies import (
    assignments_table,
    contacts_table,
    deliver,
    outcomes_table,
)
from pipeline.simulator.storage import TableWriter
from pipeline.simulator.traces import interactions_table, service_cases_table, surveys_table
from pipeline.simulator.world import World


def write_tables(writer: TableWriter, world: World, lives: Lives, *, leak: bool) -> pa.Table:
    """Append one block to every table; return why some of its receipt lines exist."""
    preset, members, moments = world.preset, lives.members, world.moments
    days, keys = world.calendar.days, {"seed": world.seed, "block": lives.block}
    leaking = lives.card.activated_ever() if leak and lives.card is not None else None
    writer.add(
        "customers",
        customers_table(preset, world.calendar, members, leaking=leaking, **keys),
        tables.Customers,
    )
    receipts = world.receipts.write(members, lives.outings, lives.lines, **keys)
    writer.add("transactions", receipts.transactions, tables.Transactions)
    consents = consents_table(
        preset,
        moments,
        members,
        lives.consent,
        main_channel=world.letter_channel,
        days=days,
        **keys,
    )
    writer.add("consents", consents, tables.Consents)
    if world.card is not None and lives.card is not None:
        events = world.card.events_table(members, lives.card, moments, **keys)
        writer.add("card_events", events, tables.CardEvents)
    rules, starts = preset.campaigns, world.campaign_starts
    sent = deliver(rules, lives.newsletters, lives.assigned, starts, **keys)
    contacts = contacts_table(members, sent, world.letter_channel, moments, **keys)
    writer.add("contacts", contacts, tables.Contacts)
    if rules is not None and lives.assigned:
        arms = assignments_table(rules, members, lives.assigned, starts, moments)
        writer.add("assignments", arms, tables.Assignments)
        outcomes = outcomes_table(
            rules,
            members,
            outings=lives.outings,
            paid=receipts.paid,
            assigned=lives.assigned,
            starts=starts,
            moments=moments,
            **keys,
        )
        writer.add("outcomes", outcomes, tables.Outcomes)
    looks = interactions_table(
        world.demand, members, lives.outings, sent, moments, days=days, **keys
    )
    writer.add("interactions", looks, tables.Interactions)
    answers = surveys_table(members, lives.outings, moments, days=days, **keys)
    writer.add("surveys", answers, tables.Surveys)
    cases = service_cases_table(preset, members, lives.outings, moments, days=days, **keys)
    writer.add("service_cases", cases, tables.ServiceCases)
    if preset.health_visits:
        visits = visits_table(preset, members, lives.outings, moments, **keys)
        writer.add("visits", visits, tables.Visits)
    return receipts.planted
