#include "duru/cli/completion.h"

#include <gtest/gtest.h>

#include "duru/cli/verbs.h"

namespace duru::cli {
namespace {

using Words = std::vector<std::string>;

Completion after(Words line) { return complete(all_verbs(), std::move(line)); }

TEST(Completion, offers_what_begins_with_what_is_there) {
  EXPECT_EQ(after({"subm"}).words, (Words{"submit"}));
  EXPECT_EQ(after({"help", "subm"}).words, (Words{"submit"}));
  EXPECT_EQ(after({"journal", "ver"}).words, (Words{"verify"}));
  EXPECT_EQ(after({"get", "jobs", "--wa"}).words, (Words{"--watch"}));
  EXPECT_EQ(after({"journal", "verify", "--dat"}).words, (Words{"--data"}));
}

TEST(Completion, offers_the_values_of_the_option_and_place_that_come_next) {
  EXPECT_EQ(after({"get", "no"}).words, (Words{"nodes", "node"}));
  EXPECT_EQ(after({"get", "jobs", "--state", "su"}).words, (Words{"succeeded"}));
  EXPECT_EQ(after({"get", "jobs", "--state", "queued,ru"}).words, (Words{"queued,running"}));
  EXPECT_EQ(after({"get", "jobs", "--state=su"}).words, (Words{"--state=succeeded"}));
  EXPECT_EQ(after({"mark", "accelerator", "a/0", ""}).words, (Words{"unhealthy", "healthy"}));
  EXPECT_EQ(after({"get", "-o", "js"}).words, (Words{"json"}));
}

TEST(Completion, takes_a_value_at_an_equals_sign_as_bash_splits_it) {
  EXPECT_EQ(after({"get", "jobs", "--state", "=", "su"}).words, (Words{"succeeded"}));
  EXPECT_EQ(after({"--data", "=", "/d", "get", "no"}).words, (Words{"nodes", "node"}));
}

TEST(Completion, knows_whose_names_come_next_and_which_server_has_them) {
  const Completion job = after({"--data", "/d", "logs", "-n", "lab", "-f", "tr"});
  EXPECT_EQ(job.names_of, "jobs");
  EXPECT_EQ(job.typed, "tr");
  EXPECT_EQ(job.globals.data, "/d");
  EXPECT_EQ(job.globals.project, "lab");
  EXPECT_EQ(after({"describe", "node", ""}).names_of, "nodes");
  EXPECT_EQ(after({"drain", ""}).names_of, "nodes");
  EXPECT_EQ(after({"run", "--chip", ""}).names_of, "chips");
  EXPECT_EQ(after({"get", "wrong", ""}).names_of, "");
  EXPECT_FALSE(job.unfinished);
  EXPECT_TRUE(after({"cancel", ""}).unfinished) << "what is over cannot be cancelled";
  const Completion output = after({"download", "train", "mo"});
  EXPECT_EQ(output.names_of, "outputs");
  EXPECT_EQ(output.job, "train");
  EXPECT_EQ(after({"logs", "train", ""}).names_of, "");
}

TEST(Completion, leaves_what_is_not_ours_to_files) {
  for (const Words& line : {Words{"run", "--", "--"}, Words{"submit", ""}, Words{"nonsense", ""}}) {
    EXPECT_EQ(after(line).words, Words{});
    EXPECT_EQ(after(line).names_of, "");
  }
}

}  // namespace
}  // namespace duru::cli
