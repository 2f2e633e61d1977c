// The text that GET /metrics answers: Prometheus' exposition format 0.0.4, base units.
//
//   MetricsText text;
//   text.begin("duru_jobs", "gauge", "Jobs that the core holds, by state.");
//   text.add({{"state", "running"}}, 3);
//   responder.send(http::text_response(200, text.take(), MetricsText::kContentType));
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace duru {

class MetricsText {
 public:
  static constexpr const char* kContentType = "text/plain; version=0.0.4; charset=utf-8";

  void begin(std::string name, std::string_view type, std::string_view help);
  void add(std::initializer_list<std::pair<std::string_view, std::string_view>> labels,
           std::int64_t value);
  std::string take() { return std::move(text_); }

 private:
  std::string name_;
  std::string text_;
};

}  // namespace duru
