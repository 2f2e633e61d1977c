# shellcheck shell=bash disable=SC2154
# Progress of ./run and ./test, to be sourced. What it guarantees: all of it goes to stderr; on a terminal a step is one
# living line, elsewhere two plain lines; a step that fails shows the end of its log and says where the rest is. Needs
# `log_dir`, a folder for the logs.
#
#   step "build" ninja -C build/release        # runs the command, its output goes to $log_dir/build.log
#   fail "no compiler" "install g++"           # says what failed and what to do, exits 1

step_spinner_pid=""

progress_is_alive() { [ -t 2 ] && [ "${TERM:-dumb}" != dumb ]; }

say() { printf '%s\n' "$*" >&2; }

fail() {
  say "error: $1"
  shift
  local line
  for line in "$@"; do say "  $line"; done
  exit 1
}

# The living line: seconds so far and the last line of the log, cut to the terminal's width.
step_spin() {
  local name=$1 log=$2 shell=$3 started=$SECONDS marks='|/-\' tick=0 width last
  while [ -d "/proc/$shell" ]; do  # ends by itself, should its shell be killed
    width=$(tput cols 2>/dev/null || echo 80)
    last=$(tail -c 400 "$log" 2>/dev/null | tr '\r' '\n' | tr -cd '[:print:]\n' | grep -v '^ *$' | tail -n 1) || true
    printf '\r\033[K%s' "$(printf '%s %s  %d s  %s' "${marks:tick % 4:1}" "$name" $((SECONDS - started)) "$last" |
      cut -c "1-$((width - 1))")" >&2
    tick=$((tick + 1))
    sleep 0.2
  done
}

step_stop_spinner() {
  [ -n "$step_spinner_pid" ] || return 0
  kill "$step_spinner_pid" 2>/dev/null || true
  wait "$step_spinner_pid" 2>/dev/null || true
  step_spinner_pid=""
  printf '\r\033[K' >&2
}

# step NAME COMMAND...: the command runs in the foreground, so that Ctrl-C reaches it; only the living line is a job
# of its own. In a subshell, so that a caller's trap still writes to the terminal, not to the log. Returns its status.
step() {
  local name=$1 log="$log_dir/${1//[^a-zA-Z0-9_-]/_}.log" started=$SECONDS status=0
  shift
  : >"$log"
  if progress_is_alive; then
    step_spin "$name" "$log" "$BASHPID" &
    step_spinner_pid=$!
  else
    say "$name ..."
  fi
  ("$@") >"$log" 2>&1 </dev/null || status=$?
  step_stop_spinner
  if [ "$status" -eq 0 ]; then
    say "$name: done, $((SECONDS - started)) s"
  else
    say "$name: FAILED with status $status after $((SECONDS - started)) s; the end of its log:"
    tail -n 40 "$log" | sed 's/^/  | /' >&2
    say "  the whole log: $log"
  fi
  return "$status"
}
