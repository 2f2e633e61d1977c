#include "duru/cli/apply_document.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "duru/base/json.h"
#include "duru/catalog/load.h"
#include "duru/cli/json_access.h"
#include "duru/edge/check.h"

namespace duru::cli {
namespace {

namespace bj = boost::json;

constexpr std::size_t kDocumentsMax = 1000;
constexpr std::int64_t kMillion = 1'000'000;

struct Part {
  std::string text;
  int lines_before = 0;
};

bool is_separator(std::string_view line) {
  return line.substr(0, 3) == "---" && line.find_first_not_of(" \t\r", 3) == std::string_view::npos;
}

bool is_blank(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::size_t word = text.substr(0, end).find_first_not_of(" \t\r");
    if (word != std::string_view::npos && text[word] != '#') return false;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return true;
}

// At lines that are `---`: in YAML such a line always ends a document.
std::vector<Part> split(std::string_view text) {
  std::vector<Part> parts(1);
  int line_number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n') + 1, text.size());
    const std::string_view line = text.substr(0, end == 0 ? text.size() : end);
    ++line_number;
    std::string_view bare = line;
    if (!bare.empty() && bare.back() == '\n') bare.remove_suffix(1);
    if (is_separator(bare)) {
      parts.push_back({"", line_number});
    } else {
      parts.back().text += line;
    }
    text.remove_prefix(line.size());
  }
  std::erase_if(parts, [](const Part& part) { return is_blank(part.text); });
  return parts;
}

// "12.5%" in parts per million.
bool parse_percent(std::string_view text, std::int64_t& ppm) {
  if (text.empty() || text.back() != '%') return false;
  return parse_decimal(text.substr(0, text.size() - 1), 4, ppm) && ppm >= 0 && ppm <= kMillion;
}

// One document, as the API takes it.
class PartReader {
 public:
  PartReader(ApplyDocument& out, std::string pointer)
      : out_(out), pointer_(std::move(pointer)), problems_before_(out.problems.size()) {}

  void read(const bj::value& root) {
    if (!root.is_object())
      return problem("", "expected `kind:` and its fields, got " + kind_text(root));
    bj::object rest = root.get_object();
    const bj::value* kind = rest.if_contains("kind");
    if (kind == nullptr) return problem("", "expected `kind: Fleet`, `Release` or `Rollout`");
    const std::string name = scalar_text(*kind);
    const std::string got = kind_text(*kind);
    rest.erase("kind");
    if (name == "Fleet") return read_fleet(rest);
    if (name == "Release") return read_release(rest);
    if (name == "Rollout") return read_rollout(rest);
    problem("/kind", "expected Fleet, Release or Rollout, got " + got);
  }

 private:
  void problem(const std::string& at, std::string detail) {
    const std::string pointer = pointer_ + at;
    out_.problems.push_back({out_.positions.find(pointer), pointer, std::move(detail)});
  }
  void remark(const std::string& at, std::string detail) {
    const std::string pointer = pointer_ + at;
    out_.remarks.push_back({out_.positions.find(pointer), pointer, std::move(detail)});
  }
  // Nothing where its form is wrong.
  template <class T>
  std::optional<T> read(const std::string& json) {
    JsonResult<T> result = from_json<T>(json);
    for (const JsonProblem& p : result.problems) problem(file_pointer(p.pointer), p.detail);
    if (!result.ok()) return std::nullopt;
    return std::move(result.value);
  }
  bool is_in_form() const { return out_.problems.size() == problems_before_; }
  // What the server would refuse in any case. `at` is where the rejection's pointers begin.
  void judge(const Rejection& rejection, std::string_view at) {
    if (rejection.empty() || !is_in_form()) return;
    const bool is_below = rejection.pointer.rfind(at, 0) == 0;
    problem(file_pointer(is_below ? rejection.pointer.substr(at.size()) : ""),
            rejection.detail + (rejection.help.empty() ? "" : "; " + rejection.help));
  }
  // What the API knows and a file does not say itself.
  void refuse(const bj::object& fields, std::initializer_list<const char*> names) {
    for (const char* name : names) {
      if (fields.contains(name)) problem(std::string("/") + name, "unknown field");
    }
  }
  static std::string file_pointer(std::string pointer);

  void read_fleet(const bj::object& fields) {
    const std::string json = json_text(fields);
    if (const auto fleet = read<Fleet>(json)) {
      judge(check(EdgeState(), ApplyField{{*fleet}, {}, {}}), "/fleets/0");
    }
    out_.fleets.emplace_back(pointer_, json);
  }

  void read_release(bj::object& fields) {
    refuse(fields, {"format", "release"});
    LocalRelease release;
    release.pointer = pointer_;
    if (const bj::value* files = fields.if_contains("files")) {
      release.files = read_local_files(
          *files, pointer_ + "/files", [this](const std::string& at, std::string detail) {
            out_.problems.push_back({out_.positions.find(at), at, std::move(detail)});
          });
      // As the manifest has them, so that what the server says of the third is about the third.
      std::sort(release.files.begin(), release.files.end(),
                [](const LocalFile& a, const LocalFile& b) { return a.path < b.path; });
      fields.erase("files");
    }
    release.name = text_of(fields, "name");
    release.json = json_text(fields);
    // A manifest has the same fields but for the name, which it calls release.
    bj::object manifest = fields;
    manifest.erase("name");
    if (auto said = read<Manifest>(json_text(manifest))) judge_release(release.name, *said);
    out_.releases.push_back(std::move(release));
  }

  void read_rollout(bj::object& fields) {
    refuse(fields, {"success_ppm", "failure_ppm"});
    read_share(fields, "success", "success_ppm");
    read_share(fields, "failure", "failure_ppm");
    if (bj::value* waves = fields.if_contains("waves")) read_waves(*waves);
    const std::string json = json_text(fields);
    if (const auto rollout = read<Rollout>(json)) judge_rollout(*rollout);
    out_.rollouts.emplace_back(pointer_, json);
  }

  // As it will be when the server has signed it.
  void judge_release(const std::string& name, Manifest manifest) {
    manifest.format = 1;
    manifest.release = name;
    const Digest digest = sha256(to_json(manifest, JsonForm::kSparse));
    const Release release{ReleaseName(name), manifest, digest, std::string(kSignatureLength, '0')};
    judge(check(EdgeState(), ApplyField{{}, {release}, {}}), "/releases/0");
    static const Result<Catalog> catalog = load_catalog("");
    for (std::size_t i = 0; i < manifest.chips.size(); ++i) {
      const std::string& chip = manifest.chips[i].str();
      if (!catalog.ok() || catalog.value().find(chip) != nullptr) continue;
      remark("/chips/" + std::to_string(i), "the catalogue of this program has no chip \"" + chip +
                                                "\"; the server's may have one");
    }
  }

  // Its fleet and its release are elsewhere, but it names them.
  void judge_rollout(const Rollout& rollout) {
    const Rejection rejection = check(EdgeState(), ApplyField{{}, {}, {rollout}});
    if (rejection.type != "not-found") return judge(rejection, "/rollouts/0");
    if (!is_in_form()) return;
    if (rollout.fleet.empty()) problem("/fleet", "a rollout needs a fleet");
    if (rollout.release.empty()) problem("/release", "a rollout needs a release");
  }

  void read_share(bj::object& fields, std::string_view name, std::string_view api_name) {
    const bj::value* value = fields.if_contains(name);
    if (value == nullptr) return;
    std::int64_t ppm = 0;
    if (!value->is_null() && !parse_percent(scalar_text(*value), ppm)) {
      problem("/" + std::string(name),
              "expected a share from 0% to 100%, like 90%, got " + kind_text(*value));
    }
    if (!value->is_null()) fields[api_name] = ppm;
    fields.erase(name);
  }

  void read_waves(bj::value& waves) {
    if (!waves.is_array()) return;  // said with the other fields
    std::int64_t sum = 0;
    std::int64_t last = kMillion;
    for (std::size_t i = 0; i < waves.get_array().size(); ++i) {
      bj::value& wave = waves.get_array()[i];
      std::int64_t ppm = 0;
      if (wave.is_int64() && wave.get_int64() > 0) {
        wave = bj::object{{"count", wave.get_int64()}};
        last = kMillion;  // whoever counts knows how many are left
      } else if (wave.is_string() && parse_percent(scalar_text(wave), ppm) && ppm > 0) {
        wave = bj::object{{"share_ppm", ppm}};
        last = ppm;
        sum += ppm;
      } else {
        problem("/waves/" + std::to_string(i),
                "expected a share like 10%, or a count above 0, got " + kind_text(wave));
        wave = bj::object();
      }
    }
    if (last == kMillion || sum == kMillion) return;
    remark("/waves/" + std::to_string(waves.get_array().size() - 1),
           "the last wave takes all nodes that are left, whatever its share");
  }

  ApplyDocument& out_;
  const std::string pointer_;
  const std::size_t problems_before_;
};

// What the API calls a share is written another way.
std::string PartReader::file_pointer(std::string pointer) {
  for (const auto& [api, file] :
       {std::pair("/success_ppm", "/success"), std::pair("/failure_ppm", "/failure")}) {
    if (pointer == api) return file;
  }
  for (const char* part : {"/share_ppm", "/count"}) {
    const std::size_t at = pointer.find(part);
    if (pointer.rfind("/waves/", 0) == 0 && at != std::string::npos) pointer.erase(at);
  }
  constexpr std::string_view kManifest = "/manifest";
  if (pointer.rfind(kManifest, 0) == 0) pointer.erase(0, kManifest.size());
  return pointer;
}

void read_part(const Part& part, std::size_t number, ApplyDocument& out) {
  const std::string prefix = "/" + std::to_string(number);
  DocumentResult read = read_document(part.text, DocumentForm::kYamlOrJson);
  out.positions.add_all(read.document.positions, prefix, part.lines_before);
  for (FileProblem& p : read.problems) {
    p.at.line += part.lines_before;
    p.pointer = prefix + p.pointer;
    out.problems.push_back(std::move(p));
  }
  if (!read.problems.empty()) return;
  const auto root = parse_answer(read.document.json);
  if (!root.ok()) {
    out.problems.push_back({{part.lines_before + 1, 1}, prefix, root.error().message});
    return;
  }
  PartReader(out, prefix).read(root.value());
}

}  // namespace

ApplyDocument read_apply_document(std::string_view text) {
  ApplyDocument document;
  const std::vector<Part> parts = split(text);
  if (parts.empty() || parts.size() > kDocumentsMax) {
    document.problems.push_back(
        {{1, 1}, "", parts.empty() ? "there is nothing in it" : "has more than 1000 documents"});
    return document;
  }
  for (std::size_t i = 0; i < parts.size(); ++i) read_part(parts[i], i, document);
  std::stable_sort(document.problems.begin(), document.problems.end(),
                   [](const FileProblem& a, const FileProblem& b) {
                     return std::pair(a.at.line, a.at.column) < std::pair(b.at.line, b.at.column);
                   });
  return document;
}

std::string pointer_in_file(const ApplyDocument& document, std::string_view pointer) {
  const std::size_t slash = pointer.find('/', 1);
  if (pointer.empty() || slash == std::string_view::npos) return "";
  const std::string_view list = pointer.substr(1, slash - 1);
  std::size_t index = 0;
  const char* end = pointer.data() + pointer.size();
  const auto [stop, error] = std::from_chars(pointer.data() + slash + 1, end, index);
  if (error != std::errc()) return "";
  const std::string rest(stop, end);
  if (list == "fleets" && index < document.fleets.size()) {
    return document.fleets[index].first + rest;
  }
  if (list == "releases" && index < document.releases.size()) {
    return document.releases[index].pointer + rest;
  }
  if (list == "rollouts" && index < document.rollouts.size()) {
    return document.rollouts[index].first + rest;
  }
  return "";
}

}  // namespace duru::cli
