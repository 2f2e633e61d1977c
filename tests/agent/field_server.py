"""A server of the field as small as can be: it speaks src/duru/field/protocol.h over real HTTP, signs releases, and
misbehaves on request.

    server = FieldServer()
    one = server.release("one", files, command, probe)
    server.give(one)                       # a new revision
    server.last["phase"], server.events    # what the node said
    server.stop(); server.start()          # gone, and back on the same port
"""

import hashlib
import http.server
import json
import re
import threading
import time

from signing import SigningKey


class FieldServer:
    def __init__(self, heartbeat="100ms", host="127.0.0.1"):
        self.heartbeat = heartbeat
        self.host = host
        self.key = SigningKey()
        self.release_key = self.key.public.hex()
        self.lock = threading.RLock()
        self.blobs = {}
        self.revision = None
        self.number = 0
        self.credential = None
        self.enrolments = []
        self.refuses = False  # 401 to every sync
        self.refused_at = []  # on the monotonic clock
        self.leave = False
        self.loses = lambda kind: False  # whether the answer to an "enrol" or "sync" is lost on its way
        self.faults = {}  # digest -> function(bytes, offset) -> bytes that really go out
        self.asked = []  # (digest, Range) of each blob asked for
        self.syncs = []
        self.counted = {}  # as the last sync had it that counts
        self.events = {}
        self.doubled = []
        self.port = 0
        self.http = None
        self.start()

    # --- what it is told

    def release(self, name, files, command, probe, env=None, key=None):
        """Takes {path: text} and makes a signed release; a path that ends in ".sh" is a program."""
        listed = []
        for path, content in sorted(files.items()):
            content = content if isinstance(content, bytes) else content.encode()
            listed.append(
                {
                    "path": path,
                    "digest": self.put(content),
                    "size": len(content),
                    "executable": path.endswith(".sh"),
                }
            )
        manifest = {"format": 1, "release": name, "files": listed, "command": command, "env": env or {}, "probe": probe}
        return self.sign(manifest, key)

    def sign(self, manifest, key=None):
        content = json.dumps(manifest).encode()
        signature = (key or self.key).sign(content).hex()
        return {"name": manifest["release"], "digest": self.put(content), "signature": signature}

    def put(self, content):
        digest = hashlib.sha256(content).hexdigest()
        self.blobs[digest] = content
        return digest

    def give(self, current, previous=None):
        with self.lock:
            self.number += 1
            self.revision = {"number": self.number, "current": current}
            if previous:
                self.revision["previous"] = previous
        return self.number

    def take_back(self):
        with self.lock:
            self.revision = None

    # --- what it heard

    @property
    def last(self):
        with self.lock:
            return self.syncs[-1] if self.syncs else {}

    def reports(self, number, phase, serving=None):
        """Whether the node's newest sync is about that revision, in that phase."""
        last = self.last
        right = last.get("revision", 0) == number and last.get("phase", "none") == phase
        return right and (serving is None or last.get("serving", "") == serving)

    # --- the wire

    def start(self):
        field = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments):
                pass

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                kind = self.path.rsplit("/", 1)[1]
                status, answer = getattr(field, f"_{kind}")(body, self.headers.get("Authorization", ""))
                if field.loses(kind):
                    self.close_connection = True
                    return
                self._answer(status, json.dumps(answer).encode())

            def do_GET(self):
                digest = self.path.rsplit("/", 1)[1]
                offset = int((re.findall(r"bytes=(\d+)-", self.headers.get("Range", "")) or [0])[0])
                with field.lock:
                    field.asked.append((digest, offset))
                    content = field.blobs.get(digest)
                if content is None or self.headers.get("Authorization") != f"Bearer {field.credential}":
                    return self._answer(403, b"{}")
                rest = content[offset:]
                sent = field.faults[digest](rest, offset) if digest in field.faults else rest
                self.send_response(206 if offset else 200)
                self.send_header("Content-Length", str(len(rest)))
                self.end_headers()
                self.wfile.write(sent)
                self.close_connection = len(sent) != len(rest)

            def _answer(self, status, content):
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        class Http(http.server.ThreadingHTTPServer):
            daemon_threads = True
            connections = set()

            def get_request(self):
                connection, address = super().get_request()
                self.connections.add(connection)
                return connection, address

            def shutdown_request(self, request):
                super().shutdown_request(request)
                self.connections.discard(request)

        self.http = Http((self.host, self.port), Handler)
        self.port = self.http.server_address[1]
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self):
        """As a link that is cut: the port is closed, and so is every connection."""
        self.http.shutdown()
        self.http.server_close()
        for connection in list(self.http.connections):
            try:
                connection.shutdown(2)
            except OSError:
                pass
            connection.close()

    @property
    def url(self):
        return f"http://{self.host}:{self.port}"

    def _enrol(self, body, _):
        with self.lock:
            self.enrolments.append(body)
            if body["code"] != "right-code":
                return 403, {"type": "enrolment_invalid", "title": "No such code", "detail": "the code is not known"}
            if self.credential not in (None, body["credential"]):
                return 403, {"type": "enrolment_invalid", "title": "Used", "detail": "the code was used"}
            self.credential = body["credential"]
        return 200, {
            "node": body.get("node") or "camera-1",
            "installation": "abcdefgh",
            "release_key": self.release_key,
            "heartbeat": self.heartbeat,
        }

    def _sync(self, body, authorization):
        with self.lock:
            if self.refuses or authorization != f"Bearer {self.credential}":
                self.refused_at.append(time.monotonic())
                return 401, {"type": "revoked", "title": "Revoked", "detail": "the node was revoked"}
            self.syncs.append(body)
            for event in body.get("events", []):
                self._take(event)
            if not body.get("counts_anew"):
                self.counted = body.get("counters", {})
            reply = {
                "server_time": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
                "events_through": max(self.events, default=0),
                "heartbeat": self.heartbeat,
                "leave": self.leave,
                "from_a_newer_server": {"unknown": True},
            }
            if body.get("counts_anew"):
                reply["counters"] = self.counted
            if self.revision:
                reply["revision"] = self.revision
            return 200, reply

    def _take(self, event):
        """An event that is sent again after a lost answer is no double; one with another body is."""
        number = event["number"]
        if number in self.events:
            if self.events[number]["body"] != event["body"]:
                self.doubled.append((number, event["body"]))
            return
        self.events[number] = event
