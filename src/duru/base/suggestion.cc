#include "duru/base/suggestion.h"

#include <algorithm>

namespace duru {
namespace {

// The optimal string alignment distance, by the table of Wagner and Fischer: O(|a| × |b|).
std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::vector<std::size_t>> steps(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) steps[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) steps[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = steps[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      steps[i][j] = std::min({steps[i - 1][j] + 1, steps[i][j - 1] + 1, change});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) steps[i][j] = std::min(steps[i][j], steps[i - 2][j - 2] + 1);
    }
  }
  return steps[a.size()][b.size()];
}

constexpr std::size_t kWordMax = 64;  // nobody meant a verb by more

// What others call it.
struct OtherWord {
  std::string_view theirs;
  std::string_view ours;
};
constexpr OtherWord kOtherWords[] = {
    {"pending", "queued"},      {"waiting", "queued"},     {"active", "running"},
    {"completed", "succeeded"}, {"success", "succeeded"},  {"done", "succeeded"},
    {"error", "failed"},        {"canceled", "cancelled"}, {"timeout", "expired"},
};

}  // namespace

std::string nearest_word(const std::string& word, const std::vector<std::string>& known) {
  if (word.size() > kWordMax) return "";
  const auto is_known = [&](std::string_view name) {
    return std::find(known.begin(), known.end(), name) != known.end();
  };
  for (const OtherWord& other : kOtherWords) {
    if (other.theirs == word && is_known(other.ours)) return std::string(other.ours);
  }
  std::string nearest;
  std::size_t least = kWordMax;
  for (const std::string& candidate : known) {
    const std::size_t steps = distance(word, candidate);
    if (steps > candidate.size() / 3 || steps >= least) continue;
    least = steps;
    nearest = candidate;
  }
  return nearest;
}

std::string did_you_mean(const std::string& word, const std::vector<std::string>& known) {
  const std::string nearest = nearest_word(word, known);
  return nearest.empty() ? "" : "did you mean \"" + nearest + "\"?";
}

}  // namespace duru
