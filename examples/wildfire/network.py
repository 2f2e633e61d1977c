"""Small networks on rows of numbers: trained with scikit-learn, kept as plain arrays, evaluated with numpy alone."""

import base64
import warnings

import numpy

CLIP = 4.0  # features are cut off at so many deviations, so that eight bits are enough for them


def packed(array):
    """An array as JSON takes it, in sixteen bits a number."""
    half = numpy.ascontiguousarray(array, numpy.float16)
    return {"shape": half.shape, "float16": base64.b64encode(half.tobytes()).decode()}


def unpacked(value):
    return numpy.frombuffer(base64.b64decode(value["float16"]), numpy.float16).reshape(value["shape"])


class Network:
    """From rows (n, features) to logits (n,). `mean` and `scale` normalise the features; `layers` are (weights, bias)."""

    def __init__(self, mean, scale, layers):
        self.mean, self.scale = (numpy.asarray(values, numpy.float32) for values in (mean, scale))
        self.layers = [tuple(numpy.asarray(array, numpy.float32) for array in layer) for layer in layers]

    @classmethod
    def of(cls, arrays, name):
        count = sum(key.startswith(f"{name}_weights_") for key in arrays)
        layers = [(arrays[f"{name}_weights_{i}"], arrays[f"{name}_bias_{i}"]) for i in range(count)]
        return cls(arrays[f"{name}_mean"], arrays[f"{name}_scale"], layers)

    def arrays(self, name):
        made = {f"{name}_mean": self.mean, f"{name}_scale": self.scale}
        for i, (weights, bias) in enumerate(self.layers):
            made |= {f"{name}_weights_{i}": weights, f"{name}_bias_{i}": bias}
        return made

    def normalised(self, rows):
        return numpy.clip((rows - self.mean) / self.scale, -CLIP, CLIP)

    def logits(self, rows):
        value = self.normalised(rows)
        for weights, bias in self.layers[:-1]:
            value = numpy.maximum(value @ weights + bias, 0)
        weights, bias = self.layers[-1]
        return (value @ weights + bias)[:, 0]


def trained(rows, labels, hidden, epochs, penalty, batch, members=1):
    """A network whose logits are the mean of `members` networks that started from other weights; and its loss."""
    # Not needed to evaluate one.
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    # Sums of a million numbers need more than the sixteen bits the rows are kept in.
    mean = rows.mean(axis=0, dtype=numpy.float64)
    scale = rows.std(axis=0, dtype=numpy.float64) + 1e-3
    rows = Network(mean, scale, []).normalised(rows)
    made = [MLPClassifier(hidden, batch_size=batch, max_iter=epochs, alpha=penalty, random_state=i) for i in range(members)]
    with warnings.catch_warnings():
        # The number of epochs is fixed, so that every run does the same work.
        warnings.simplefilter("ignore", ConvergenceWarning)
        for member in made:
            member.fit(rows, labels)
    # Side by side in one network: each member's neurons see its own only, the last layer takes the mean.
    layers = []
    for i, weights in enumerate(zip(*(member.coefs_ for member in made))):
        biases = [member.intercepts_[i] for member in made]
        if i == 0:
            joined = numpy.concatenate(weights, axis=1)
        elif i < len(hidden):
            joined = diagonal(weights)
        else:
            joined, biases = numpy.concatenate(weights) / members, [numpy.mean(biases, axis=0)]
        layers.append((joined, numpy.concatenate(biases)))
    return Network(mean, scale, layers), float(numpy.mean([member.loss_ for member in made]))


def diagonal(blocks):
    """A matrix with `blocks` along its diagonal, zero elsewhere."""
    heights, widths = zip(*(block.shape for block in blocks))
    made, row, column = numpy.zeros((sum(heights), sum(widths))), 0, 0
    for block in blocks:
        made[row : row + block.shape[0], column : column + block.shape[1]] = block
        row, column = row + block.shape[0], column + block.shape[1]
    return made
