"""Figures of one duru-agent against a server of its own, as one JSON object on stdout: `bench/run agent` names them.

    agent_figures.py BUILD_FOLDER

serve_again_ms: from the start of the agent on a disk of another boot, with the server gone, until the workload's probe said
yes. All processes are killed and the boot id on disk is changed; the machine itself is not restarted.
"""

import binascii
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "agent"))
from field_server import FieldServer

WITHIN_S = 30
RUNS = 5
IDLE_S = 10
WORKLOAD = "#!/bin/sh\nexec sleep 100000\n"
PROBE = "#!/bin/sh\n: > $DURU_WORK/asked\n"


def until(condition, what):
    end = time.monotonic() + WITHIN_S
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"{what}: not within {WITHIN_S} s")
        time.sleep(0.005)


def fields(path):
    return dict(line.split("=", 1) for line in path.read_text().splitlines() if "=" in line)


def pids(data):
    """Of all supervisors and workloads of the node that may live."""
    for run in data.glob("runs/*"):
        if (run / "released").exists():
            continue
        for record, key in (("supervisor", "pid"), ("started", "task_pid")):
            if (run / record).exists():
                yield int(fields(run / record)[key])


def cut_the_power(agent, data):
    agent.kill()
    agent.wait()
    for pid in list(pids(data)):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    for record in ("supervisor", "started"):
        for path in data.glob(f"runs/*/{record}"):
            body = re.sub(r"boot_id=\w+", "boot_id=" + "0" * 32, path.read_text().rsplit("crc32=", 1)[0])
            path.write_text(f"{body}crc32={binascii.crc32(body.encode()):08x}\n")


def resident_mb(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return round(int(re.search(r"VmRSS:\s+(\d+)", text).group(1)) / 1024, 1)


def main(build):
    program = pathlib.Path(build) / "duru-agent"
    with tempfile.TemporaryDirectory(prefix="duru-bench-") as folder:
        folder = pathlib.Path(folder)
        data, server = folder / "node", FieldServer()
        call = [str(program), "enrol", "--data", str(data), "--server", server.url, "--code", "right-code"]
        subprocess.run(call, check=True, stdout=subprocess.DEVNULL)

        def start():
            return subprocess.Popen([str(program), "run", "--data", str(data)], stderr=subprocess.DEVNULL)

        def serves():
            shown = subprocess.run([str(program), "status", "--data", str(data), "-o", "json"], capture_output=True)
            return json.loads(shown.stdout)["serving"] == "one"

        agent = start()
        files = {"run.sh": WORKLOAD, "probe.sh": PROBE, "model": b"m" * (5 << 20)}
        number = server.give(server.release("one", files, ["./run.sh"], {"command": ["./probe.sh"]}))
        until(lambda: server.reports(number, "serving"), "the release to be served")
        time.sleep(IDLE_S)
        figures = {"agent_rss_mb": resident_mb(agent.pid), "agent_binary_mb": round(program.stat().st_size / 1e6, 2)}
        server.stop()
        times = []
        for _ in range(RUNS):
            cut_the_power(agent, data)
            # What the disk says of serving is old until the new run's probe was asked.
            (data / "work" / "asked").unlink()
            begun = time.monotonic()
            agent = start()
            until(lambda: (data / "work" / "asked").exists() and serves(), "the release to be served again")
            times.append((time.monotonic() - begun) * 1000)
        cut_the_power(agent, data)
        figures["serve_again_ms"] = round(sorted(times)[RUNS // 2], 1)
    print(json.dumps(figures))


if __name__ == "__main__":
    main(sys.argv[1])
