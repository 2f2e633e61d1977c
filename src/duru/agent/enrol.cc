#include "duru/agent/enrol.h"

#include <sys/random.h>
#include <sys/sysinfo.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <thread>

#include "duru/agent/loose_json.h"
#include "duru/http/client.h"

namespace duru::agent {
namespace {

constexpr char kIdentity[] = "identity";
constexpr char kIdentityCopy[] = "identity.copy";

Error refusal(ErrorCode code, const std::string& message) {
  return Error{code, message, false, false};
}

Result<std::string> draw_credential() {
  Digest random;
  const auto got = ::getrandom(random.bytes.data(), random.bytes.size(), 0);
  if (got != static_cast<ssize_t>(random.bytes.size())) {
    return system_error("draw a credential", errno);
  }
  return random.hex();
}

Status save_identity(const Folder& data, const Identity& identity) {
  DURU_TRY(save(data, kIdentityCopy, identity));
  return save(data, kIdentity, identity);
}

Result<Identity> load_identity(const Folder& data) {
  auto identity = load<Identity>(data, kIdentity);
  if (identity.ok()) return identity;
  auto copy = load<Identity>(data, kIdentityCopy);
  return copy.ok() ? copy : identity;
}

// The identity as it shall be sent: one that was begun with this code goes on with its credential.
// The server may know that one as the node of the other code.
Result<Identity> begin(const Folder& data, const Enrolment& enrolment) {
  Identity identity;
  auto before = load_identity(data);
  if (before.ok()) {
    const bool same_code = before.value().request.code == enrolment.request.code;
    if (before.value().reply) {
      if (same_code) return before;
      return refusal(ErrorCode::kConflict,
                     data.path() + " is enrolled already, as node " + before.value().reply->node +
                         "; another node needs a folder of its own, the same one anew first " +
                         "duru-agent unenrol --data " + data.path());
    }
    if (same_code) identity.request.credential = before.value().request.credential;
  } else if (before.error().code != ErrorCode::kNotFound) {
    return before.error();
  }
  auto credential = draw_credential();
  if (!credential.ok()) return credential.error();
  const std::string kept = identity.request.credential;
  identity.server = enrolment.server;
  identity.request = enrolment.request;
  identity.request.credential = kept.empty() ? credential.value() : kept;
  DURU_TRY(save_identity(data, identity));
  return identity;
}

struct Code {
  std::string secret;
  std::string fingerprint;  // of the server's CA; empty in a code for this machine alone
};

Code code_of(const std::string& told) {
  const std::size_t dot = told.find('.');
  if (dot == std::string::npos) return {told, ""};
  return {told.substr(0, dot), told.substr(dot + 1)};
}

Result<std::string> ca_of(const http::Address& server, const Code& code) {
  constexpr std::size_t kFingerprintLetters = 32;
  if (!code.fingerprint.empty() && code.fingerprint.size() != kFingerprintLetters) {
    return refusal(ErrorCode::kInvalid, "the code is not whole: behind its dot stand " +
                                            std::to_string(code.fingerprint.size()) +
                                            " letters of " + std::to_string(kFingerprintLetters));
  }
  if (!code.fingerprint.empty()) return http::fetch_ca(server, code.fingerprint, seconds(10));
  return refusal(ErrorCode::kInvalid,
                 "the code has no fingerprint of the server's CA, so that " + server.url() +
                     " may be anybody; take a new code, CODE.FINGERPRINT, from that server");
}

Result<EnrolReply> ask(const http::Address& server, const Identity& identity) {
  const EnrolRequest& request = identity.request;
  http::ClientOptions options;
  options.trust = trust_of(identity);
  options.silence_max = seconds(30);
  options.answer_bytes_max = 1 << 20;
  http::HttpClient client(server, options);
  auto answer = client.request("POST", "/v1/field/enrol", {{"Content-Type", "application/json"}},
                               to_json(request, JsonForm::kSparse));
  if (!answer.ok()) return answer.error();
  const http::ClientResponse& response = answer.value();
  if (response.status >= 500 || response.status == 429) {
    return refusal(ErrorCode::kUnavailable, "the server answers " +
                                                std::to_string(response.status) + ": " +
                                                text_member(response.body, "detail"));
  }
  if (!response.is_success()) {
    return refusal(ErrorCode::kDenied,
                   "the server refuses: " + text_member(response.body, "title") + ": " +
                       text_member(response.body, "detail"));
  }
  auto reply = from_json<EnrolReply>(response.body, {.skips_unknown = true});
  if (reply.ok()) return reply.value;
  return refusal(ErrorCode::kUnavailable,
                 "the server's answer is not understood: " + reply.problems[0].pointer + " " +
                     reply.problems[0].detail);
}

}  // namespace

http::TlsTrust trust_of(const Identity& identity) {
  return {.ca_pem = identity.ca_pem, .checks_name = false, .checks_dates = false};
}

Result<Identity> enrol(const std::string& data_path, const Enrolment& enrolment) {
  auto server = http::parse_server_url(enrolment.server);
  if (!server.ok()) return server.error();
  const Code code = code_of(enrolment.request.code);
  Enrolment sent = enrolment;
  sent.request.code = code.secret;
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(data_path).parent_path(), error);
  auto data = Folder::create(data_path);
  if (!data.ok()) return data.error();
  auto identity = begin(data.value(), sent);
  if (!identity.ok() || identity.value().reply) return identity;
  if (server.value().is_tls) {
    auto ca = ca_of(server.value(), code);
    if (!ca.ok()) return ca.error();
    identity.value().ca_pem = std::move(ca.value());
  }
  auto reply = ask(server.value(), identity.value());
  if (!reply.ok()) return reply.error();
  identity.value().reply = reply.value();
  DURU_TRY(save_identity(data.value(), identity.value()));
  return identity;
}

Result<Identity> read_identity(const std::string& data_path) {
  auto data = Folder::open(data_path);
  const auto identity = data.ok() ? load_identity(data.value()) : Result<Identity>(data.error());
  if (!identity.ok() && identity.error().code == ErrorCode::kNotFound) {
    return refusal(ErrorCode::kNotFound, "nothing is enrolled in " + data_path +
                                             "; first: duru-agent enrol --data " + data_path);
  }
  if (!identity.ok() || identity.value().reply) return identity;
  return refusal(ErrorCode::kNotFound,
                 "the enrolment in " + data_path + " was not answered; enrol again");
}

void mend_identity(const Folder& data, const Identity& identity, Log& log) {
  for (const char* name : {kIdentity, kIdentityCopy}) {
    auto read = load<Identity>(data, name);
    if (read.ok()) continue;
    log.say("damage: " + read.error().message + "; it is written anew from the other one");
    Status saved = save(data, name, identity);
    if (!saved.ok()) log.problem(name, "it stays damaged: " + saved.error().message);
  }
}

MilliCpu machine_cpu() { return MilliCpu(std::thread::hardware_concurrency() * 1000); }

Bytes machine_memory() {
  struct sysinfo info {};
  if (::sysinfo(&info) != 0) return Bytes(0);
  return Bytes(static_cast<std::int64_t>(info.totalram * info.mem_unit));
}

}  // namespace duru::agent
