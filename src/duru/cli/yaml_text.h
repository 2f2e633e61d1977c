// JSON as YAML text for people, for `-o yaml`. Reads back as the same JSON with any YAML reader:
// what might be taken for something else is quoted.
//
//   to_yaml(parse(R"({"items": [{"name": "train"}]})"))  ->  "items:\n- name: train\n"
#pragma once

#include <boost/json/fwd.hpp>
#include <string>

namespace duru::cli {

std::string to_yaml(const boost::json::value& value);

}  // namespace duru::cli
