"""Carries TCP from 127.0.0.1 to another address: forward.py HOST PORT [LISTEN_PORT]. Prints the port that it listens on.

A link that can be cut: whoever dials through it is cut off when this ends.
"""

import socket
import sys
import threading


def carry(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    for end in (source, target):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def serve(near, address):
    try:
        far = socket.create_connection(address, timeout=2)
    except OSError:
        near.close()
        return
    far.settimeout(None)
    threading.Thread(target=carry, args=(near, far), daemon=True).start()
    carry(far, near)


listener = socket.create_server(("127.0.0.1", int(sys.argv[3]) if len(sys.argv) > 3 else 0))
print(listener.getsockname()[1], flush=True)
while True:
    connection, _ = listener.accept()
    threading.Thread(target=serve, args=(connection, (sys.argv[1], int(sys.argv[2]))), daemon=True).start()
