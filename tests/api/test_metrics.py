"""GET /metrics: Prometheus' text format, and figures that agree with the lists."""

import re

from api.client import JOBS

SAMPLE = re.compile(r'^([a-z_]+)(\{(?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)*\})? (-?[0-9]+)$')


def scrape(api):
    text = api.get("/metrics").text
    assert text.endswith("\n")
    values, kinds = {}, {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            name, kind = line.split()[2:]
            kinds[name] = kind
        elif not line.startswith("# HELP "):
            name, labels, value = SAMPLE.match(line).groups()
            assert name in kinds, f"{name} has no TYPE"
            assert (kinds[name] == "counter") == name.endswith("_total")
            values[name + (labels or "")] = int(value)
    return values


def test_metrics_agree_with_the_lists_and_counters_grow(api):
    before = scrape(api)
    assert before['duru_jobs{state="succeeded"}'] == 0
    assert before['duru_accelerators{chip="h100-sxm5-80gb",state="free",emulated="true"}'] == 2
    assert before["duru_watch_streams"] == 0
    api.submit("true", name="a", track="gpu")
    api.finish("a")
    after = scrape(api)
    assert after['duru_jobs{state="succeeded"}'] == len(api.ok(f"{JOBS}?state=succeeded")["items"]) == 1
    for name in ("duru_facts_total", "duru_commits_total", "duru_http_requests_total"):
        assert after[name] > before[name], name
    assert after["duru_term"] == 1
    assert after["duru_http_slow_readers_dropped_total"] == 0


def test_the_version_is_told(shared_api):
    version = shared_api.ok("/v1/version")
    assert version["data"] == str(shared_api.server.data)
    assert version["version"]
    assert f'duru_build_info{{version="{version["version"]}"}}' in scrape(shared_api)
