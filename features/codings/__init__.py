"""The five profile codings: affinity, demographic, psychographic, lifestyle and cluster."""

from features.codings.affinity import affinity
from features.codings.cluster import cluster
from features.codings.columns import CODED
from features.codings.demographic import demographic
from features.codings.lifestyle import lifestyle
from features.codings.psychographic import psychographic
from features.definition import Coding

__all__ = ["CODED", "CODINGS"]

#: By name, in the order in which a profile is told.
CODINGS: dict[str, Coding] = {
    one.name: one for one in (affinity, demographic, psychographic, lifestyle, cluster)
}
