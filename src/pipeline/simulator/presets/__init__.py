"""The retailers that can be simulated."""

from pipeline.simulator.preset import Preset
from pipeline.simulator.presets.retail import RETAIL

PRESETS: dict[str, Preset] = {preset.name: preset for preset in (RETAIL,)}
