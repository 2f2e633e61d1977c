#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <set>

#include "duru/cli/files.h"
#include "duru/domain/job.h"

// docs/job.schema.json knows the fields of a job, no more and no fewer, and the words of its enums.
namespace duru::cli {
namespace {

namespace bj = boost::json;

bj::value schema() {
  const auto text = read_whole_file(DURU_SOURCE_DIR "/docs/job.schema.json", 1 << 20);
  EXPECT_TRUE(text.ok());
  return bj::parse(text.value());
}

std::set<std::string> properties(const bj::value& object) {
  std::set<std::string> names;
  for (const auto& member : object.at("properties").as_object()) {
    names.insert(std::string(member.key().data(), member.key().size()));
  }
  return names;
}

template <class T>
std::set<std::string> fields() {
  std::set<std::string> names;
  for (const Field& field : type_of<T>().fields) names.insert(std::string(field.name));
  return names;
}

template <class T>
std::set<std::string> words() {
  std::set<std::string> names;
  for (const EnumName& name : type_of<T>().enum_names) names.insert(std::string(name.name));
  return names;
}

std::set<std::string> words(const bj::value& property) {
  std::set<std::string> names;
  for (const bj::value& word : property.at("enum").as_array()) {
    if (!word.is_null())
      names.insert(std::string(word.as_string().data(), word.as_string().size()));
  }
  return names;
}

TEST(JobSchema, has_the_fields_of_the_records) {
  const bj::value whole = schema();
  const bj::value& definitions = whole.at("$defs");
  EXPECT_EQ(properties(definitions.at("job")), fields<JobSpec>());
  EXPECT_EQ(properties(definitions.at("variant")), fields<Variant>());
  EXPECT_EQ(properties(definitions.at("job").at("properties").at("retries")),
            fields<RetryPolicy>());
}

TEST(JobSchema, has_the_words_of_the_enums) {
  const bj::value whole = schema();
  const bj::value& job = whole.at("$defs").at("job").at("properties");
  EXPECT_EQ(words(job.at("kind")), words<JobKind>());
  EXPECT_EQ(words(job.at("track")), words<Track>());
}

}  // namespace
}  // namespace duru::cli
