"""The same seed gives the same bytes."""

from pipeline.simulator.presets import PRESETS
from pipeline.simulator.simulate import simulate


def bytes_of(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_same_seed_same_bytes_and_another_seed_others(tmp_path):
    for name, seed in (("once", 3), ("again", 3), ("other", 4)):
        simulate(PRESETS["retail"], members=300, months=12, seed=seed, to=tmp_path / name)
    once, again, other = (bytes_of(tmp_path / n) for n in ("once", "again", "other"))
    assert once == again
    assert once["transactions.parquet"] != other["transactions.parquet"]
