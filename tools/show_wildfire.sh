# shellcheck shell=bash disable=SC2034,SC2154
# The part of ./run that shows the whole chain: a model from the GPU to ten cameras. Sourced; uses its functions.
step "submit" duru submit "$root/examples/wildfire/wildfire.yaml"
for job in train-blocks collect-1 collect-2 train quantize rehearse-1 rehearse-2 gate; do wait_for "$job"; done
stopped_at_the_gate() { ! duru wait "$1"; }
step "the weak model is stopped at the gate" stopped_at_the_gate gate-weak-misses-floor

heading "what the jobs said (duru logs)"
say_logs train-blocks collect-1 collect-2 train quantize rehearse-1 rehearse-2 gate gate-weak-misses-floor

mkdir "$cameras"
"$venv/bin/python" "$root/tools/show_field.py" --bin "$build_dir" --data "$data" --work "$cameras"

heading "on held-out synthetic scenes (examples/wildfire/evaluate.py --quick)"
duru download gate model-float32.onnx model-int8.onnx gate.json --to "$cameras/gated" >/dev/null
"$venv/bin/python" "$root/examples/wildfire/evaluate.py" "$cameras/gated" --quick |
  "$venv/bin/python" "$root/tools/show_figures.py"
describe="rollout smoke-1"
