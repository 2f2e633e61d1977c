"""P8: the ledger balances, exactly, whatever happens to the fleet, the work and the server."""

from decimal import Decimal

from api.client import JOBS

CLASSES = ("used", "idle", "maintenance", "failed", "foreign")
ACCELERATORS = 3


def milliseconds(text):
    from datetime import datetime

    return round(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def balanced(api, query=""):
    usage = api.ok("/v1/usage" + query)
    parts = {name: Decimal(usage[f"{name}_accelerator_seconds"]) for name in CLASSES}
    capacity = Decimal(usage["capacity_accelerator_seconds"])
    assert sum(parts.values()) == capacity
    span = Decimal(milliseconds(usage["to"]) - milliseconds(usage["from"])) / 1000
    assert capacity == ACCELERATORS * span
    assert sum((Decimal(item["accelerator_seconds"]) for item in usage["items"]), Decimal(0)) == parts["used"]
    assert all(value >= 0 for value in parts.values())
    return usage, parts


def test_the_classes_sum_to_the_capacity_also_over_a_kill_and_a_restart(api):
    node = api.ok("/v1/nodes")["items"][0]["name"]
    api.submit("sleep 0.3", name="short", track="gpu")
    api.finish("short")
    api.submit("sleep 60", name="long", kind="session", track="gpu")
    api.wait("long", "running")
    before, _ = balanced(api)
    assert {item["job"] for item in before["items"]} == {"short", "long"}

    api.server.kill()
    api.server.up()
    after, parts = balanced(api)
    assert Decimal(after["used_accelerator_seconds"]) > Decimal(before["used_accelerator_seconds"])
    same_span, _ = balanced(api, f"?from={before['from']}&to={before['to']}")
    assert same_span == before

    api.post(f"/v1/accelerators/{node}/0/mark", {"healthy": False, "reason": "ECC"})
    api.post(f"/v1/nodes/{node}/cordon", {"reason": "a new fan"})
    assert api.job("long")["state"] == "running"
    api.server.down()
    api.server.up()
    _, later = balanced(api)
    assert later["maintenance"] > 0 and later["failed"] > 0
    assert later["idle"] >= parts["idle"]

    api.post(f"{JOBS}/long/cancel")
    api.finish("long")
    usage, _ = balanced(api)
    item = next(item for item in usage["items"] if item["job"] == "long")
    again, _ = balanced(api)
    assert next(item for item in again["items"] if item["job"] == "long") == item, "the charge has ended"
    assert item["emulated"] and item["energy_method"] == "modelled" and "watts × held time" in item["energy_source"]


def test_a_bill_asked_for_at_the_end_of_a_job_holds_all_of_it(api):
    for i in range(3):
        api.submit("sleep 0.2", name=f"job-{i}", track="gpu")
        api.finish(f"job-{i}")
        usage, _ = balanced(api)
        line = next(item for item in usage["items"] if item["job"] == f"job-{i}")
        attempt = api.ok(f"{JOBS}/job-{i}")["attempts"][0]
        held_ms = milliseconds(attempt["tasks"][0]["ended_at"]) - milliseconds(attempt["decided_at"])
        assert Decimal(line["accelerator_seconds"]) == Decimal(held_ms) / 1000


def test_an_account_never_runs_past_what_is_known(api):
    usage, _ = balanced(api, "?to=2999-01-01T00:00:00.000Z")
    assert usage["to"] < "2999"
    for bad in ("?to=now", "?from=2027-01-02T00:00:00.000Z&to=2027-01-01T00:00:00.000Z", "?until=x"):
        assert api.get("/v1/usage" + bad).status_code == 400
