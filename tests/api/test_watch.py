"""Watch streams of a real server: nothing is missed, also over a kill; what cannot be gone on from is said."""

from api.client import JOBS
from api.events import Events


def test_a_list_and_a_watch_from_its_position_miss_nothing(api):
    api.submit("true", name="listed")
    api.finish("listed")
    position = api.ok(JOBS)["as_of"]
    second = api.submit("true", name="second")
    api.finish("second")
    with Events(api, "kind=jobs", position) as events:
        caught_up = events.wait(lambda event: event.data["state"] == "succeeded")
        assert caught_up.data["name"] == "second"
        third = api.submit("sleep 0.2", name="third", track="gpu")
        last = events.wait(lambda event: event.data["id"] == third["id"] and event.data["state"] == "succeeded")
        assert last.data == next(job for job in api.ok(JOBS)["items"] if job["id"] == third["id"])
        states = [event.data["state"] for event in events.all if event.data["id"] == third["id"]]
        assert states == ["starting", "running", "ending", "succeeded"] or states == ["starting", "running", "succeeded"]
        assert {event.data["id"] for event in events.all} == {second["id"], third["id"]}


def test_a_watch_goes_on_after_a_kill_where_it_broke_off(api):
    with Events(api, "kind=jobs,attempts") as events:
        job = api.submit("sleep 0.5", name="survivor", track="gpu")
        events.wait(lambda event: event.name == "attempts" and event.data["tasks"][0]["started_at"])
        api.server.kill()
        assert events.ended.wait(20)
    api.server.up()
    with Events(api, "kind=jobs,attempts", events.last_id) as again:
        again.wait(lambda event: event.name == "jobs" and event.data["state"] == "succeeded")
        attempt = again.wait(lambda event: event.name == "attempts" and event.data["outcome"] == "succeeded")
        assert attempt.data["job"] == job["id"]


def test_an_unknown_position_is_gone(shared_api):
    for position in ("nonsense", "aaaaaaaa.1.1", shared_api.ok(JOBS)["as_of"] + "99999"):
        with Events(shared_api, "kind=jobs", position) as events:
            assert events.wait(lambda event: True).name == "gone"
            assert events.ended.wait(20)


def test_kinds_and_projects_are_kept_apart(shared_api):
    node = shared_api.ok("/v1/nodes")["items"][0]["name"]
    with Events(shared_api, "kind=nodes") as nodes, Events(shared_api, "kind=jobs&project=other") as other:
        shared_api.submit("true", name="mine", track="gpu")
        shared_api.finish("mine")
        shared_api.server.api("POST", "/v1/projects/other/jobs", {"name": "theirs", "command": ["true"]})
        assert other.wait(lambda event: True).data["name"] == "theirs"
        assert nodes.wait(lambda event: event.data["task_count"] == 1).data["name"] == node
        assert {event.name for event in nodes.all} == {"nodes"}
        assert {event.data["project"] for event in other.all} == {"other"}


def test_marks_and_cordons_show_on_the_accelerator(shared_api):
    node = shared_api.ok("/v1/nodes")["items"][0]["name"]
    with Events(shared_api, "kind=accelerators") as events:
        shared_api.post(f"/v1/accelerators/{node}/1/mark", {"healthy": False, "reason": "ECC"})
        marked = events.wait(lambda event: event.data["state"] == "unhealthy").data
        assert (marked["name"], marked["reason"]) == (f"{node}/1", "ECC")
        shared_api.post(f"/v1/accelerators/{node}/1/mark", {"healthy": True})
        events.wait(lambda event: event.data["name"] == f"{node}/1" and event.data["state"] == "free")
        shared_api.post(f"/v1/nodes/{node}/cordon", {"reason": "x"})
        events.wait(lambda event: event.data["state"] == "cordoned")
        shared_api.post(f"/v1/nodes/{node}/uncordon")


def test_a_watch_without_a_kind_is_refused(shared_api):
    for query in ("", "?kind=", "?kind=chips", "?kind=jobs&from=1", "?kind=jobs&limit=5"):
        assert shared_api.get("/v1/watch" + query).status_code == 400
