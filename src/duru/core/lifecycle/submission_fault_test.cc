#include <gtest/gtest.h>

#include <functional>

#include "duru/core/testing/rig.h"

// One table of everything that may be wrong with a submitted job.
namespace duru::testing {
namespace {

struct BadSpec {
  const char* what;
  std::function<void(JobSpec&)> spoil;
  std::string type;
  std::string pointer;  // below /items/0
};

const std::string kNul("a\0b", 3);
const Digest kDigest = sha256("x");

const BadSpec kBadSpecs[] = {
    {"a name with a space", [](JobSpec& s) { s.name = "a b"; }, "invalid", "/name"},
    {"a name of 64", [](JobSpec& s) { s.name = std::string(64, 'a'); }, "invalid", "/name"},
    {"a hidden output",
     [](JobSpec& s) {
       s.outputs = {"ok", ".x"};
     },
     "invalid", "/outputs/1"},
    {"an output twice",
     [](JobSpec& s) {
       s.outputs = {"o", "o"};
     },
     "invalid", "/outputs/1"},
    {"an input name with /",
     [](JobSpec& s) {
       s.inputs = {{"a/b", "c/d"}};
     },
     "invalid", "/inputs"},
    {"no tasks", [](JobSpec& s) { s.tasks = 0; }, "invalid", "/tasks"},
    {"too many tasks", [](JobSpec& s) { s.tasks = 100'001; }, "invalid", "/tasks"},
    {"negative cpu", [](JobSpec& s) { s.cpu = MilliCpu(-1); }, "invalid", "/cpu"},
    {"no cpu and no accelerator", [](JobSpec& s) { s.cpu = MilliCpu(0); }, "invalid", "/cpu"},
    {"negative memory", [](JobSpec& s) { s.memory = Bytes(-1); }, "invalid", "/memory"},
    {"negative limit", [](JobSpec& s) { s.time_limit = seconds(-1); }, "invalid", "/time_limit"},
    {"negative grace", [](JobSpec& s) { s.grace = seconds(-1); }, "invalid", "/grace"},
    {"an endless grace", [](JobSpec& s) { s.grace = Milliseconds(INT64_MAX); }, "invalid",
     "/grace"},
    {"an endless limit", [](JobSpec& s) { s.time_limit = Milliseconds(INT64_MAX); }, "invalid",
     "/time_limit"},
    {"a lease of 31 days",
     [](JobSpec& s) {
       s.kind = JobKind::kSession;
       s.time_limit = hours(31 * 24);
     },
     "invalid", "/time_limit"},
    {"1001 retries", [](JobSpec& s) { s.retries.limit = 1001; }, "invalid", "/retries/limit"},
    {"exit codes to retry, but never", [](JobSpec& s) { s.retries.exit_codes = {75}; }, "invalid",
     "/retries/limit"},
    {"negative retries", [](JobSpec& s) { s.retries.limit = -1; }, "invalid", "/retries/limit"},
    {"track and variants",
     [](JobSpec& s) {
       s.track = Track::kGpu;
       s.variants = {{ChipName("h100"), {}, {}, "", {}}};
     },
     "invalid", "/track"},
    {"an unknown chip",
     [](JobSpec& s) {
       s.variants = {{ChipName("h1000"), {}, {}, "", {}}};
     },
     "unknown-chip", "/variants/0/chip"},
    {"a variant of nothing",
     [](JobSpec& s) {
       s.variants = {{ChipName("h100"), MilliDevices(0), {}, "", {}}};
     },
     "invalid", "/variants/0/amount"},
    {"a variant's empty program",
     [](JobSpec& s) {
       s.variants = {{ChipName("h100"), {}, {""}, "", {}}};
     },
     "invalid", "/variants/0/command"},
    {"no command in one of two variants",
     [](JobSpec& s) {
       s.command.clear();
       s.variants = {{ChipName("h100"), {}, {"true"}, "", {}}, {ChipName("aries"), {}, {}, "", {}}};
     },
     "invalid", "/variants/1/command"},
    {"a variant's environment",
     [](JobSpec& s) {
       s.variants = {{ChipName("h100"), {}, {}, "", {{"", "x"}}}};
     },
     "invalid", "/variants/0/env"},
    {"an amount of nothing",
     [](JobSpec& s) {
       s.track = Track::kGpu;
       s.amount = MilliDevices(0);
     },
     "invalid", "/amount"},
    {"an amount beyond counting",
     [](JobSpec& s) {
       s.track = Track::kGpu;
       s.amount = MilliDevices(INT64_MAX);
     },
     "invalid", "/amount"},
    {"a variant's amount beyond counting",
     [](JobSpec& s) {
       s.variants = {{ChipName("h100"), MilliDevices(INT64_MAX), {}, "", {}}};
     },
     "invalid", "/variants/0/amount"},
    {"no command", [](JobSpec& s) { s.command.clear(); }, "invalid", "/command"},
    {"an empty program", [](JobSpec& s) { s.command = {""}; }, "invalid", "/command"},
    {"a NUL in an argument",
     [](JobSpec& s) {
       s.command = {"a", kNul};
     },
     "invalid", "/command"},
    {"an empty variable",
     [](JobSpec& s) {
       s.env = {{"", "x"}};
     },
     "invalid", "/env"},
    {"a variable with =",
     [](JobSpec& s) {
       s.env = {{"a=b", "x"}};
     },
     "invalid", "/env"},
    {"a NUL in a variable",
     [](JobSpec& s) {
       s.env = {{"a", kNul}};
     },
     "invalid", "/env"},
    {"a variable of Duru's",
     [](JobSpec& s) {
       s.env = {{"DURU_X", "x"}};
     },
     "invalid", "/env/DURU_X"},
    {"a variable of Duru's that a pointer escapes",
     [](JobSpec& s) {
       s.env = {{"DURU_/~", "x"}};
     },
     "invalid", "/env/DURU_~1~0"},
    {"an absolute path",
     [](JobSpec& s) {
       s.files = {{"/etc/x", kDigest, Bytes(1), false}};
     },
     "invalid", "/files/0/path"},
    {"a path upwards",
     [](JobSpec& s) {
       s.files = {{"a/../../x", kDigest, Bytes(1), false}};
     },
     "invalid", "/files/0/path"},
    {"a path with a hole",
     [](JobSpec& s) {
       s.files = {{"a//x", kDigest, Bytes(1), false}};
     },
     "invalid", "/files/0/path"},
    {"a path twice",
     [](JobSpec& s) {
       s.files = {{"x", kDigest, Bytes(1), false}, {"x", kDigest, Bytes(1), false}};
     },
     "invalid", "/files/1/path"},
    {"a file without digest",
     [](JobSpec& s) {
       s.files = {{"x", {}, Bytes(1), false}};
     },
     "invalid", "/files/0/digest"},
    {"a file of negative size",
     [](JobSpec& s) {
       s.files = {{"x", kDigest, Bytes(-1), false}};
     },
     "invalid", "/files/0/size"},
    {"16 MiB and one byte",
     [](JobSpec& s) {
       s.files = {{"x", kDigest, Bytes(16 << 20), false}, {"y", kDigest, Bytes(1), false}};
     },
     "invalid", "/files"},
    {"files whose sizes overflow",
     [](JobSpec& s) {
       s.files = {{"x", kDigest, Bytes(INT64_MAX), false}, {"y", kDigest, Bytes(1), false}};
     },
     "invalid", "/files"},
    {"an image without an engine for it", [](JobSpec& s) { s.image = "ubuntu"; }, "unsupported",
     "/image"},
    {"a variant's image",
     [](JobSpec& s) {
       s.variants = {{ChipName("h100"), {}, {}, "ubuntu", {}}};
     },
     "unsupported", "/variants/0/image"},
    {"a part of an accelerator",
     [](JobSpec& s) {
       s.track = Track::kGpu;
       s.amount = MilliDevices(500);
     },
     "unsupported", "/amount"},
    {"a variant's part of an accelerator",
     [](JobSpec& s) {
       s.variants = {{ChipName("h100"), MilliDevices(1500), {}, "", {}}};
     },
     "unsupported", "/variants/0/amount"},
    {"more than one node has", [](JobSpec& s) { s = gpu_job("x", 5); }, "infeasible", ""},
    {"more than all nodes have", [](JobSpec& s) { s = gpu_job("x", 2, 3); }, "infeasible", ""},
    {"more cpu than a node has", [](JobSpec& s) { s.cpu = MilliCpu(65'000); }, "infeasible", ""},
    {"more memory than a node has", [](JobSpec& s) { s.memory = Bytes(INT64_MAX); }, "infeasible",
     ""},
    {"a chip that the fleet lacks",
     [](JobSpec& s) {
       s.variants = {{ChipName("a100"), {}, {}, "", {}}};
     },
     "infeasible", ""},
    {"after of nobody", [](JobSpec& s) { s.after = {"nobody"}; }, "unknown-job", "/after/0"},
    {"a start that would be more than one fact holds",
     [](JobSpec& s) {
       s.track = Track::kGpu;
       s.tasks = 100'000;
       s.amount = MilliDevices(24'000);
     },
     "invalid", "/tasks"},
    {"after of itself", [](JobSpec& s) { s.after = {s.name}; }, "invalid", "/after"},
    {"an input without a source",
     [](JobSpec& s) {
       s.inputs = {{"m", "model"}};
     },
     "invalid", "/inputs/m"},
    {"an input with a bad digest",
     [](JobSpec& s) {
       s.inputs = {{"m", "sha256:00"}};
     },
     "invalid", "/inputs/m"},
    {"an input of nobody",
     [](JobSpec& s) {
       s.inputs = {{"m", "nobody/model"}};
     },
     "unknown-job", "/inputs/m"},
};

TEST(SubmissionFault, IsRejectedWithItsTypeItsPlaceAndHelp) {
  Rig rig{{node("a", kH100, 4), node("b", kAries, 2)}};
  for (const BadSpec& bad : kBadSpecs) {
    JobSpec spec = job("j");
    bad.spoil(spec);
    const Rejection rejection = rig.rejection(spec);
    EXPECT_EQ(rejection.type, bad.type) << bad.what;
    EXPECT_EQ(rejection.pointer, "/items/0" + bad.pointer) << bad.what;
    EXPECT_NE(rejection.detail, "") << bad.what;
    EXPECT_NE(rejection.help, "") << bad.what;
    ASSERT_TRUE(rig.state().jobs.empty()) << bad.what;
  }
  EXPECT_EQ(rig.problems(), "");
}

}  // namespace
}  // namespace duru::testing
