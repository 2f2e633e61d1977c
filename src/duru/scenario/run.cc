#include "duru/scenario/run.h"

#include <algorithm>

namespace duru {
namespace {

std::vector<TraceStep> steps_of(const ScenarioRun& run, const std::string& job) {
  std::vector<TraceStep> out;
  std::copy_if(run.steps.begin(), run.steps.end(), std::back_inserter(out),
               [&](const TraceStep& step) { return step.job == job; });
  return out;
}

std::set<std::string> jobs_of(const ScenarioRun& run) {
  std::set<std::string> names;
  for (const TraceStep& step : run.steps) names.insert(step.job);
  return names;
}

std::string time_text(const ScenarioRun& run, Timestamp at) {
  return format_duration(since(at, run.started_at));
}

std::string list_text(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ", ") + text;
  return "[" + out + "]";
}

class Comparison {
 public:
  Comparison(const Scenario& scenario, const ScenarioRun& run) : scenario_(scenario), run_(run) {}

  std::vector<std::string> make() {
    out_ = run_.violations;
    for (const auto& [job, expected] : scenario_.expect.jobs) compare_job(job, expected);
    for (const std::string& job : jobs_of(run_)) {
      if (scenario_.expect.jobs.count(job) == 0) {
        out_.push_back("expect says nothing of job " + job + ":" + sequence(job));
      }
    }
    compare_rejections();
    out_.insert(out_.end(), run_.wrong_answers.begin(), run_.wrong_answers.end());
    if (scenario_.expect.usage.has_value()) compare_usage(*scenario_.expect.usage);
    return std::move(out_);
  }

 private:
  void compare_job(const std::string& job, const std::vector<ExpectedStep>& expected) {
    const std::vector<TraceStep> seen = steps_of(run_, job);
    if (seen.size() != expected.size()) {
      out_.push_back("job " + job + " took " + std::to_string(seen.size()) + " steps, not " +
                     std::to_string(expected.size()) + ":" + sequence(job));
      return;
    }
    for (std::size_t i = 0; i < seen.size(); ++i) compare_step(i, expected[i], seen[i]);
  }

  std::string sequence(const std::string& job) const {
    std::string out;
    for (const TraceStep& step : steps_of(run_, job)) {
      out += "\n    " + time_text(run_, step.at) + "  " + step.text() +
             (step.reason.empty() ? "" : ", " + step.reason);
    }
    return out;
  }

  void compare_step(std::size_t index, const ExpectedStep& want, const TraceStep& seen) {
    const auto differs = [&](const std::string& field, const std::string& expected,
                             const std::string& got) {
      if (expected == got) return;
      out_.push_back("job " + seen.job + ", step " + std::to_string(index + 1) + " (" +
                     seen.text() + ", at " + time_text(run_, seen.at) + "): " + field + " is " +
                     got + ", not " + expected);
    };
    differs("state", want.state, seen.state);
    if (want.attempt) {
      differs("attempt", std::to_string(*want.attempt), std::to_string(seen.attempt));
    }
    if (want.nodes) differs("nodes", list_text(*want.nodes), list_text(seen.nodes));
    if (want.accelerators) {
      differs("accelerators", list_text(*want.accelerators), list_text(seen.accelerators));
    }
    if (want.exit_code) differs("exit", "exit " + std::to_string(*want.exit_code), seen.exit);
    if (want.signal) differs("exit", "signal " + std::to_string(*want.signal), seen.exit);
    if (want.lost) differs("lost", *want.lost ? "lost" : "", seen.exit);
    if (want.reason) differs("reason", *want.reason, seen.reason);
    if (want.at && run_.exact_times) {
      differs("at", format_duration(*want.at), time_text(run_, seen.at));
    }
    if (!want.after.empty()) check_order(want.after, seen);
  }

  // `after`: "JOB STATE" came before this very step.
  void check_order(const std::string& after, const TraceStep& seen) {
    const std::size_t space = after.find(' ');
    const std::string job = after.substr(0, space);
    const std::string state = space == std::string::npos ? "" : after.substr(space + 1);
    for (const TraceStep& step : run_.steps) {
      if (step.job == job && step.state == state) return;
      if (step.job == seen.job && step.state == seen.state && step.attempt == seen.attempt) break;
    }
    out_.push_back("job " + seen.job + " " + seen.state + " did not come after " + after);
  }

  void compare_rejections() {
    const auto& expected = scenario_.expect.rejections;
    for (std::size_t i = 0; i < std::max(expected.size(), run_.rejections.size()); ++i) {
      if (i >= run_.rejections.size()) {
        out_.push_back("no rejection " + expected[i].type + " at " +
                       format_duration(expected[i].at));
        continue;
      }
      const SeenRejection& seen = run_.rejections[i];
      const std::string text = "rejection " + seen.type + " at " + format_duration(seen.at) + " (" +
                               seen.pointer + " " + seen.detail + ")";
      if (i >= expected.size()) {
        out_.push_back(text + " was not expected");
      } else if (expected[i].type != seen.type || expected[i].at != seen.at ||
                 expected[i].pointer.value_or(seen.pointer) != seen.pointer) {
        out_.push_back(text + " is not " + expected[i].type + " at " +
                       format_duration(expected[i].at) + " " + expected[i].pointer.value_or(""));
      }
    }
  }

  void compare_usage(const ExpectedUsage& want) {
    if (!run_.exact_times) return;
    const auto differs = [&](const char* field, const std::optional<std::string>& expected,
                             const std::string& got) {
      if (expected && *expected != got) {
        out_.push_back(std::string("usage: ") + field + " is " + got +
                       " accelerator-seconds, not " + *expected);
      }
    };
    differs("capacity", want.capacity, run_.usage.capacity_accelerator_seconds);
    differs("used", want.used, run_.usage.used_accelerator_seconds);
    differs("idle", want.idle, run_.usage.idle_accelerator_seconds);
    differs("maintenance", want.maintenance, run_.usage.maintenance_accelerator_seconds);
    differs("failed", want.failed, run_.usage.failed_accelerator_seconds);
    for (const auto& [job, expected] : want.jobs) {
      std::string got = "nothing";
      for (const UsageItem& item : run_.usage.items) {
        if (item.job == job) got = item.accelerator_seconds;
      }
      differs(job.c_str(), expected, got);
    }
  }

  const Scenario& scenario_;
  const ScenarioRun& run_;
  std::vector<std::string> out_;
};

}  // namespace

std::vector<std::string> differences(const Scenario& scenario, const ScenarioRun& run) {
  return Comparison(scenario, run).make();
}

std::vector<std::string> disagreements(const ScenarioRun& one, const ScenarioRun& other) {
  std::vector<std::string> out;
  std::set<std::string> jobs = jobs_of(one);
  jobs.merge(jobs_of(other));
  for (const std::string& job : jobs) {
    const std::vector<TraceStep> a = steps_of(one, job);
    const std::vector<TraceStep> b = steps_of(other, job);
    for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
      if (i < a.size() && i < b.size() && a[i].agrees_with(b[i])) continue;
      out.push_back("job " + job + ", step " + std::to_string(i + 1) + ": " +
                    (i < a.size() ? a[i].text() : "nothing") +
                    "; the other: " + (i < b.size() ? b[i].text() : "nothing"));
      break;
    }
  }
  const bool same_rejections =
      std::equal(one.rejections.begin(), one.rejections.end(), other.rejections.begin(),
                 other.rejections.end(), [](const SeenRejection& a, const SeenRejection& b) {
                   return a.type == b.type && a.at == b.at;
                 });
  if (!same_rejections) out.push_back("the inputs that were refused differ");
  return out;
}

}  // namespace duru
