#!/bin/sh
# The camera's health, asked from outside: exit 0 when the file DURU_STATUS is younger than 5 s and its count of frames grows
# within two seconds; else 1, with the reason on stderr. Runs beside the camera, with its environment.
sick() {
  echo "probe: $*" >&2
  exit 1
}

frames() {
  sed -n 's/.*"frames": \([0-9]*\).*/\1/p' "$DURU_STATUS"
}

[ -n "${DURU_STATUS:-}" ] || sick "DURU_STATUS is not set"
[ -f "$DURU_STATUS" ] || sick "$DURU_STATUS is not there: the camera has not begun to watch"
age=$(($(date +%s) - $(stat -c %Y "$DURU_STATUS")))
[ "$age" -lt 5 ] || sick "$DURU_STATUS was last written $age s ago"
before=$(frames)
[ -n "$before" ] || sick "$DURU_STATUS counts no frames"
for _ in 1 2 3 4 5 6 7 8; do
  sleep 0.25
  now=$(frames)
  [ "${now:-0}" -le "$before" ] || exit 0
done
sick "no frame since $before"
