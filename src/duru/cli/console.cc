#include "duru/cli/console.h"

namespace duru::cli {

void Console::out(std::string_view bytes) {
  out_ << bytes;
  out_.flush();
}

void Console::note(std::string_view line) {
  err_ << line << '\n';
  err_.flush();
}

void Console::progress(std::string_view line) {
  if (traits_.error_is_terminal) note(line);
}

std::string paint(std::string_view text, Color color) {
  const char* code = nullptr;
  switch (color) {
    case Color::kNone:
      return std::string(text);
    case Color::kGood:
      code = "32";
      break;
    case Color::kBad:
      code = "31";
      break;
    case Color::kWaiting:
      code = "33";
      break;
    case Color::kDim:
      code = "2";
      break;
  }
  return std::string("\x1b[") + code + "m" + std::string(text) + "\x1b[0m";
}

}  // namespace duru::cli
