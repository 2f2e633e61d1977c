"""The still part of a scene: ridge lines, how far each pixel is away, what it reflects; and the random textures.

The canvas is a little larger than the picture, so that a shaking camera still sees something at its edges.
"""

import functools

import numpy

HEIGHT, WIDTH = 360, 640
MARGIN = 6
CANVAS = (HEIGHT + 2 * MARGIN, WIDTH + 2 * MARGIN)
SKY_KM = 60.0


@functools.cache
def spectrum(height, width, roughness, largest):
    """How strong each wave of a texture is, for the half plane of its transform."""
    rows = numpy.fft.fftfreq(height)[:, None]
    columns = numpy.fft.rfftfreq(width)
    frequency = numpy.maximum(numpy.hypot(rows, columns), largest / max(height, width) / 4)
    return (frequency**-roughness).astype(numpy.float32)


def texture(rng, height, width, roughness, largest=8):
    """Periodic noise with mean 0 and deviation 1; its spectrum falls with frequency to the power of `roughness`, and waves
    longer than 1/largest of the height are cut."""
    waves = numpy.fft.rfft2(rng.standard_normal((height, width), dtype=numpy.float32))
    made = numpy.fft.irfft2(waves * spectrum(height, width, roughness, largest), s=(height, width))
    return ((made - made.mean()) / made.std()).astype(numpy.float32)


def spread(rows, columns):
    """(canvas rows x rows, columns x canvas columns): matrices between which a coarse map becomes a smooth full one."""

    def linear(fine, coarse):
        at = numpy.linspace(0, coarse - 1, fine)
        return numpy.maximum(1 - abs(at[:, None] - numpy.arange(coarse)), 0).astype(numpy.float32)

    return linear(CANVAS[0], rows), linear(CANVAS[1], columns).T.copy()


class Terrain:
    """`kilometres` (distance of each pixel), `plain` and `slope` (reflected light, 0..255, of an even light and of one from
    the side), `tint` (colour differences U and V at half size), `sky` (1 where sky is), `ridges` (rows of each ridge line)."""

    def __init__(self, rng):
        height, width = CANVAS
        rows = numpy.arange(height, dtype=numpy.float32)[:, None]
        base = height * rng.uniform(0.30, 0.48)
        bases = base + numpy.cumsum([0, rng.uniform(20, 60), rng.uniform(35, 100)])
        distances = numpy.array([13, 7, 3.2]) * rng.uniform(0.75, 1.25, 3)
        lines = texture(rng, 8, 2048, 1.6)[:3, :width]
        self.ridges = [b + size * line for b, size, line in zip(bases, (10, 14, 18), lines)]
        self.distances = distances
        self.kilometres = numpy.full(CANVAS, SKY_KM, numpy.float32)
        for k, ridge in enumerate(self.ridges):
            below = (bases[k + 1] if k < 2 else height) - bases[k] + 20
            down = numpy.clip((rows - ridge) / below, 0, 1)
            self.kilometres = numpy.where(rows >= ridge, distances[k] * (1 - 0.5 * down), self.kilometres)
        ground = self.kilometres < SKY_KM
        fine = texture(rng, 384, 768, 0.7)[:height, :width]
        coarse = texture(rng, 384, 768, 1.5)[:height, :width]
        nearness = numpy.clip(1.4 - self.kilometres / 14, 0.35, 1.2)
        albedo = numpy.clip(0.36 + 0.06 * coarse + 0.075 * fine * nearness, 0.08, 0.8)
        relief = numpy.clip(numpy.gradient(coarse, axis=1) * 2.5, -1, 1)
        up = numpy.clip(rows / base, 0, 1)
        self.plain = numpy.where(ground, albedo * 255, 150 + 55 * up).astype(numpy.float32)
        self.slope = numpy.where(ground, albedo * relief * 255, 12 * up).astype(numpy.float32)
        self.sky = (~ground).astype(numpy.float32)
        self.first_ground_row = max(int(self.ridges[0].min()), 0) // 2 * 2  # even: half as many are in the tint
        self.sky_rows = int(max(self.ridges[0].max(), 1)) + 1
        patches = texture(rng, 192, 384, 1.5)[: height // 2, : width // 2]
        half = ground[::2, ::2]
        self.tint = (
            numpy.where(half, -13 + 4 * patches, 26 - 10 * up[::2]).astype(numpy.float32),
            numpy.where(half, 3 + 3 * patches, -12 + 6 * up[::2]).astype(numpy.float32),
        )

    def point(self, rng, range_km=8.0):
        """A place for a fire within range: (x, y, kilometres). One in five lies behind a ridge, its foot out of sight."""
        width = CANVAS[1]
        while True:
            x = int(rng.uniform(0.08, 0.92) * width)
            if rng.random() < 0.2:
                k = int(rng.integers(1, 3))
                y, distance = self.ridges[k][x] + rng.uniform(2, 8), self.distances[k] * 1.15
            else:
                y = int(rng.uniform(self.ridges[0][x], CANVAS[0] * 0.92))
                distance = self.kilometres[y, x]
            if distance <= range_km:
                return x, float(y), float(distance)
