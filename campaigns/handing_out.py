"""Hand members out to places with limited room: the best first, each as near as there is room."""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

#: An area by its kind and name, such as `("city", "Taipei")`.
Area = tuple[str, str]

#: The way of a member who is in the place that is their own.
HOME = "home"


class Place(NamedTuple):
    """A store, salesperson or agent.

    Attributes
    ----------
    id : str
        Its name.
    room : int
        How many members it takes, at least 0.
    areas : tuple of Area
        The areas that it lies in, the smallest first.
    """

    id: str
    room: int
    areas: tuple[Area, ...]


class Wish(NamedTuple):
    """Where a member belongs.

    Attributes
    ----------
    home : int
        Number of the own place; -1 where there is none.
    areas : tuple of Area
        Where to look if there is none, or it is full; the nearest first.
    """

    home: int
    areas: tuple[Area, ...]


class Handed(NamedTuple):
    """Where members went.

    Attributes
    ----------
    place : array of int32 of shape (n_members,)
        Number of the place; -1 for nowhere.
    way : list of str or None
        `home`, or the kind of the area that they were found room in.
    """

    place: np.ndarray
    way: list[str | None]


def hand_out(places: Sequence[Place], wishes: Iterable[Wish]) -> Handed:
    """Give each member, the best first, the own place or the nearest that has room.

    Of the places of an area, the one with most room left is taken, of equals the first. A
    member who finds no room in any area stays without a place: far away is no help.

    Examples
    --------
    >>> north = ("region", "North")
    >>> places = [Place("A", 1, (north,)), Place("B", 1, (north,))]
    >>> hand_out(places, [Wish(0, (north,)), Wish(0, (north,)), Wish(0, (north,))]).place.tolist()
    [0, 1, -1]
    """
    room = [place.room for place in places]
    areas: defaultdict[Area, list[tuple[int, int]]] = defaultdict(list)
    for number, one in enumerate(places):
        for area in one.areas:
            areas[area].append((-one.room, number))
    for roomiest in areas.values():
        heapq.heapify(roomiest)
    taken: list[int] = []
    way: list[str | None] = []
    for home, near in wishes:
        number, how = -1, None
        if home >= 0 and room[home] > 0:
            number, how = home, HOME
        else:
            for area in near:
                number = _roomiest(areas[area], room) if area in areas else -1
                if number >= 0:
                    how = area[0]
                    break
        if number >= 0:
            room[number] -= 1
        taken.append(number)
        way.append(how)
    return Handed(np.array(taken, dtype=np.int32), way)


def _roomiest(places: list[tuple[int, int]], room: list[int]) -> int:
    """Return the place with most room, -1 for none; what others have filled is corrected."""
    while places:
        negative, number = places[0]
        if room[number] == 0:
            heapq.heappop(places)
        elif room[number] != -negative:
            heapq.heapreplace(places, (-room[number], number))
        else:
            return number
    return -1
