// What somebody may have meant by a word that is not known.
//
//   did_you_mean("sumbit", {"submit", "wait"})  ->  "did you mean \"submit\"?"
#pragma once

#include <string>
#include <vector>

namespace duru {

// The known word for what others call so ("pending": "queued"), else the nearest, at most a third
// of its characters away by inserting, leaving out, changing or swapping two neighbours; "" if none
// is so near. Of equally near ones the first.
std::string nearest_word(const std::string& word, const std::vector<std::string>& known);
// "" if nothing is near.
std::string did_you_mean(const std::string& word, const std::vector<std::string>& known);

}  // namespace duru
