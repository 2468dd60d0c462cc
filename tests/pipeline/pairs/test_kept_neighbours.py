"""Neighbours of products are found once for a cut-off, and never those of other products."""

import numpy as np
import pytest

from models.candidates import Holdings, likeness, together
from pipeline.pairs.kept_neighbours import NeighbourMemory

BOUGHT = Holdings.of([0, 0, 1, 1, 1, 2], [1, 3, 1, 3, 4, 4], [1.0, 0.5, 1, 1, 1, 0.2], customers=3)
NAMES = ["red cake stand", "", "blue cake stand", "lamp"]


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("products", [5, 6, 9])
def test_products_that_nobody_holds_do_not_change_who_is_near_whom(tmp_path, products):
    memory = NeighbourMemory(tmp_path, writes=True)
    assert same(memory.together(BOUGHT, products=products), together(BOUGHT, products=products))
    assert same(memory.together(BOUGHT, products=products), together(BOUGHT, products=products))
    kept = (tmp_path / "together.npz").stat().st_mtime_ns
    # A product before the others moves their places, and nothing else.
    moved = BOUGHT._replace(product=BOUGHT.product + np.int32(1))
    near = memory.together(moved, products=products + 1)
    assert same(near, together(moved, products=products + 1))
    assert (tmp_path / "together.npz").stat().st_mtime_ns == kept


def test_other_purchases_or_words_have_their_own_neighbours(tmp_path):
    memory = NeighbourMemory(tmp_path, writes=True)
    memory.together(BOUGHT, products=5)
    memory.alike(NAMES)
    fewer = BOUGHT._replace(weight=BOUGHT.weight / 2)
    assert same(memory.together(fewer, products=5), together(fewer, products=5))
    for other in (["red lamp", *NAMES[1:]], [*NAMES, "cake"], ["red", " cake stand", *NAMES[1:3]]):
        assert same(memory.alike(other), likeness(other))


def test_what_is_kept_is_not_found_again(tmp_path):
    memory = NeighbourMemory(tmp_path, writes=True)
    before = memory.alike(NAMES)
    with np.load(tmp_path / "alike.npz") as kept:
        marked = {**kept, "nearness": kept["nearness"] / 2}
    np.savez(tmp_path / "alike.npz", **marked)
    assert np.array_equal(memory.alike(NAMES).nearness, before.nearness / 2)


def test_a_damaged_memory_is_no_memory(tmp_path):
    memory = NeighbourMemory(tmp_path, writes=True)
    memory.alike(NAMES)
    (tmp_path / "alike.npz").write_bytes(b"PK half")
    assert same(memory.alike(NAMES), likeness(NAMES))


def test_who_only_asks_writes_nothing(tmp_path):
    memory = NeighbourMemory(tmp_path, writes=False)
    assert same(memory.together(BOUGHT, products=5), together(BOUGHT, products=5))
    assert same(memory.alike([]), likeness([]))
    assert not list(tmp_path.iterdir())


def test_nobody_who_bought_anything_has_no_neighbours(tmp_path):
    nothing = Holdings.of([], [], [], customers=2)
    near = NeighbourMemory(tmp_path, writes=True).together(nothing, products=3)
    assert near.first.tolist() == [0, 0, 0, 0]
    assert len(near.product) == 0
