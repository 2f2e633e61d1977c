// YAML as JSON text with the lines it came from, so that records (base/record.h) can be read from
// it and a problem at "/inputs/2/at" be told as a line.
//
//   Result<YamlText> yaml = read_yaml("a.yaml", text);
//   from_json<Scenario>(yaml.value().json);   yaml.value().line_of("/inputs/2/at");
//
// Plain scalars: null, true, false and whole numbers are what they look like, everything else is
// text, as what is quoted. Doubled keys and aliases are errors.
#pragma once

#include <map>
#include <string>

#include "duru/base/result.h"

namespace duru {

struct YamlText {
  std::string json;
  std::map<std::string, int> lines;  // JSON pointer -> line, from 1

  int line_of(std::string pointer) const;  // of the nearest thing around it
};

Result<YamlText> read_yaml(const std::string& file, const std::string& text);

}  // namespace duru
