"""Which of the chain's products sell one another."""

from pipeline.simulator.preset import Companion

COMPANIONS: tuple[Companion, ...] = (
    Companion(lead="phone", companion="phone_case", probability=0.42),
    Companion(lead="phone", companion="screen_film", probability=0.36),
    Companion(lead="phone", companion="charger", probability=0.16),
    Companion(lead="tablet", companion="screen_film", probability=0.22),
    Companion(lead="laptop", companion="mouse", probability=0.28),
    Companion(lead="laptop", companion="laptop_bag", probability=0.24),
    Companion(lead="laptop", companion="usb_stick", probability=0.14),
    Companion(lead="monitor", companion="keyboard", probability=0.16),
    Companion(lead="printer", companion="ink", probability=0.35),
    Companion(lead="printer", companion="paper", probability=0.28),
    Companion(lead="tv_large", companion="hdmi", probability=0.30),
    Companion(lead="tv_large", companion="wall_mount", probability=0.18),
    Companion(lead="tv_large", companion="soundbar", probability=0.10),
    Companion(lead="camera", companion="memory_card", probability=0.55),
    Companion(lead="camera", companion="camera_bag", probability=0.32),
    Companion(lead="camera", companion="tripod", probability=0.15),
    Companion(lead="console", companion="gamepad", probability=0.34),
    Companion(lead="console", companion="game", probability=0.45),
    Companion(lead="vacuum", companion="dust_bag", probability=0.40),
    Companion(lead="purifier", companion="air_filter", probability=0.20),
    Companion(lead="coffee_machine", companion="capsules", probability=0.50),
    Companion(lead="toothbrush", companion="brush_head", probability=0.30),
    Companion(lead="watch", companion="power_bank", probability=0.08),
)
