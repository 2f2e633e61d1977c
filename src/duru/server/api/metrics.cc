#include "duru/server/api/metrics.h"

namespace duru {

void MetricsText::begin(std::string name, std::string_view type, std::string_view help) {
  name_ = std::move(name);
  text_ += "# HELP " + name_ + " ";
  text_ += help;
  text_ += "\n# TYPE " + name_ + " ";
  text_ += type;
  text_ += '\n';
}

void MetricsText::add(std::initializer_list<std::pair<std::string_view, std::string_view>> labels,
                      std::int64_t value) {
  text_ += name_;
  char before = '{';
  for (const auto& [label, label_value] : labels) {
    text_ += before;
    before = ',';
    text_ += label;
    text_ += "=\"";
    for (const char c : label_value) {
      if (c == '\n') {
        text_ += "\\n";
        continue;
      }
      if (c == '"' || c == '\\') text_ += '\\';
      text_ += c;
    }
    text_ += '"';
  }
  if (before == ',') text_ += '}';
  text_ += " " + std::to_string(value) + "\n";
}

}  // namespace duru
