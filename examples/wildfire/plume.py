"""Things that hang in the air, as sums of Gaussian puffs: smoke that rises from one place, dust that travels, wisps of fog.

Lengths in the world are metres, in the picture pixels; times are seconds. Smoke follows Briggs' bent-over plume (G. A.
Briggs, Plume Rise, 1969): rise = 1.6 F^(1/3) x^(2/3) / u, radius about half the rise, buoyancy flux F = 8.9e-6 x watts.
Its thickness: 15 g of particles a kg of fuel, 18 MJ/kg of which 70 % convective, 4 m2/g extinction. A young fire smoulders and
dries its fuel: it gives up to 1.7 times as much, falling off over some minutes.
"""

import numpy

FOCAL_PX = 554.0  # 640 pixels over 60 degrees
PUFFS = 28
GRAMS_PER_FLUX = 15 / (8.9e-6 * 18e6 * 0.7)  # particles, g/s for F = 1 m4/s3
EXTINCTION_M2_PER_G = 4.0
SMOULDERING_S = 200.0


def wobble(rng):
    """A smooth random function of time with mean 0 and deviation about 1: three sines of 40 to 400 s."""
    periods, phases = rng.uniform(40, 400, 3), rng.uniform(0, 2 * numpy.pi, 3)
    return lambda t: 0.8 * numpy.sin(2 * numpy.pi * numpy.asarray(t)[..., None] / periods + phases).sum(-1)


def render(x, y, sigma_x, sigma_y, weight, shape):
    """Optical depth of puffs on a canvas: ((row slice, column slice), array), or None when all of it is off the canvas.

    A Gaussian is separable, so that the sum of all puffs is one matrix product.
    """
    height, width = shape
    top, bottom = int((y - 3 * sigma_y).min()), int((y + 3 * sigma_y).max()) + 2
    left, right = int((x - 3 * sigma_x).min()), int((x + 3 * sigma_x).max()) + 2
    top, bottom, left, right = max(top, 0), min(bottom, height), max(left, 0), min(right, width)
    if bottom - top < 1 or right - left < 1:
        return None
    rows = numpy.arange(top, bottom, dtype=numpy.float32)[:, None]
    columns = numpy.arange(left, right, dtype=numpy.float32)[:, None]
    down = numpy.exp(-0.5 * ((rows - y) / sigma_y) ** 2) * weight
    across = numpy.exp(-0.5 * ((columns - x) / sigma_x) ** 2)
    depth = down.astype(numpy.float32) @ across.T.astype(numpy.float32)
    return (slice(top, bottom), slice(left, right)), depth


class Smoke:
    """A fire that starts at `ignition_s` at canvas position (x, y), `distance_m` away."""

    def __init__(self, rng, ignition_s, x, y, distance_m, wind, wind_sign):
        self.ignition_s, self.x, self.y, self.distance_m = ignition_s, x, y, distance_m
        # Along the sight line wind does not move the plume sideways.
        self.across = wind_sign * abs(numpy.sin(rng.uniform(0.2, numpy.pi - 0.2)))
        self.wind = max(wind, 0.8)
        self.flux_5min = float(numpy.clip(numpy.exp(rng.normal(numpy.log(600), 0.7)), 100, 4000))
        self.growth = rng.uniform(0.6, 1.4)
        self.tone = rng.uniform(0.55, 1.0)  # dark to white
        self.source_m = rng.uniform(6, 15)
        self._side, self._lift = wobble(rng), wobble(rng)

    def puffs(self, seconds, shape):
        """As render(); None before ignition."""
        burning = seconds - self.ignition_s
        if burning <= 0:
            return None
        ages = numpy.linspace(0.02, 1, PUFFS) ** 1.6 * min(burning, 900)
        emitted = burning - ages
        flux = self.flux_5min * (0.04 + (emitted / 300) ** self.growth).clip(0, 3)
        rise = 1.6 * (flux * ages**2 / self.wind) ** (1 / 3)
        radius = self.source_m + 0.5 * rise
        px_per_m = FOCAL_PX / self.distance_m
        side = self.across * self.wind * ages + 0.5 * radius * self._side(emitted + self.ignition_s)
        lift = rise * (1 + 0.12 * self._lift(emitted + self.ignition_s))
        x, y = self.x + side * px_per_m, self.y - lift * px_per_m
        sigma = numpy.maximum(radius * px_per_m / 1.5, 0.7)
        young = 1 + 0.7 * numpy.exp(-emitted / SMOULDERING_S)
        column = EXTINCTION_M2_PER_G * GRAMS_PER_FLUX * young * flux / (2 * radius * self.wind)
        # What makes the sum of overlapping puffs as thick as the plume they stand for.
        step = numpy.hypot(numpy.gradient(x), numpy.gradient(y))
        weight = numpy.minimum(column, 3.0) * step / (2.5 * sigma)
        return render(x, y, sigma, sigma, weight, shape)


class Dust:
    """A vehicle's trail, or a dust devil: brown, it travels and settles."""

    def __init__(self, rng, start_s, length_s, x, y, distance_m, devil, wind_sign):
        self.start_s, self.length_s, self.x, self.y = start_s, length_s, x, y
        self.px_per_m = FOCAL_PX / distance_m
        self.speed = rng.uniform(1.5, 5) * wind_sign if devil else rng.uniform(4, 14) * rng.choice([-1, 1])
        self.devil, self.height_m, self.thick = devil, rng.uniform(40, 200), rng.uniform(0.3, 1.2)
        self._side = wobble(rng)

    def puffs(self, seconds, shape):
        running = seconds - self.start_s
        if not 0 < running < self.length_s + 90:
            return None
        here = min(running, self.length_s)
        fading = numpy.exp(-max(running - self.length_s, 0) / 40) * min(running / 30, 1)
        if self.devil:
            up = numpy.linspace(0, 1, 12) * self.height_m
            x = self.x + (self.speed * here + 6 * self._side(up * 4)) * self.px_per_m
            y = self.y - up * self.px_per_m
            sigma = numpy.maximum((4 + 0.06 * up) * self.px_per_m, 0.7)
            weight = numpy.full(12, self.thick * 0.6 * fading)
            return render(x, y, sigma, numpy.maximum(sigma, self.height_m / 14 * self.px_per_m), weight, shape)
        ages = numpy.linspace(0, min(here, 120), 16) + running - here
        x = self.x + (self.speed * (running - ages)) * self.px_per_m
        size = 4 + 0.25 * ages
        y = self.y - 0.5 * size * self.px_per_m
        sigma = numpy.maximum(size * self.px_per_m, 0.7)
        weight = self.thick * numpy.exp(-ages / 50) * min(running / 30, 1)
        return render(x, y, numpy.maximum(sigma, abs(self.speed) * 4 * self.px_per_m), sigma * 0.7, weight, shape)


class Wisp:
    """A patch of fog on a slope: wide, without a source, slow to come and go."""

    def __init__(self, rng, start_s, length_s, x, y, wind_sign):
        self.start_s, self.length_s = start_s, length_s
        parts = rng.integers(3, 7)
        self.x, self.y = x + rng.normal(0, 40, parts), y + rng.normal(0, 6, parts)
        self.sigma_x, self.sigma_y = rng.uniform(30, 90, parts), rng.uniform(8, 20, parts)
        self.weight = rng.uniform(0.2, 1.0, parts) * rng.uniform(0.1, 0.4) / parts**0.5
        self.drift = wind_sign * rng.uniform(0.0, 0.06), rng.uniform(-0.01, 0.004)  # px/s
        self._breath = wobble(rng)

    def puffs(self, seconds, shape):
        running = seconds - self.start_s
        if not 0 < running < self.length_s:
            return None
        shown = numpy.sin(numpy.pi * running / self.length_s) * (1 + 0.2 * self._breath(running))
        grown = 0.6 + 0.4 * running / self.length_s
        x, y = self.x + self.drift[0] * running, self.y + self.drift[1] * running
        return render(x, y, self.sigma_x * grown, self.sigma_y * grown, self.weight * shown, shape)
