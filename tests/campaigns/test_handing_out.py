"""Members go to their own place while it has room, and then to the nearest that has."""

from hypothesis import given
from hypothesis import strategies as st

from campaigns.handing_out import Place, Wish, hand_out

TAIPEI, KEELUNG = ("city", "Taipei"), ("city", "Keelung")
NORTH, EAST = ("region", "North"), ("region", "East")
SHOPS = [
    Place("A", 1, (TAIPEI, NORTH)),
    Place("B", 1, (TAIPEI, NORTH)),
    Place("C", 2, (KEELUNG, NORTH)),
    Place("D", 9, (EAST,)),
]
AT_A = Wish(0, (TAIPEI, NORTH))


def handed(*wishes, places=SHOPS):
    found = hand_out(places, wishes)
    names = [places[number].id if number >= 0 else None for number in found.place]
    return list(zip(names, found.way, strict=True))


def test_the_best_stay_at_home_and_the_rest_go_as_near_as_there_is_room():
    assert handed(AT_A, AT_A, AT_A, AT_A, AT_A) == [
        ("A", "home"),
        ("B", "city"),
        ("C", "region"),
        ("C", "region"),
        (None, None),
    ]


def test_a_better_member_takes_the_room_of_a_worse_one_who_is_at_home_there():
    at_b = Wish(1, (TAIPEI, NORTH))
    assert handed(AT_A, AT_A, at_b) == [("A", "home"), ("B", "city"), ("C", "region")]


def test_who_has_no_home_goes_to_the_place_with_most_room_nearby():
    roomy = [Place("A", 2, (TAIPEI,)), Place("B", 5, (TAIPEI,)), Place("C", 5, (TAIPEI,))]
    found = handed(*[Wish(-1, (TAIPEI,))] * 8, places=roomy)
    assert [name for name, _ in found] == ["B", "C", "B", "C", "B", "C", "A", "B"]


def test_who_lives_nowhere_near_a_place_has_none():
    assert handed(Wish(-1, ()), Wish(-1, (("city", "Kinmen"),))) == [(None, None)] * 2


def test_no_places_take_nobody():
    assert handed(Wish(-1, (TAIPEI,)), places=[]) == [(None, None)]


AREAS = st.lists(st.sampled_from([TAIPEI, KEELUNG, NORTH, EAST]), unique=True).map(tuple)


@given(
    places=st.lists(st.tuples(st.integers(0, 4), AREAS), max_size=6),
    wishes=st.lists(st.tuples(st.integers(-1, 5), AREAS), max_size=25),
)
def test_no_place_is_overfull_and_nobody_is_left_while_there_is_room_nearby(places, wishes):
    shops = [Place(str(n), room, areas) for n, (room, areas) in enumerate(places)]
    asked = [Wish(home if home < len(shops) else -1, areas) for home, areas in wishes]
    found = hand_out(shops, asked)
    room = [shop.room for shop in shops]
    for wish, number, way in zip(asked, found.place.tolist(), found.way, strict=True):
        at_home = wish.home >= 0 and room[wish.home] > 0
        near = [
            [n for n, shop in enumerate(shops) if area in shop.areas and room[n] > 0]
            for area in wish.areas
        ]
        if at_home:
            assert (number, way) == (wish.home, "home")
        elif any(near):
            first = next(place for place, numbers in enumerate(near) if numbers)
            assert number in near[first]
            assert room[number] == max(room[n] for n in near[first])
            assert way == wish.areas[first][0]
        else:
            assert (number, way) == (-1, None)
        if number >= 0:
            room[number] -= 1
    assert min(room, default=0) >= 0
