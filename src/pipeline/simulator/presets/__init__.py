"""The retailers that can be simulated."""

from pipeline.simulator.preset import Preset
from pipeline.simulator.presets.refill import REFILL
from pipeline.simulator.presets.retail import RETAIL
from pipeline.simulator.presets.software import SOFTWARE

PRESETS: dict[str, Preset] = {preset.name: preset for preset in (RETAIL, SOFTWARE, REFILL)}
