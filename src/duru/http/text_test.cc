// Addresses, header fields, targets and problem documents: the pure functions of the folder.
#include <gtest/gtest.h>

#include "duru/http/address.h"
#include "duru/http/headers.h"
#include "duru/http/problem.h"
#include "duru/http/target.h"

namespace duru::http {
namespace {

TEST(AddressTest, ReadsHostPortAndUrlAndWritesThemBack) {
  for (const char* text : {"127.0.0.1:8080", "[::1]:80", "localhost:1", "node-3.site:65535"}) {
    const auto address = parse_address(text);
    ASSERT_TRUE(address.ok()) << text;
    EXPECT_EQ(address.value().str(), text);
    EXPECT_EQ(parse_address("http://" + std::string(text) + "/").value(), address.value());
    const auto sealed = parse_address("https://" + std::string(text));
    EXPECT_EQ(sealed.value().url(), "https://" + std::string(text));
    EXPECT_EQ(sealed.value().str(), text);
  }
}

TEST(AddressTest, AServerBeyondThisMachineIsSpokenToInTlsOnly) {
  for (const char* text : {"http://127.0.0.1:80", "[::1]:80", "localhost:80", "127.9.9.9:80",
                           "https://192.0.2.1:80", "https://gateway:80"}) {
    EXPECT_TRUE(parse_server_url(text).ok()) << text;
  }
  for (const char* text :
       {"http://192.0.2.1:80", "0.0.0.0:80", "[2001:db8::1]:80", "127.0.0.1.example.org:80"}) {
    const auto refused = parse_server_url(text);
    ASSERT_FALSE(refused.ok()) << text;
    EXPECT_NE(refused.error().message.find("use https://"), std::string::npos);
  }
}

TEST(AddressTest, RefusesEverythingElse) {
  for (const char* text :
       {"", "host", "host:", ":80", "host:70000", "host:8x", "http://h:1/path", "a b:80", "[zz]:80",
        "::1:80", "host:-1", "https://h", "ftp://h:1", "h/x:80"}) {
    EXPECT_FALSE(parse_address(text).ok()) << text;
  }
}

TEST(HeadersTest, AreFoundWithoutRegardToCase) {
  Headers headers{{"Content-Type", "text/plain"}};
  headers.add("X-Twice", "1");
  headers.add("x-twice", "2");
  EXPECT_EQ(headers.get("content-TYPE"), "text/plain");
  EXPECT_EQ(headers.count("X-TWICE"), 2U);
  headers.set("x-twice", "3");
  EXPECT_EQ(headers.count("X-TWICE"), 1U);
  EXPECT_EQ(headers.find("absent"), nullptr);
}

TEST(HeadersTest, AValueCannotBreakItsLineInTwo) {
  const Headers headers{{"X-Name", "a\r\nSet-Cookie: b"}};
  std::string text;
  headers.serialize(text);
  EXPECT_EQ(text, "X-Name: a  Set-Cookie: b\r\n");
}

TEST(TargetTest, IsTakenApartAndDecoded) {
  const auto target = parse_target("/v1/jobs/a%20b%2Fc?limit=5&state=x&state=y+z&flag&e=%3d");
  ASSERT_TRUE(target.has_value());
  EXPECT_EQ(target->path, "/v1/jobs/a%20b%2Fc");
  EXPECT_EQ(target->segments, (std::vector<std::string>{"v1", "jobs", "a b/c"}));
  EXPECT_EQ(target->query.get("limit"), "5");
  EXPECT_EQ(target->query.all("state"), (std::vector<std::string>{"x", "y z"}));
  ASSERT_NE(target->query.find("flag"), nullptr);
  EXPECT_EQ(target->query.get("e"), "=");
  EXPECT_EQ(parse_target("/")->segments, std::vector<std::string>{""});
  EXPECT_EQ(parse_target("http://host:1/a?b=c")->path, "/a");
}

TEST(TargetTest, RefusesBadEscapesDotsAndOtherForms) {
  for (const char* text : {"", "*", "host:80", "/a/../b", "/./b", "/%2e%2E/b", "/a%", "/a%4",
                           "/a%zz", "/a%00", "/a?b=%", "a/b"}) {
    EXPECT_FALSE(parse_target(text).has_value()) << text;
  }
}

TEST(TargetTest, EncodingAndDecodingAreInverse) {
  std::string all;
  for (int c = 1; c < 256; ++c) all += static_cast<char>(c);
  EXPECT_EQ(percent_decode(percent_encode(all), true), all);
}

TEST(ProblemTest, IsAnRfc9457Document) {
  const Problem problem{.status = 422,
                        .type = "invalid-job",
                        .title = "Invalid job",
                        .detail = "two fields are wrong",
                        .errors = {{"/tasks", "must be at least 1"}, {"/name", "missing"}},
                        .extensions = {{"limit", "3"}}};
  EXPECT_EQ(problem_json(problem), R"({"type":"invalid-job","title":"Invalid job","status":422,)"
                                   R"("detail":"two fields are wrong","errors":[)"
                                   R"({"pointer":"/tasks","detail":"must be at least 1"},)"
                                   R"({"pointer":"/name","detail":"missing"}],"limit":3})");
  const Response response = problem_response(problem);
  EXPECT_EQ(response.status, 422);
  EXPECT_EQ(response.headers.get("content-type"), "application/problem+json");
}

TEST(ProblemTest, StaysValidJsonWhateverTheTextHolds) {
  EXPECT_EQ(json_quoted("a\"b\\c\n\t\x01"), R"("a\"b\\c\n\t\u0001")");
  EXPECT_EQ(json_quoted("두루"), "\"두루\"");
  EXPECT_EQ(json_quoted("\xff"), "\"\xEF\xBF\xBD\"");
  EXPECT_EQ(json_quoted("\xC0\xAF"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");          // overlong
  EXPECT_EQ(json_quoted("\xED\xA0\x80").find('\xED'), std::string::npos);      // a surrogate
  EXPECT_EQ(json_quoted("\xF4\x90\x80\x80").find('\xF4'), std::string::npos);  // too large
  EXPECT_EQ(json_quoted("\xE2\x82"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");          // cut off
}

}  // namespace
}  // namespace duru::http
