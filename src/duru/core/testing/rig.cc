#include "duru/core/testing/rig.h"

#include "duru/core/core.h"
#include "duru/core/state/invariants.h"

namespace duru::testing {

Rig::Rig(const std::vector<Node>& nodes) {
  apply(StartServer{InstallationId("abcdefgh"), "0.1.0", kStart, "boot-1", kStart});
  if (!nodes.empty()) fleet(nodes);
}

Outcome Rig::apply(const Message& input) {
  facts_.clear();
  const Digest before = state_.digest();
  Tx tx(state_, *this, "operator");
  Outcome outcome = decide(tx, input);
  if (facts_.empty() && state_.digest() != before) problem("the state changed without a fact");
  if (std::holds_alternative<Rejection>(outcome) && !facts_.empty()) {
    problem("a rejection left facts");
  }
  if (std::holds_alternative<Accepted>(outcome)) decided_at_ = now_;
  for (const std::string& what : settled_violations(state_)) problem(what);
  check_ledger();
  return outcome;
}

void Rig::emit(Message fact) {
  const auto* started = fact.as<TermStarted>();
  const FactContext context{state_.last_seq + 1, started != nullptr ? started->term : state_.term,
                            now_};
  evolve(state_, fact, context);
  ledger_.apply(state_, fact, context, *this);
  for (const std::string& what : violations(state_)) {
    problem("after " + to_text(fact) + ": " + what);
  }
  check_moves(fact);
  facts_.push_back(std::move(fact));
}

void Rig::check_moves(const Message& fact) {
  for (const auto& [id, job] : state_.jobs) {
    const auto last = last_states_.find(id);
    if (last != last_states_.end() && !is_legal_move(last->second, job.state)) {
      problem("an illegal move of \"" + job.spec.name + "\" by " + to_text(fact));
    }
    last_states_[id] = job.state;
  }
}

void Rig::run_until(Timestamp then) {
  while (true) {
    const std::optional<Timestamp> next = next_deadline(state_, decided_at_);
    if (!next.has_value() || *next > then) break;
    now_ = std::max(now_, *next);
    tick();
    const std::optional<Timestamp> after = next_deadline(state_, now_);
    if (facts_.empty() && after.has_value() && *after <= now_) {
      problem("a deadline that stays due");
      break;
    }
  }
  now_ = then;
}

void Rig::fleet(const std::vector<Node>& nodes) { apply(DefineFleet{chips(), {site()}, nodes}); }

void Rig::restart(Timestamp alive_at) {
  apply(StartServer{InstallationId("unused"), "0.1.0", alive_at, "boot-2", now_});
}

JobId Rig::next_id() { return make_id<JobId>(kStart.value + ids_drawn_++, 7); }

SubmitJobs Rig::command(std::vector<JobSpec> specs) {
  SubmitJobs command;
  command.project = ProjectName("default");
  for (JobSpec& spec : specs) command.jobs.push_back({next_id(), std::move(spec)});
  return command;
}

Outcome Rig::submit_all(std::vector<JobSpec> specs) { return apply(command(std::move(specs))); }

JobId Rig::submit(const JobSpec& spec) {
  const Outcome outcome = submit_all({spec});
  if (const auto* rejection = std::get_if<Rejection>(&outcome)) {
    problem("\"" + spec.name + "\" was rejected: " + rejection->detail);
    return {};
  }
  return std::get<Accepted>(outcome).jobs.front();
}

Rejection Rig::rejection(const Message& input) {
  const Outcome outcome = apply(input);
  const auto* rejection = std::get_if<Rejection>(&outcome);
  return rejection == nullptr ? Rejection{} : *rejection;
}

Rejection Rig::rejection(const JobSpec& spec) { return rejection(command({spec})); }

const std::optional<AttemptRecord>& Rig::attempt(const JobId& id) const {
  return state_.workloads.at(workload_of(id)).attempt;
}

TaskObserved Rig::report(const JobId& id, std::int32_t task) const {
  TaskObserved report;
  report.workload = workload_of(id);
  report.attempt = state_.workloads.at(report.workload).attempt_count;
  report.task = task;
  return report;
}

TaskEnd Rig::exited(std::int32_t code) const {
  TaskEnd end;
  end.cause = EndCause::kExited;
  end.exit_code = code;
  end.ended_at = now_;
  return end;
}

TaskEnd Rig::ended(EndCause cause) const {
  TaskEnd end;
  end.cause = cause;
  end.ended_at = now_;
  return end;
}

void Rig::start(const JobId& id) {
  const std::size_t tasks = attempt(id)->tasks.size();
  for (std::size_t i = 0; i < tasks; ++i) {
    TaskObserved observed = report(id, static_cast<std::int32_t>(i));
    observed.started_at = now_;
    apply(observed);
  }
}

void Rig::end(const JobId& id, const TaskEnd& end, std::int32_t task) {
  TaskObserved observed = report(id, task);
  observed.end = end;
  apply(observed);
}

void Rig::release(const JobId& id, std::int32_t task) {
  TaskObserved observed = report(id, task);
  observed.end = attempt(id)->tasks.at(static_cast<std::size_t>(task)).end;
  observed.released_at = now_;
  apply(observed);
}

void Rig::finish(const JobId& id, const TaskEnd& end) {
  const auto number = static_cast<std::int32_t>(attempt(id)->number);
  const auto tasks = static_cast<std::int32_t>(attempt(id)->tasks.size());
  for (std::int32_t i = 0; i < tasks; ++i) {
    TaskObserved observed = report(id, i);
    observed.attempt = number;
    observed.end = end;
    observed.released_at = now_;
    if (end.cause == EndCause::kExited && end.exit_code == 0) {
      observed.outputs_phase = OutputsPhase::kStored;
      for (const std::string& name : job(id).spec.outputs) {
        observed.outputs[name] = {sha256(name), Bytes(10)};
      }
    }
    apply(observed);
  }
}

std::string Rig::fact_names() const {
  std::string names;
  for (const Message& fact : facts_) {
    names += (names.empty() ? "" : " ") + std::string(fact.kind().name);
  }
  return names;
}

std::string Rig::fact_texts() const {
  std::string text;
  for (const Message& fact : facts_) text += to_text(fact) + "\n";
  return text;
}

Usage Rig::usage(Timestamp from, Timestamp to) const {
  UsageAccount account(from, to);
  for (const Interval& interval : intervals_) account.add(interval);
  for (const Interval& interval : ledger_.open_intervals(to)) account.add(interval);
  for (const Charge& charge : charges_) account.add(charge);
  for (const Charge& charge : ledger_.open_charges(to)) account.add(charge);
  return account.take();
}

void Rig::problem(const std::string& what) { problems_ += what + "\n"; }

}  // namespace duru::testing
