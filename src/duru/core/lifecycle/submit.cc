#include <algorithm>

#include "duru/core/lifecycle/lifecycle.h"
#include "duru/core/lifecycle/submission.h"

namespace duru {
namespace {

// The jobs of one command while their names are being resolved.
class Batch {
 public:
  Batch(const Tx& tx, const SubmitJobs& command) : tx_(tx), command_(command) {}

  Rejection resolve() {
    if (Rejection r = check_ids(); !r.empty()) return r;
    if (Rejection r = check_counts(); !r.empty()) return r;
    for (const JobSubmission& submission : command_.jobs) {
      JobSubmitted fact{submission.id, command_.project, submission.spec, {}, {}, tx_.principal()};
      normalise(tx_.state(), fact.spec, fact.job);
      facts_.push_back(std::move(fact));
    }
    for (std::size_t i = 0; i < facts_.size(); ++i) {
      if (Rejection r = resolve_job(i); !r.empty()) return r;
    }
    return check_cycles();
  }

  // In an order in which every job comes after those it waits for.
  std::vector<JobSubmitted> take() {
    std::vector<JobSubmitted> ordered;
    for (std::size_t index : order_) ordered.push_back(std::move(facts_[index]));
    return ordered;
  }

 private:
  std::string pointer_of(std::size_t i) const { return "/items/" + std::to_string(i); }

  Rejection check_ids() const {
    std::set<JobId> ids;
    for (std::size_t i = 0; i < command_.jobs.size(); ++i) {
      const JobId& id = command_.jobs[i].id;
      if (!id.empty() && tx_.state().job(id) == nullptr && ids.insert(id).second) continue;
      return {"id-taken", "the id \"" + id.str() + "\" cannot be given to a new job",
              "submit it again: another id is drawn", pointer_of(i)};
    }
    return {};
  }

  Rejection check_counts() const {
    if (tx_.state().unfinished_by_name.size() + command_.jobs.size() > kUnfinishedMax) {
      return {"queue-full",
              std::to_string(tx_.state().unfinished_by_name.size()) + " jobs are unfinished, of " +
                  std::to_string(kUnfinishedMax) + " at most",
              "wait until some have ended, or cancel some", ""};
    }
    std::size_t dependencies = 0;
    for (const JobSubmission& job : command_.jobs) {
      dependencies += job.spec.after.size() + job.spec.inputs.size();
    }
    if (dependencies <= kDependenciesMax) return {};
    return {"invalid",
            "the jobs of the request have " + std::to_string(dependencies) +
                " entries in after and inputs",
            "submit them in parts of " + std::to_string(kDependenciesMax) + " at most", ""};
  }

  Rejection resolve_job(std::size_t i) {
    JobSubmitted& fact = facts_[i];
    const std::string pointer = pointer_of(i);
    if (Rejection r = check_form(tx_.state(), fact.spec, pointer); !r.empty()) return r;
    if (Rejection r = check_name(i); !r.empty()) return r;
    for (std::size_t k = 0; k < fact.spec.after.size(); ++k) {
      const std::string at = pointer + "/after/" + std::to_string(k);
      if (Rejection r = add_dependency(fact, fact.spec.after[k], at); !r.empty()) return r;
    }
    for (const auto& [name, source] : fact.spec.inputs) {
      const std::string at = pointer + "/inputs/" + name;
      if (Rejection r = add_input(fact, name, source, at); !r.empty()) return r;
    }
    return check_feasible(tx_.state(), fact.spec, pointer);
  }

  Rejection check_name(std::size_t i) const {
    const std::string& name = facts_[i].spec.name;
    for (std::size_t k = 0; k < i; ++k) {
      if (facts_[k].spec.name == name) {
        return {"invalid", "two jobs of the request are named \"" + name + "\"",
                "give each a name of its own", pointer_of(i) + "/name"};
      }
    }
    const auto taken = tx_.state().unfinished_by_name.find({command_.project, name});
    if (taken == tx_.state().unfinished_by_name.end()) return {};
    return {"name-taken", "job \"" + name + "\" (" + taken->second.str() + ") is not finished yet",
            "wait for it, cancel it, or choose another name", pointer_of(i) + "/name"};
  }

  struct Found {
    JobId id;
    const JobSpec* spec = nullptr;
    const JobRecord* record = nullptr;  // nullptr: of this batch
  };
  Found find(const std::string& name) const {
    for (const JobSubmitted& fact : facts_) {
      if (fact.spec.name == name) return {fact.job, &fact.spec, nullptr};
    }
    const JobRecord* record = tx_.state().job_named(command_.project, name);
    JobId id;
    if (record == nullptr && id.parse(name)) {
      record = tx_.state().job(id);
      if (record != nullptr && record->project != command_.project) record = nullptr;
    }
    if (record == nullptr) return {};
    return {record->id, &record->spec, record};
  }

  static void depend(JobSubmitted& fact, const JobId& id) {
    if (std::find(fact.after.begin(), fact.after.end(), id) == fact.after.end()) {
      fact.after.push_back(id);
    }
  }

  Rejection unknown(const std::string& name, const std::string& at) const {
    return {
        "unknown-job", "there is no job \"" + name + "\"",
        "name a job of this file, an unfinished one or one that ended; duru get jobs lists them",
        at};
  }

  Rejection add_dependency(JobSubmitted& fact, const std::string& name, const std::string& at) {
    const Found found = find(name);
    if (found.spec == nullptr) {
      const auto& past = command_.succeeded_in_history;
      if (std::find(past.begin(), past.end(), name) != past.end()) return {};
      return unknown(name, at);
    }
    if (found.record != nullptr && is_final(found.record->state) &&
        found.record->state != JobState::kSucceeded) {
      return {"dependency-failed", "job \"" + name + "\" ended without success",
              "submit it again first", at};
    }
    depend(fact, found.id);
    return {};
  }

  Rejection add_input(JobSubmitted& fact, const std::string& name, const std::string& source,
                      const std::string& at) {
    JobInput input;
    input.name = name;
    if (source.rfind("sha256:", 0) == 0) {
      if (!input.digest.parse(source.substr(7))) {
        return {"invalid", "\"" + source + "\" is not a digest", "give sha256: and 64 hex digits",
                at};
      }
      fact.inputs.push_back(std::move(input));
      return {};
    }
    const std::size_t slash = source.find('/');
    if (slash == std::string::npos) {
      return {"invalid", "\"" + source + "\" is not an input",
              "give job/output, or sha256:<digest>", at};
    }
    const std::string producer = source.substr(0, slash);
    input.output = source.substr(slash + 1);
    const Found found = find(producer);
    if (found.spec == nullptr) {
      const auto past = command_.outputs_of_history.find(source);
      if (past == command_.outputs_of_history.end()) return unknown(producer, at);
      input.digest = past->second;
      input.output.clear();
      fact.inputs.push_back(std::move(input));
      return {};
    }
    const auto& outputs = found.spec->outputs;
    if (std::find(outputs.begin(), outputs.end(), input.output) == outputs.end()) {
      return {"unknown-output",
              "job \"" + producer + "\" declares no output \"" + input.output + "\"",
              "add it to the job's outputs", at};
    }
    if (Rejection r = add_dependency(fact, producer, at); !r.empty()) return r;
    input.producer = found.id;
    fact.inputs.push_back(std::move(input));
    return {};
  }

  // Kahn's algorithm over the batch; what is left has a cycle.
  Rejection check_cycles() {
    std::set<JobId> pending;
    for (const JobSubmitted& fact : facts_) pending.insert(fact.job);
    std::vector<bool> placed(facts_.size(), false);
    bool progress = true;
    while (progress) {
      progress = false;
      for (std::size_t i = 0; i < facts_.size(); ++i) {
        if (placed[i]) continue;
        const auto& after = facts_[i].after;
        if (std::any_of(after.begin(), after.end(),
                        [&](const JobId& id) { return pending.count(id) > 0; })) {
          continue;
        }
        placed[i] = progress = true;
        pending.erase(facts_[i].job);
        order_.push_back(i);
      }
    }
    if (order_.size() == facts_.size()) return {};
    const auto stuck =
        static_cast<std::size_t>(std::find(placed.begin(), placed.end(), false) - placed.begin());
    return {"invalid", "job \"" + facts_[stuck].spec.name + "\" waits for itself",
            "take the circle out of after and inputs", pointer_of(stuck) + "/after"};
  }

  const Tx& tx_;
  const SubmitJobs& command_;
  std::vector<JobSubmitted> facts_;
  std::vector<std::size_t> order_;
};

}  // namespace

Outcome decide_submit(Tx& tx, const SubmitJobs& command) {
  if (!is_valid_name(command.project.str())) {
    return Rejection{"invalid", "the project's name is not usable", "the first project is default",
                     ""};
  }
  if (command.jobs.empty()) {
    return Rejection{"invalid", "there is no job in the request", "give one job or items", ""};
  }
  Batch batch(tx, command);
  if (Rejection rejection = batch.resolve(); !rejection.empty()) return rejection;
  Accepted accepted;
  for (const JobSubmission& submission : command.jobs) accepted.jobs.push_back(submission.id);
  for (JobSubmitted& fact : batch.take()) tx.emit(std::move(fact));
  return accepted;
}

}  // namespace duru
