// Where the program speaks: data on stdout, messages on stderr, progress on stderr and only on a
// terminal.
//
//   console.out(table.text());
//   console.note("cancelled train; duru get job train shows how it ended");
//   console.progress("train waits: no_capacity");     // silent in a pipe
//
// Everything is written at once, so that stdout and stderr keep their order on a terminal.
#pragma once

#include <ostream>
#include <string>
#include <string_view>

namespace duru::cli {

enum class Color { kNone, kGood, kBad, kWaiting, kDim };

struct ConsoleTraits {
  bool error_is_terminal = false;
  bool colored = false;  // stdout is a terminal and nobody asked for plain text (NO_COLOR)
};

class Console {
 public:
  Console(std::ostream& out, std::ostream& err, ConsoleTraits traits)
      : out_(out), err_(err), traits_(traits) {}

  void out(std::string_view bytes);
  void note(std::string_view line);
  void progress(std::string_view line);
  // False once something did not get out: a full disk, a closed pipe.
  bool all_out() const { return out_.good(); }
  bool colored() const { return traits_.colored; }
  bool shows_progress() const { return traits_.error_is_terminal; }

 private:
  std::ostream& out_;
  std::ostream& err_;
  ConsoleTraits traits_;
};

std::string paint(std::string_view text, Color color);

}  // namespace duru::cli
