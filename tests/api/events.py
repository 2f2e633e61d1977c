"""Server-sent events, read in a thread of their own.

    with Events(api, "kind=jobs", last_event_id=as_of) as events:
        event = events.wait(lambda event: event.data["state"] == "running")
"""

import dataclasses
import http.client
import json
import socket
import threading
import urllib.parse

from harness import wait_until


@dataclasses.dataclass
class Event:
    name: str
    id: str
    data: dict


class Events:
    def __init__(self, api, query, last_event_id=None):
        address = urllib.parse.urlparse(api.server.url)
        headers = {"Authorization": f"Bearer {api.server.token}"}
        if last_event_id:
            headers["Last-Event-ID"] = last_event_id
        self.connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
        self.connection.request("GET", f"/v1/watch?{query}", headers=headers)
        self.socket = self.connection.sock
        self.answer = self.connection.getresponse()
        assert self.answer.status == 200, self.answer.read()
        self.all = []
        self.last_id = last_event_id or ""
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)  # wakes the reader, which close() does not
        except OSError:
            pass  # the server was quicker
        self.thread.join()
        self.connection.close()

    def _read(self):
        name, data = "message", []
        try:
            while line := self.answer.readline().decode():
                field, _, value = line.rstrip("\n").partition(": ")
                if field == "event":
                    name = value
                elif field == "data":
                    data.append(value)
                elif field == "id":
                    self.last_id = value
                elif line == "\n":
                    if data:
                        self.all.append(Event(name, self.last_id, json.loads("\n".join(data))))
                    name, data = "message", []
        except (OSError, http.client.HTTPException, ValueError):
            pass  # the stream broke off: the server was killed, or we left
        self.ended.set()

    def wait(self, wanted, deadline_s=20.0):
        """The first event, past or to come, that is `wanted`."""
        return wait_until(
            lambda: next((event for event in list(self.all) if wanted(event)), None), "an event", deadline_s
        )
