"""How customers are called in requests and answers: by their ids, or by pseudonyms."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pyarrow as pa
from fastapi import Depends, Request

from campaigns.keys import Key
from campaigns.known_pseudonyms import KnownPseudonyms
from campaigns.pseudonyms import Pseudonyms
from pipeline.score_set import ScoreSet, parts
from serving.live import LiveRelease


@dataclass(frozen=True)
class Names:
    """How one caller calls customers, and is told of them; the same in every route.

    Attributes
    ----------
    pseudonyms : Pseudonyms, optional
        What stands for the ids; none where the caller sees the ids themselves.
    """

    pseudonyms: Pseudonyms | None
    known: KnownPseudonyms
    artifacts: Path
    live: LiveRelease

    @property
    def pseudonymous(self) -> bool:
        """Whether pseudonyms stand for ids."""
        return self.pseudonyms is not None

    def rows(self, rows: pa.Table) -> pa.Table:
        """Return rows as the caller may see their `customer_id`."""
        return rows if self.pseudonyms is None else self.pseudonyms.rows(rows)

    def each(self, customers: Iterable[str]) -> list[str]:
        """Return what customers are called."""
        return [one if self.pseudonyms is None else self.pseudonyms.of(one) for one in customers]

    def meant(self, names: Sequence[str], *, also_in: Sequence[Path] = ()) -> Mapping[str, str]:
        """Return the ids of those whom a caller names; a name of nobody may be absent.

        A caller who goes by pseudonyms cannot name anybody by an id: else ids could be tried
        until the answer gives the pseudonym away.

        Parameters
        ----------
        names : sequence of str
            As they came.
        also_in : sequence of Path
            Files to look in where the tables and scores do not have somebody any longer.
        """
        if self.pseudonyms is None:
            return {name: name for name in names}
        found = self.known.among(self._everybody(), names)
        missing = [name for name in names if name not in found]
        return {**found, **self.known.among(also_in, missing)} if missing else found

    def _everybody(self) -> list[Path]:
        sets = list(self.live.view().score_sets.values())
        table = self.artifacts / "tables" / "customers.parquet"
        # Sets of pairs are long, and tell of nobody whom the others leave out.
        short = [one for one in sets if one.unit == "customer"]
        return [table, *self._files(short if short or table.exists() else sets)]

    def _files(self, sets: list[ScoreSet]) -> list[Path]:
        return [path for one in sets for path in parts(self.artifacts, one)]


async def _names(request: Request) -> Names:
    key: Key = request.state.key
    shared: Names = request.app.state.resources.names
    own = Names(None, shared.known, shared.artifacts, shared.live)
    return own if key.names_people else shared


Naming = Annotated[Names, Depends(_names)]
