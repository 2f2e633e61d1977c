"""Synthetic frames of a fixed camera that watches hills for wildfire smoke; the same seed gives the same frames.

    scene = Scene(seed=7, start_s=36000, interval_s=15, ignite_at_frames=[20])
    frame = scene.frame(25)     # frame.luma (360, 640), frame.u and frame.v (180, 320): what a camera's YUV 4:2:0 holds

A frame depends on the seed and its number only. Distances are kilometres, times seconds since midnight, light 0..255.
No picture was taken anywhere: results on these scenes say nothing about a camera in the field.
"""

from typing import NamedTuple

import numpy

import plume
from terrain import CANVAS, HEIGHT, MARGIN, WIDTH, Terrain, spread, texture
from weather import DAY_S, Day, daylight, events, smoothstep, sun

INTERVAL_S = 15
BLOCK = 8
GRID = (HEIGHT // BLOCK, WIDTH // BLOCK)
COARSE = (24, 42)


class Frame(NamedTuple):
    luma: numpy.ndarray
    u: numpy.ndarray
    v: numpy.ndarray
    smoke: numpy.ndarray | None  # mean opacity of smoke in each block of 8 x 8, 0..1; None while there is none
    shown: numpy.ndarray | None  # mean change of a pixel's light by smoke and flames, before exposure


def fire_hour(rng):
    """Most fires start by day, in the afternoon; one in eight at any hour."""
    if rng.random() < 1 / 8:
        return rng.uniform(0, 24)
    return float(numpy.clip(rng.normal(14.5, 3), 8, 20))


def of_blocks(canvas):
    """The mean in each block of the picture."""
    rows = numpy.add.reduce(canvas[MARGIN:-MARGIN, MARGIN:-MARGIN].reshape(GRID[0], BLOCK, WIDTH), axis=1)
    return rows.reshape(*GRID, BLOCK).mean(axis=2) / BLOCK


def drifted(layer, columns):
    """The part of a periodic layer that fog shows, moved by a number of columns that need not be whole."""
    whole = int(numpy.floor(columns))
    part = numpy.float32(columns - whole)
    here, next_ = (numpy.roll(layer, whole + more, axis=1)[: COARSE[0], : COARSE[1]] for more in (0, 1))
    return here + part * (next_ - here)


class Scene:
    """Frames `interval_s` apart. `start_s` is drawn when it is None; a fire starts at each of `ignite_at_frames`, somewhere,
    and the hour of the first decides the start. The `kind` of day is drawn too when it is None. `busy` times as many events as
    on a common day; confusers=False leaves out weather, events, shake and exposure changes."""

    def __init__(self, seed, start_s=None, interval_s=INTERVAL_S, ignite_at_frames=(), confusers=True, busy=1.0, kind=None):
        rng = numpy.random.default_rng([seed, 1])
        self.seed, self.interval_s, self.confusers = seed, interval_s, confusers
        self.day = Day(rng, confusers, kind)
        self.terrain = Terrain(rng)
        hour = fire_hour(rng) if ignite_at_frames else rng.uniform(0, 24)
        before_s = ignite_at_frames[0] * interval_s if ignite_at_frames else 0
        self.start_s = 3600 * hour - before_s if start_s is None else start_s
        self._fires = [self._fire(rng, self.start_s + number * interval_s) for number in ignite_at_frames]
        self._make_textures(rng)
        self._events, self._made_events = events(rng, self.day, busy) if confusers else [], {}
        self._sun_x = rng.uniform(0, WIDTH) if rng.random() < 0.5 else None

    def _make_textures(self, rng):
        clouds = [texture(rng, 320, 1024, roughness, 4) for roughness in (1.5, 1.3)]
        # Wider than they are high, and repeated so that any offset gives a whole row.
        self._clouds = [numpy.concatenate([cloud, cloud[:, : CANVAS[1]]], axis=1) for cloud in clouds]
        rows = numpy.arange(self.terrain.sky_rows) / self.terrain.sky_rows
        # Towards the horizon clouds stand closer together.
        self._cloud_rows = (319 * (1 - numpy.sqrt(1 - 0.95 * rows))).astype(int)
        self._fog = [texture(rng, 64, 128, 1.4) for _ in range(2)]
        self._puff = numpy.tile(texture(rng, 256, 256, 0.9), (3, 4)) if self._fires else None
        self._noise = rng.standard_normal((HEIGHT + 97, WIDTH + 97), dtype=numpy.float32)
        self._spread = spread(*COARSE)
        self._canvases = numpy.empty((2, *CANVAS), numpy.float32)
        terrain = self.terrain
        self._valley = numpy.clip(1.2 - abs(terrain.kilometres - 6) / 8, 0, 1) * (1 - 0.85 * terrain.sky)

    def _fire(self, rng, ignition_s):
        """(smoke, 1 where nothing nearer hides it)."""
        x, y, kilometres = self.terrain.point(rng)
        wind = self.day.wind(ignition_s)
        smoke = plume.Smoke(rng, ignition_s, x, y, 1000 * kilometres, wind, self.day.wind_sign)
        return smoke, (self.terrain.kilometres >= 0.97 * kilometres).astype(numpy.float32)

    def _event(self, kind, start_s, length_s, seed):
        """What hangs in the air or shines; made when it is first seen, for few of a day's events ever are."""
        event = kind, start_s, length_s, seed
        if event not in self._made_events:
            self._made_events[event] = self._make_event(kind, start_s, length_s, numpy.random.default_rng(seed))
        return self._made_events[event]

    def _make_event(self, kind, start_s, length_s, rng):
        if kind in ("vehicle", "devil"):
            x, y, kilometres = self.terrain.point(rng, range_km=6.0)
            return plume.Dust(rng, start_s, length_s, x, y, 1000 * kilometres, kind == "devil", self.day.wind_sign)
        x, y, _ = self.terrain.point(rng)
        if kind == "wisp":
            return plume.Wisp(rng, start_s, length_s, x, y, self.day.wind_sign)
        return int(x), int(y), rng.uniform(0.3, 1.0), rng.uniform(1, 4), rng.uniform(-0.3, 0.3)

    def frame(self, number):
        seconds = self.start_s + number * self.interval_s
        rng = numpy.random.default_rng([self.seed, 2, number])
        elevation, side = sun(seconds)
        day = daylight(seconds)
        light = day + (1 - day) * (0.08 + 0.22 * self.day.moon)
        luma, tint = self._lit(seconds, elevation, side, day, light)
        self._add_events(luma, tint, seconds, light, day)
        smoke, shown = self._add_smoke(luma, tint, seconds, light, day)
        self._add_glare(luma, seconds, elevation, day)
        return Frame(*self._expose(luma, tint, seconds, day, rng), smoke, shown)

    def _lit(self, seconds, elevation, side, day, light):
        """Hills and sky in the light of the hour, behind haze, fog and clouds."""
        terrain = self.terrain
        cover, fog = self.day.cover(seconds), self.day.fog(seconds)
        direct = day * (1 - 0.8 * cover) * (1 - abs(elevation - 0.5))
        # In two canvases that every frame writes anew: a fresh megabyte costs more than what is computed on it.
        luma, other = self._canvases
        numpy.multiply(terrain.plain, light, out=luma)
        luma += numpy.multiply(terrain.slope, 0.6 * direct * side, out=other)
        saturation = (0.25 + 0.75 * smoothstep(elevation, 0, 0.4)) * day
        tint = [plane * saturation for plane in terrain.tint]
        if day > 0:  # sunset and dawn are warm
            warm = 6 * day * (1 - smoothstep(elevation, 0.05, 0.35))
            tint[0] -= warm
            tint[1] += warm
        # The sky above the highest ridge is behind no haze.
        ground, thickness = slice(terrain.first_ground_row, None), -self.day.haze(seconds) - 0.06 * fog
        haze = numpy.multiply(terrain.kilometres[ground], thickness, out=other[ground])
        numpy.maximum(numpy.exp(haze, out=haze), terrain.sky[ground], out=haze)
        air, hills = 185 * light, luma[ground]
        hills -= air
        hills *= haze
        hills += air
        thin = haze[::2, ::2].copy()
        for plane in tint:
            plane[terrain.first_ground_row // 2 :] *= thin
        if self.confusers:
            self._add_clouds(luma, tint, seconds, cover, light, day)
            if fog > 0.02:
                self._add_fog(luma, tint, seconds, fog, light)
        return luma, tint

    def _add_clouds(self, luma, tint, seconds, cover, light, day):
        rows, width = self.terrain.sky_rows, CANVAS[1]
        # Clouds move about 2 px/s for each 10 m/s of wind aloft, the second layer slower, so that shapes change.
        moved = self.day.wind_sign * (1 + self.day.wind(self.start_s)) * seconds * 0.12
        first, second = (
            cloud[:, int(moved * part) % 1024 :][:, :width][self._cloud_rows]
            for cloud, part in zip(self._clouds, (1.0, 0.7))
        )
        shape = first + second
        alpha = numpy.clip((shape - (2.3 - 4.6 * cover)) * 0.8, 0, 0.92)
        alpha *= self.terrain.sky[:rows]
        bright = (235 - 50 * cover) * light + 12 * day * first
        luma[:rows] += alpha * (bright - luma[:rows])
        half = alpha[::2, ::2]
        for plane in tint:
            plane[: len(half)] *= 1 - half

    def _add_fog(self, luma, tint, seconds, fog, light):
        layers = [drifted(layer, seconds * speed) for layer, speed in zip(self._fog, (0.012, -0.008))]
        patches = numpy.clip(1.2 * fog - 0.15 + 0.15 * (layers[0] + layers[1]), 0, 0.95) * min(1.0, 3 * fog)
        alpha = (self._spread[0] @ patches.astype(numpy.float32)) @ self._spread[1]
        alpha *= self._valley
        self._veil(luma, tint, (slice(0, CANVAS[0]), slice(0, CANVAS[1])), alpha, 200 * light)

    def _veil(self, luma, tint, where, alpha, bright, colour=(0, 0)):
        """Lays a translucent layer over part of the canvas."""
        change = bright - luma[where]
        change *= alpha
        luma[where] += change
        rows, columns = where
        # The even rows and columns of `where` are what the planes of half size hold.
        half = alpha[rows.start % 2 :: 2, columns.start % 2 :: 2]
        for plane, shade in zip(tint, colour):
            part = plane[(rows.start + 1) // 2 : (rows.stop + 1) // 2, (columns.start + 1) // 2 : (columns.stop + 1) // 2]
            part += half * (shade - part)

    def _add_events(self, luma, tint, seconds, light, day):
        of_day = seconds % DAY_S
        for kind, start_s, length_s, seed in self._events:
            if not start_s <= of_day < start_s + length_s + 90:
                continue
            made = self._event(kind, start_s, length_s, seed)
            if kind in ("vehicle", "devil", "wisp"):
                found = made.puffs(of_day, CANVAS)
                if found is not None:
                    where, depth = found
                    alpha = 1 - numpy.exp(-depth)
                    bright, colour = (195, (0, 0)) if kind == "wisp" else (165, (-14 * day, 9 * day))
                    self._veil(luma, tint, where, alpha, bright * light, colour)
            elif of_day < start_s + length_s:
                self._add_spot(luma, kind, (of_day - start_s) / length_s, made, light, day)

    def _add_spot(self, luma, kind, part, made, light, day):
        """Something small that shines (a lamp at night, a window in the sun), or the shadow of one cloud on a slope."""
        x, y, strength, size, drift = made
        if kind == "shadow":
            x = x + drift * 400 * (part - 0.5)
            found = plume.render(*(numpy.array([value]) for value in (x, y, 20 * size, 7 * size, 0.5 * strength)), CANVAS)
            if found is not None:
                where, depth = found
                luma[where] *= 1 - depth * numpy.sin(numpy.pi * part) * day
            return
        radius = max(int(size if kind == "glint" else size / 2), 1)
        spot = luma[max(y - radius, 0) : y + radius, max(x - radius, 0) : x + radius]
        spot += 220 * strength * (numpy.sin(numpy.pi * part) * day if kind == "glint" else 1 - day)

    def _add_smoke(self, luma, tint, seconds, light, day):
        """(Frame.smoke, Frame.shown)."""
        seen = None
        for smoke, open_ in self._fires:
            found = smoke.puffs(seconds, CANVAS)
            if found is None:
                continue
            if seen is None:
                seen, before = numpy.zeros(CANVAS, numpy.float32), luma.copy()
            where, depth = found
            # Turbulence: a texture that drifts with the plume makes it thick here and thin there.
            moved = seconds - smoke.ignition_s
            shift = int(moved * 0.3) % 256, int(-smoke.across * smoke.wind * moved * plume.FOCAL_PX / smoke.distance_m) % 256
            patch = self._puff[shift[0] : shift[0] + depth.shape[0], shift[1] : shift[1] + depth.shape[1]]
            alpha = 1 - numpy.exp(-depth * numpy.clip(0.85 + 0.45 * patch, 0.1, 2))
            alpha *= open_[where]
            through = numpy.float32(numpy.exp(-self.day.haze(seconds) * smoke.distance_m / 1000))
            alpha *= through
            bright = (through * 215 * smoke.tone + (1 - through) * 185) * light
            self._veil(luma, tint, where, alpha, bright)
            if day < 1:  # flames light the smoke from below
                glow = plume.render(*(numpy.array([v]) for v in (smoke.x, smoke.y - 3, 4.0, 3.0, 90.0 * (1 - day))), CANVAS)
                if glow is not None:
                    luma[glow[0]] += glow[1] * open_[glow[0]] * min(moved / 240, 1)
            seen[where] = numpy.maximum(seen[where], alpha)
        return (None, None) if seen is None else (of_blocks(seen), of_blocks(abs(luma - before)))

    def _add_glare(self, luma, seconds, elevation, day):
        if self._sun_x is None or not self.confusers or not -0.05 < elevation < 0.4:
            return
        strength = 90 * day * (1 - self.day.cover(seconds)) * (1 - elevation / 0.4)
        x, y = self._sun_x + (seconds % DAY_S - DAY_S / 2) * 0.01, 150 - 350 * elevation
        spots = ((x, y, 90, strength), (WIDTH - x, HEIGHT - y, 22, 0.25 * strength))
        for spot_x, spot_y, sigma, weight in spots:
            values = (numpy.array([value]) for value in (spot_x, spot_y, sigma, sigma * 0.8, weight))
            found = plume.render(*values, CANVAS)
            if found is not None:
                luma[found[0]] += found[1]

    def _expose(self, luma, tint, seconds, day, rng):
        """Exposure, shake, noise: from light to what the sensor says."""
        mean = float(luma[::8, ::8].mean())
        wanted = 55 + 60 * day
        luma *= self.day.exposure(seconds) * float(numpy.clip(wanted / max(mean, 1), 0.5, 2.0)) ** 0.8
        shake = self.day.wind(seconds) * 0.11 if self.confusers else 0.1
        down, right = numpy.clip(numpy.rint(rng.normal(0, shake, 2)), -MARGIN, MARGIN).astype(int)
        down, right = int(down) + MARGIN, int(right) + MARGIN
        at_y, at_x = rng.integers(0, 97, 2)
        grain = self._noise[at_y : at_y + HEIGHT, at_x : at_x + WIDTH]
        seen = grain * numpy.float32(1.4 + 3.0 * (1 - day))
        seen += luma[down : down + HEIGHT, right : right + WIDTH]
        planes = []
        for k, plane in enumerate(tint):
            part = plane[down // 2 : down // 2 + HEIGHT // 2, right // 2 : right // 2 + WIDTH // 2]
            shade = grain[k : k + HEIGHT // 2, k : k + WIDTH // 2] * numpy.float32(0.9)
            shade += part
            shade += 128
            planes.append(numpy.clip(shade, 0, 255, out=shade).astype(numpy.uint8))
        return numpy.clip(seen, 0, 255, out=seen).astype(numpy.uint8), *planes
