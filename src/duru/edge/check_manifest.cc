#include <algorithm>

#include "duru/edge/check.h"

namespace duru {
namespace {

Rejection check_argv(const std::vector<std::string>& argv, const std::string& at,
                     const Rejection& missing) {
  if (argv.empty() || argv.front().empty()) return missing;
  const bool has_nul = std::any_of(argv.begin(), argv.end(), [](const std::string& text) {
    return text.find('\0') != std::string::npos;
  });
  if (!has_nul) return {};
  return invalid(at, "the command holds a NUL byte", "leave it out");
}

Rejection check_files(const std::vector<JobFile>& files, const std::string& at) {
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::string here = at + "/" + std::to_string(i);
    if (!is_safe_path(files[i].path)) {
      return invalid(here + "/path", "\"" + files[i].path + "\" is no path inside the release",
                     "give a relative path without \"..\"");
    }
    if (files[i].size.value < 0) return invalid(here + "/size", "is negative", "give its bytes");
    if (i > 0 && files[i].path <= files[i - 1].path) {
      return invalid(here + "/path", "\"" + files[i].path + "\" is there twice or out of order",
                     "list each path once, in ascending order");
    }
    // Ascending order does not put "a/b" right after "a": look at every folder of the path.
    for (std::size_t slash = files[i].path.find('/'); slash != std::string::npos;
         slash = files[i].path.find('/', slash + 1)) {
      const std::string folder = files[i].path.substr(0, slash);
      const auto before =
          std::lower_bound(files.begin(), files.begin() + static_cast<std::ptrdiff_t>(i), folder,
                           [](const JobFile& file, const std::string& p) { return file.path < p; });
      if (before->path == folder) {
        return invalid(here + "/path", "\"" + folder + "\" is a file and a folder",
                       "rename one of them");
      }
    }
  }
  return {};
}

Rejection check_probe(const HealthProbe& probe, const std::string& at) {
  const Rejection missing = invalid(
      at + "/command", "a release needs a probe: a command that ends with 0 when it is well",
      "give its argv as a list: {command: [python3, probe.py]}");
  if (Rejection r = check_argv(probe.command, at + "/command", missing); !r.empty()) return r;
  if (!is_within(probe.every, Milliseconds(100), hours(1))) {
    return invalid(at + "/every", "is not between 100ms and 1h", "give a span like 10s");
  }
  if (!is_within(probe.timeout, Milliseconds(100), minutes(10))) {
    return invalid(at + "/timeout", "is not between 100ms and 10m", "give a span like 5s");
  }
  if (probe.failures.value_or(1) < 1 || probe.failures.value_or(1) > 1000) {
    return invalid(at + "/failures", "is not between 1 and 1000", "give a count like 3");
  }
  if (!is_within(probe.ready_within, seconds(1), hours(24))) {
    return invalid(at + "/ready_within", "is not between 1s and 24h", "give a span like 60s");
  }
  return {};
}

}  // namespace

Rejection check_manifest(const Manifest& manifest, const std::string& at) {
  if (manifest.format != 1) {
    return invalid(at + "/format", "the format is " + std::to_string(manifest.format),
                   "this version knows format 1");
  }
  const Rejection missing = invalid(at + "/command", "a release needs a command",
                                    "give its argv as a list: [python3, serve.py]");
  if (Rejection r = check_argv(manifest.command, at + "/command", missing); !r.empty()) return r;
  if (Rejection r = check_files(manifest.files, at + "/files"); !r.empty()) return r;
  for (const auto& [name, value] : manifest.env) {
    const bool bad = name.empty() || name.find('=') != std::string::npos ||
                     name.find('\0') != std::string::npos || value.find('\0') != std::string::npos;
    if (bad || name.rfind("DURU_", 0) == 0) {
      return invalid(at + "/env", "the environment holds a bad name \"" + name + "\"",
                     "names hold neither '=' nor NUL and do not begin with DURU_");
    }
  }
  const bool has_empty = std::any_of(manifest.chips.begin(), manifest.chips.end(),
                                     [](const ChipName& chip) { return chip.empty(); });
  if (has_empty) return invalid(at + "/chips", "a chip has no name", "duru get chips lists them");
  return check_probe(manifest.probe, at + "/probe");
}

}  // namespace duru
