// POST /v1/projects/{project}/jobs: one job, or {"items": […]}, accepted all or none.
#include <algorithm>
#include <set>

#include "duru/api/render.h"
#include "duru/server/api/backend.h"
#include "duru/server/api/bodies.h"
#include "duru/server/api/job_lookup.h"

namespace duru {
namespace {

// A batch this large is answered without working out why each of its jobs waits: that runs on the
// loop's thread. A GET tells it.
constexpr std::size_t kExplainedMax = 64;

struct Submission {
  SubmitJobs command;
  bool is_list = false;

  std::string pointer(std::size_t item) const {
    return is_list ? "/items/" + std::to_string(item) : "";
  }
};

// Reads one job, or the list around several.
std::vector<JsonProblem> read_jobs(const std::string& body, std::vector<JobSpec>& jobs,
                                   bool& is_list) {
  JsonResult<JobSpec> one = from_json<JobSpec>(body);
  is_list = std::any_of(one.problems.begin(), one.problems.end(),
                        [](const JsonProblem& p) { return p.pointer == "/items"; });
  if (!is_list) {
    jobs.push_back(std::move(one.value));
    return one.problems;
  }
  JsonResult<JobsBody> several = from_json<JobsBody>(body);
  jobs = std::move(several.value.items);
  return several.problems;
}

bool must_look_up(const JobSpec& spec) {
  return !spec.files.empty() || !spec.inputs.empty() || !spec.after.empty();
}

// What a submission names and the core does not know: uploaded files, jobs of the past.
class Lookup {
 public:
  Lookup(Backend& backend, Submission& submission) : backend_(backend), submission_(submission) {
    for (const JobSubmission& job : submission.command.jobs) names_.insert(job.spec.name);
  }

  // Why it cannot be submitted, if so.
  Result<Rejection> run() {
    for (std::size_t i = 0; i < submission_.command.jobs.size(); ++i) {
      JobSpec& spec = submission_.command.jobs[i].spec;
      const std::string at = submission_.pointer(i);
      if (Rejection r = check_files(spec, at); !r.empty()) return r;
      for (std::size_t k = 0; k < spec.after.size(); ++k) {
        DURU_TRY(find_after(spec.after[k], at + "/after/" + std::to_string(k)));
        if (!rejection_.empty()) return rejection_;
      }
      for (const auto& [name, source] : spec.inputs) {
        DURU_TRY(find_input(source, at + "/inputs/" + name));
        if (!rejection_.empty()) return rejection_;
      }
    }
    return Rejection{};
  }

 private:
  Rejection check_files(JobSpec& spec, const std::string& at) {
    for (std::size_t i = 0; i < spec.files.size(); ++i) {
      JobFile& file = spec.files[i];
      if (file.digest == Digest{}) continue;  // the core says what is missing
      const Result<Bytes> size = backend_.context().artifacts.touch(file.digest);
      if (!size.ok()) return not_uploaded(file.digest, at + "/files/" + std::to_string(i));
      file.size = size.value();
    }
    return {};
  }

  Rejection not_uploaded(const Digest& digest, const std::string& at) const {
    return {"invalid", "there is no artifact " + digest.hex(),
            "upload it to /v1/projects/" + submission_.command.project.str() + "/artifacts first",
            at + "/digest"};
  }

  Status find_after(const std::string& name, const std::string& at) {
    Result<std::optional<JobDetail>> past = past_job(name);
    if (!past.ok()) return past.error();
    if (past.value().has_value()) note(name, *past.value(), at);
    return ok_status();
  }

  Status find_input(const std::string& source, const std::string& at) {
    constexpr std::string_view kDigest = "sha256:";
    if (source.rfind(kDigest, 0) == 0) {
      Digest digest;
      if (!digest.parse(source.substr(kDigest.size()))) return ok_status();  // the core says so
      if (!backend_.context().artifacts.touch(digest).ok()) {
        rejection_ = not_uploaded(digest, at);
        rejection_.pointer = at;
      }
      return ok_status();
    }
    const std::size_t slash = source.find('/');
    if (slash == std::string::npos) return ok_status();
    const std::string name = source.substr(0, slash);
    Result<std::optional<JobDetail>> past = past_job(name);
    if (!past.ok()) return past.error();
    if (!past.value().has_value()) return ok_status();
    note(name, *past.value(), at);
    if (!rejection_.empty() || submission_.command.outputs_of_history.count(source) > 0) {
      return ok_status();
    }
    rejection_ = {"unknown-output",
                  "job \"" + name + "\" has no output \"" + source.substr(slash + 1) + "\"",
                  "duru describe job " + name + " lists its outputs", at};
    return ok_status();
  }

  // Nothing for a job of this batch, an unfinished one and an unknown one: the core knows those.
  Result<std::optional<JobDetail>> past_job(const std::string& name) {
    if (names_.count(name) > 0) return std::optional<JobDetail>();
    const auto known = past_.find(name);
    if (known != past_.end()) return known->second;
    Result<std::optional<JobDetail>> found =
        find_job_detail(backend_.context().view, backend_.context().history,
                        submission_.command.project.str(), name);
    if (!found.ok()) return found;
    if (found.value().has_value() && !is_final(found.value()->job.state)) found.value().reset();
    return past_[name] = std::move(found.value());
  }

  void note(const std::string& name, const JobDetail& job, const std::string& at) {
    if (job.job.state != JobState::kSucceeded) {
      rejection_ = {"dependency-failed", "job \"" + name + "\" ended without success",
                    "submit it again first", at};
      return;
    }
    auto& succeeded = submission_.command.succeeded_in_history;
    if (std::find(succeeded.begin(), succeeded.end(), name) != succeeded.end()) return;
    succeeded.push_back(name);
    for (const OutputObject& output : job.outputs) {
      Digest digest;
      if (!digest.parse(output.digest)) continue;
      submission_.command.outputs_of_history[name + "/" + output.name] = digest;
    }
  }

  Backend& backend_;
  Submission& submission_;
  std::set<std::string> names_;
  std::map<std::string, std::optional<JobDetail>> past_;
  Rejection rejection_;
};

std::string answer_of(const State& state, const Accepted& accepted, bool is_list) {
  const bool explained = accepted.jobs.size() <= kExplainedMax;
  std::string out = is_list ? "{\"items\":[" : "";
  for (std::size_t i = 0; i < accepted.jobs.size(); ++i) {
    const JobRecord& job = state.jobs.at(accepted.jobs[i]);
    if (i > 0) out += ',';
    out +=
        to_json(explained ? job_object(state, job, state.now) : job_object_unexplained(state, job));
  }
  return is_list ? out + "]}" : out;
}

void submit(Backend& backend, const http::Request& request, http::Responder responder,
            Submission submission) {
  Order order;
  order.status = 201;
  order.answer = [is_list = submission.is_list](const State& state, const Accepted& accepted) {
    return answer_of(state, accepted, is_list);
  };
  if (!submission.is_list) {
    order.adjust = [](Rejection& rejection) {
      constexpr std::string_view kFirst = "/items/0";
      if (rejection.pointer.rfind(kFirst, 0) == 0) rejection.pointer.erase(0, kFirst.size());
    };
  }
  order.command = std::move(submission.command);
  backend.submit(request, std::move(responder), std::move(order));
}

// Also a refusal goes by the loop: if its key was answered before, that answer counts. A submission
// of nothing is always refused.
void reject(Backend& backend, const http::Request& request, http::Responder responder,
            const Submission& submission, const Rejection& why) {
  Order order;
  order.status = 201;
  order.command = SubmitJobs{submission.command.project, {}, {}, {}};
  order.answer = [](const State&, const Accepted&) { return std::string(); };
  order.adjust = [why](Rejection& rejection) { rejection = why; };
  backend.submit(request, std::move(responder), std::move(order));
}

void post_jobs(Backend& backend, const RequestPtr& request, http::Responder responder) {
  const std::optional<std::string> project = project_of(*request, responder);
  if (!project.has_value()) return;
  std::vector<JobSpec> specs;
  Submission submission;
  const std::vector<JsonProblem> problems = read_jobs(request->body, specs, submission.is_list);
  if (!problems.empty()) {
    responder.send(bad_body_response(problems));
    return;
  }
  submission.command.project = ProjectName(*project);
  // Lists are in the order of ids: rising in the order of the jobs.
  std::vector<JobId> ids(specs.size());
  std::generate(ids.begin(), ids.end(), [&] { return backend.draw_job_id(); });
  std::sort(ids.begin(), ids.end());
  bool looks_up = false;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    looks_up |= must_look_up(specs[i]);
    submission.command.jobs.push_back({ids[i], std::move(specs[i])});
  }
  if (!looks_up) return submit(backend, *request, std::move(responder), std::move(submission));
  backend.files().add([&backend, request, responder, submission = std::move(submission)]() mutable {
    const Result<Rejection> rejected = Lookup(backend, submission).run();
    if (!rejected.ok()) {
      responder.send(error_response(rejected.error()));
    } else if (!rejected.value().empty()) {
      reject(backend, *request, std::move(responder), submission, rejected.value());
    } else {
      submit(backend, *request, std::move(responder), std::move(submission));
    }
  });
}

}  // namespace

void add_submit_route(http::Router& router, Backend& backend) {
  router.add("POST", "/v1/projects/{project}/jobs",
             [&backend](const RequestPtr& request, http::Responder responder) {
               post_jobs(backend, request, std::move(responder));
             });
}

}  // namespace duru
