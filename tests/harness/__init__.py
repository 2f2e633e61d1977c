"""What tests outside the C++ code share: where things are, a real server, waiting without sleeping blindly.

    from harness import ROOT, Server, wait_until
"""

import pathlib
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def wait_until(condition, what, deadline_s=20.0):
    """Returns the first true value of `condition()`; fails, saying `what` was awaited, after `deadline_s`."""
    end = time.monotonic() + deadline_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"after {deadline_s} s still waiting: {what}")
        time.sleep(0.01)


from harness.server import Server  # noqa: E402  (it uses the two above)

__all__ = ["ROOT", "Server", "wait_until"]
