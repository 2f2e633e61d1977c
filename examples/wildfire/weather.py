"""One synthetic day at one camera: light, weather and the things that look like smoke, all drawn from a seed.

Times are seconds since midnight, speeds metres a second, covers and densities 0..1. Nothing here is measured: the shapes
of the curves are plausible and the numbers are chosen to be hard on a detector, not to describe a place.
"""

import numpy

DAY_S = 86400
KINDS = ("clear", "fair", "cloudy", "overcast", "foggy", "windy", "hazy")
# Mean cloud cover, fog at dawn, wind and haze (extinction, 1/km) of each kind of day.
MEANS = {
    "clear": (0.05, 0.0, 2.5, 0.02),
    "fair": (0.35, 0.05, 3.5, 0.03),
    "cloudy": (0.60, 0.1, 4.0, 0.04),
    "overcast": (0.95, 0.2, 3.0, 0.06),
    "foggy": (0.45, 0.8, 1.5, 0.08),
    "windy": (0.40, 0.0, 9.0, 0.03),
    "hazy": (0.15, 0.2, 2.0, 0.12),
}


def smoothstep(value, low, high):
    part = min(max((value - low) / (high - low), 0.0), 1.0)
    return part * part * (3 - 2 * part)


class Day:
    """Weather as curves through hourly values. The kind of day is drawn when it is None. With confusers=False a clear, still,
    steady day without any events."""

    def __init__(self, rng, confusers=True, kind=None):
        self.kind = "clear"
        if confusers:
            drawn = KINDS[rng.integers(len(KINDS))]
            self.kind = kind or drawn
        cover, fog, wind, haze = MEANS[self.kind]
        hours = numpy.arange(25)
        wander = lambda size: numpy.convolve(rng.normal(0, size, 29), numpy.ones(5) / 5**0.5, "valid")
        self._cover = numpy.clip(cover + (wander(0.15) if confusers else 0 * hours), 0, 1)
        # Fog is thickest around six in the morning, and gone by noon.
        dawn = numpy.exp(-(((hours - 6.5) / 2.5) ** 2)) + 0.6 * numpy.exp(-(((hours - 24) / 2.0) ** 2))
        self._fog = numpy.clip(fog * dawn + (numpy.maximum(wander(0.05), 0) if confusers else 0), 0, 0.95)
        afternoon = 0.6 + 0.6 * numpy.exp(-(((hours - 15) / 4.0) ** 2))
        self._wind = numpy.clip(wind * afternoon * numpy.exp(wander(0.2)), 0.3, 16)
        self._haze = haze * numpy.exp(wander(0.25) if confusers else 0 * hours)
        self._hours = hours
        self.wind_sign = 1 if rng.random() < 0.5 else -1
        self.moon = rng.uniform(0.2, 1.0)
        # Exposure hunts: slow waves, and jumps when the camera changes its mind.
        self._waves = rng.uniform(600, 5400, 3), rng.uniform(0, 2 * numpy.pi, 3), 0.02 if confusers else 0.0
        jumps = rng.poisson(10) if confusers else 0
        self._jumps = [(rng.uniform(0, DAY_S), rng.uniform(-0.18, 0.18), rng.uniform(120, 900)) for _ in range(jumps)]

    def _at(self, curve, seconds):
        return float(numpy.interp((seconds % DAY_S) / 3600, self._hours, curve))

    def cover(self, seconds):
        return self._at(self._cover, seconds)

    def fog(self, seconds):
        return self._at(self._fog, seconds)

    def wind(self, seconds):
        return self._at(self._wind, seconds)

    def haze(self, seconds):
        return self._at(self._haze, seconds)

    def exposure(self, seconds):
        """Factor on the whole picture, around 1."""
        periods, phases, size = self._waves
        gain = 1 + size * float(numpy.sin(2 * numpy.pi * seconds / periods + phases).sum())
        for start, change, length in self._jumps:
            if start <= seconds < start + length:
                gain += change
        return gain


def sun(seconds):
    """(elevation as its sine, -1..1; side of the sky it stands on, -1 east .. 1 west), for an equinox day."""
    angle = 2 * numpy.pi * (seconds / DAY_S - 0.25)
    return float(numpy.sin(angle)), float(-numpy.cos(angle))


def daylight(seconds):
    """0 at night, 1 by day, dusk and dawn between."""
    return smoothstep(sun(seconds)[0], -0.2, 0.3)


def events(rng, day, busy=1.0):
    """Confusers with a place and an end: [(kind, start_s, length_s, seed)], sorted by start; `busy` times as many."""
    rates = {"vehicle": 14, "devil": 5, "wisp": 4, "glint": 4, "lights": 12, "shadow": 6}
    if day.kind == "foggy":
        rates["wisp"] *= 2
    lengths = {
        "vehicle": (60, 240),
        "devil": (90, 360),
        "wisp": (600, 2400),
        "glint": (120, 900),
        "lights": (30, 600),
        "shadow": (300, 1200),
    }
    hours = {
        "vehicle": (6, 21),
        "devil": (10, 18),
        "wisp": (4, 12),
        "glint": (6, 19),
        "lights": (-6, 6),
        "shadow": (8, 18),
    }
    found = []
    for kind, rate in rates.items():
        for _ in range(rng.poisson(rate * busy)):
            start = rng.uniform(*hours[kind]) * 3600 % DAY_S
            found.append((kind, start, rng.uniform(*lengths[kind]), int(rng.integers(2**31))))
    return sorted(found, key=lambda event: event[1])
