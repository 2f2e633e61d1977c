# shellcheck shell=bash disable=SC2034,SC2154
# The part of ./run --quick: three jobs over two tracks. Sourced; uses its functions.
step "submit" duru submit "$root/examples/two-track/two-track.yaml"
for job in train quantize infer; do wait_for "$job"; done
heading "what the three jobs said (duru logs)"
say_logs train quantize infer
describe="job quantize"
