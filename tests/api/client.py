"""A server as a program sees it: small words for what tests ask of the API.

    api = Api(server)
    job = api.submit("echo hello", track="gpu"); api.finish(job["id"]); api.ok(f"{JOBS}/{job['id']}")
"""

import requests

from harness import wait_until

JOBS = "/v1/projects/default/jobs"


class Api:
    """A server as a program sees it."""

    def __init__(self, server):
        self.server = server

    def get(self, path, **more):
        return self.server.api("GET", path, **more)

    def post(self, path, body=None, **more):
        return self.server.api("POST", path, {} if body is None else body, **more)

    def delete(self, path):
        return self.server.api("DELETE", path)

    def ok(self, path):
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def raw(self, method, path, data, headers=None):
        sent = {"Authorization": f"Bearer {self.server.token}"} | (headers or {})
        return requests.request(method, self.server.url + path, data=data, headers=sent, timeout=30)

    def submit(self, script, **spec):
        """Submits a job that runs `sh -c SCRIPT`; gives the answered object."""
        answer = self.post(JOBS, {"command": ["sh", "-c", script]} | spec)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def job(self, ref):
        return self.ok(f"{JOBS}/{ref}")["job"]

    def wait(self, ref, *states, deadline_s=30.0):
        def reached():
            job = self.job(ref)
            return job if job["state"] in states else None

        return wait_until(reached, f"job {ref} in {' or '.join(states)}", deadline_s)

    def finish(self, ref):
        return self.wait(ref, "succeeded", "failed", "cancelled", "expired")

    def stream(self, path, headers=None):
        sent = {"Authorization": f"Bearer {self.server.token}"} | (headers or {})
        return requests.get(self.server.url + path, headers=sent, stream=True, timeout=30)
