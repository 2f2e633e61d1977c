"""What ./run shows of the field: ten emulated cameras get a model in waves, a bad release goes back by itself, a link is cut.

    tools/show_field.py --bin build/release --data DIR --work DIR

The server of DIR runs, and has trained and gated the model (examples/wildfire/wildfire.yaml). Progress goes to stderr, what
is shown to stdout. The agents are real; their chips, and what the cameras see, are not. `duru down --all` ends the agents.
"""

import argparse
import json
import pathlib
import shutil
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "wildfire"
CAMERAS = [f"cam-{number:02}" for number in range(1, 11)]
CUT = CAMERAS[-1]  # dials through a link that is cut
CHIP = "dx-m1"


def say(text):
    print(text, file=sys.stderr, flush=True)


def heading(text):
    print(f"\n== {text}", flush=True)


class Step:
    """A line on stderr when it is done: `cameras: done, 4 s`."""

    def __init__(self, name):
        self.name = name

    def __enter__(self):
        say(f"{self.name} ...")
        self.begun = time.monotonic()

    def __exit__(self, kind, *_):
        if kind is None:
            say(f"{self.name}: done, {time.monotonic() - self.begun:.0f} s")


def wait_until(what, answer, within_s=120):
    """The first true answer; ends the program when none comes in time."""
    deadline = time.monotonic() + within_s
    while not (found := answer()):
        if time.monotonic() > deadline:
            sys.exit(f"error: {what}: not within {within_s} s")
        time.sleep(0.2)
    return found


class Field:
    def __init__(self, options):
        self.bin, self.data, self.work = options.bin, options.data, options.work
        self.processes = {}

    def duru(self, *arguments):
        done = subprocess.run([self.bin / "duru", "--data", self.data, *arguments], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"error: duru {' '.join(map(str, arguments))}: {done.stderr.strip()}")
        return done.stdout

    def items(self, *arguments):
        return json.loads(self.duru("get", *arguments, "-o", "json"))["items"]

    def rollout(self, name):
        return next(item for item in self.items("rollouts") if item["name"] == name)

    def events(self, *arguments):
        lines = self.duru("events", *arguments, "--since", "1h", "-o", "json").splitlines()
        return [json.loads(line) for line in lines]

    def note_pid(self, process):
        with open(self.work / "pids", "a") as pids:
            pids.write(f"{process.pid}\n")

    def spawn(self, name, command):
        with open(self.work / f"{name}.log", "ab") as log:
            process = subprocess.Popen(
                list(map(str, command)), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        self.note_pid(process)
        self.processes[name] = process

    def start_agent(self, camera):
        self.spawn(camera, [self.bin / "duru-agent", "run", "--data", self.work / camera, "--ephemeral"])

    def status(self, camera):
        command = [self.bin / "duru-agent", "status", "--data", self.work / camera, "-o", "json"]
        return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    def start_link(self):
        """A way to the server that can be cut; it keeps its port."""
        host, port = self.server().removeprefix("http://").rsplit(":", 1)
        near = str(getattr(self, "link_port", 0))
        process = subprocess.Popen(
            [sys.executable, ROOT / "tools" / "forward.py", host, port, near, self.work / CUT],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # whoever waits for our own end of it does not wait for the link
            text=True,
            start_new_session=True,
        )
        self.note_pid(process)
        self.link, self.link_port = process, int(process.stdout.readline())

    def cut_link(self):
        self.link.kill()
        self.link.wait()

    def server(self):
        address = (self.data / "address").read_text().strip()
        return address if "://" in address else f"http://{address}"

    def enrol(self, camera):
        number = int(camera.removeprefix("cam-"))
        code = self.duru("enrol", "--label", "kind=camera", "--label", f"ridge={1 + number % 3}").strip()
        server = f"http://127.0.0.1:{self.link_port}" if camera == CUT else self.server()
        enrol = ["enrol", "--server", server, "--code", code, "--data", self.work / camera, "--node", camera]
        chip = ["--chip", CHIP, "--emulated", "--cpu", "1", "--memory", "512MiB"]
        done = subprocess.run([self.bin / "duru-agent", *enrol, *chip], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"error: {camera} could not enrol: {done.stderr.strip()}")


def bring_in_cameras(field):
    with Step("cameras"):
        field.duru("apply", "-f", field.work / "release" / "fleet.yaml")
        field.start_link()
        for camera in CAMERAS:
            field.enrol(camera)
            field.start_agent(camera)


def roll_out(field, file, name):
    """Until its end, showing each wave as it goes."""
    shown = []
    begun = time.monotonic()

    def ended():
        now = field.rollout(name)
        line = f"wave {now['wave']} of {now['wave_count']}: {now['state']}"
        if not shown or shown[-1][1] != line:
            shown.append((time.monotonic() - begun, line, now["proven_count"], now["failed_count"]))
        return now["ended_at"] and now

    with Step(f"rollout {name}"):
        field.duru("apply", "-f", file)
        now = wait_until(f"the end of rollout {name}", ended, 240)
    for seconds, line, proven, failed in shown:
        print(f"{seconds:6.1f} s  {line}; {proven} serve it, {failed} failed")
    if now["reason"]:
        print(f"          {now['reason']}")
    return now["state"]


def first_release(field):
    heading("a release goes to ten cameras in three waves (duru describe rollout smoke-1)")
    if roll_out(field, field.work / "release" / "release.yaml", "smoke-1") != "completed":
        sys.exit("error: the rollout of smoke-1 did not complete; duru describe rollout smoke-1 says why")


def wait_for_alarms(field):
    with Step("alarms"):
        wait_until("an alarm of a camera", field.events, 180)


def bad_release(field):
    heading("a release that never becomes well: it stops after the first wave and goes back (smoke-2)")
    if roll_out(field, field.work / "release" / "bad-release.yaml", "smoke-2") != "returned":
        sys.exit("error: the bad release was not taken back")

    def all_serve():
        nodes = [node["field"] for node in field.items("nodes") if node.get("field")]
        return all(node["release"] == "smoke-1" and node["phase"] in ("serving", "returned") for node in nodes)

    wait_until("every camera on smoke-1 again", all_serve)
    print(f"all {len(CAMERAS)} cameras serve smoke-1")


def cut_off(field):
    heading(f"{CUT} is cut off, its agent killed and started again, an alarm is raised meanwhile")
    with Step(f"{CUT} cut off"):
        field.cut_link()
        before = field.events("--node", CUT)
        field.processes[CUT].send_signal(signal.SIGKILL)
        field.processes[CUT].wait()
        field.start_agent(CUT)
        begun = time.monotonic()
        wait_until(f"{CUT} serves again", lambda: serves(field.status(CUT)), 30)
        served_after = time.monotonic() - begun
        waiting = wait_until("an alarm without a link", lambda: field.status(CUT)["events_waiting"], 240)
        field.start_link()
        wait_until("its alarm at the server", lambda: len(field.events("--node", CUT)) >= len(before) + waiting)
    numbers = sorted(event["number"] for event in field.events("--node", CUT))
    if numbers != list(range(1, len(numbers) + 1)):
        sys.exit(f"error: the alarms of {CUT} are not each there once: {numbers}")
    print(f"served on; its agent, killed and started again without a link, served after {served_after:.1f} s")
    print(f"{waiting} alarm(s) waited on its disk and arrived with the link, each once: numbers 1 to {len(numbers)}")


def serves(status):
    return status["running"] and status["serving"] == "smoke-1"


def show_end(field):
    heading("alarms, newest last (duru events)")
    for event in sorted(field.events(), key=lambda event: event["at"])[-12:]:
        body = event["body"]
        body = json.loads(body) if isinstance(body, str) else body
        truth = "smoke was there" if body["truth"] == "smoke" else "no smoke: a false alarm"
        print(f"{event['at']} ± {event['uncertainty']}  {event['node']}  #{event['number']}  score {body['score']}  {truth} (synthetic)")
    heading("the cameras (duru get nodes)")
    print(field.duru("get", "nodes"), end="")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for option in ("--bin", "--data", "--work"):
        parser.add_argument(option, required=True, type=pathlib.Path)
    field = Field(parser.parse_args())
    release = field.work / "release"
    shutil.copytree(EXAMPLE, release, ignore=shutil.ignore_patterns("__pycache__"))
    field.duru("download", "gate", "model-int8.onnx", "--to", release)
    bring_in_cameras(field)
    first_release(field)
    wait_for_alarms(field)
    bad_release(field)
    cut_off(field)
    show_end(field)


if __name__ == "__main__":
    main()
