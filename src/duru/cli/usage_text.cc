#include "duru/cli/usage_text.h"

#include <boost/json.hpp>
#include <set>

#include "duru/base/units.h"
#include "duru/cli/json_access.h"
#include "duru/cli/kinds.h"

namespace duru::cli {
namespace {

namespace bj = boost::json;

constexpr int kPlaces = 6;
constexpr const char* kCpuNote = "CPU-S: processors reserved × held time, used or not\n";

std::int64_t millionths(const bj::value& object, std::string_view field) {
  std::int64_t value = 0;
  return parse_decimal(text_of(object, field), kPlaces, value) ? value : 0;
}

// Rounded to a tenth of a per cent, but never to none or all of it where it is neither.
std::string share(std::int64_t part, std::int64_t whole) {
  if (whole <= 0) return "-";
  const Wide tenths = (Wide{part} * 2000 + whole) / (Wide{whole} * 2);
  if (tenths == 0 && part > 0) return "<0.1%";
  if (tenths == 1000 && part < whole) return ">99.9%";
  return format_decimal(tenths, 1) + "%";
}

std::string class_table(const bj::value& usage, bool headers) {
  constexpr const char* kCapacity = "capacity_accelerator_seconds";
  Table table({"TIME", "ACCELERATOR-SECONDS", "SHARE"});
  const std::int64_t capacity = millionths(usage, kCapacity);
  for (const char* name : {"used", "idle", "maintenance", "failed", "foreign"}) {
    const std::string field = std::string(name) + "_accelerator_seconds";
    table.add({{name},
               {text_of(usage, field), Color::kNone, true},
               {share(millionths(usage, field), capacity), Color::kNone, true}});
  }
  table.add({{"capacity"},
             {text_of(usage, kCapacity), Color::kNone, true},
             {share(capacity, capacity), Color::kNone, true}});
  return table.text(headers, false);
}

// What one side, emulated or real, comes to.
struct Total {
  Wide accelerator = 0;
  Wide cpu = 0;
  Wide joules = 0;
  Wide credits = 0;
  bool any = false;
  bool any_joules = false;
  bool lacks_joules = false;  // some item has no figure for its energy

  void add(const bj::value& item) {
    any = true;
    accelerator += millionths(item, "accelerator_seconds");
    cpu += millionths(item, "cpu_seconds");
    credits += millionths(item, "cost_credits");
    const bool has = !text_of(item, "energy_joules").empty();
    (has ? any_joules : lacks_joules) = true;
    if (has) joules += millionths(item, "energy_joules");
  }
  std::string joules_text() const {
    if (!any_joules) return "-";
    return (lacks_joules ? "≥ " : "") + format_decimal(joules, kPlaces);
  }
};

Cell number(std::string text) { return {text.empty() ? "-" : std::move(text), Color::kNone, true}; }

void add_item(Table& table, const bj::value& item, bool wide) {
  const std::string chip = chip_text(item);
  std::vector<Cell> row = {{text_of(item, "project")},
                           {text_of(item, "job")},
                           {chip == "-" ? "no accelerator" : chip},
                           {chip == "-" ? "-" : text_of(item, "track")},
                           number(text_of(item, "accelerator_seconds")),
                           number(text_of(item, "cpu_seconds")),
                           number(text_of(item, "energy_joules")),
                           number(text_of(item, "cost_credits"))};
  if (wide) {
    row.push_back({text_of(item, "job_id")});
    row.push_back({text_of(item, "energy_method")});
    row.push_back({text_of(item, "price_kind")});
  }
  table.add(std::move(row));
}

void add_total(Table& table, const std::string& label, const Total& total, bool wide) {
  if (!total.any) return;
  std::vector<Cell> row = {{label},
                           {""},
                           {""},
                           {""},
                           number(format_decimal(total.accelerator, kPlaces)),
                           number(format_decimal(total.cpu, kPlaces)),
                           number(total.joules_text()),
                           number(format_decimal(total.credits, kPlaces))};
  if (wide) row.insert(row.end(), 3, {""});
  table.add(std::move(row));
}

// Each way in which a figure of energy was made, once.
std::string energy_notes(const bj::array& items) {
  std::set<std::string> notes;
  for (const bj::value& item : items) {
    const std::string method = text_of(item, "energy_method");
    if (method.empty() || method == "none") continue;
    const std::string source = text_of(item, "energy_source");
    notes.insert(std::string("energy of ") + (flag_of(item, "emulated") ? "emulated" : "real") +
                 " accelerators: " + method + (source.empty() ? "" : ", " + source));
  }
  std::string text;
  for (const std::string& note : notes) text += note + "\n";
  return text;
}

// What the nodes of each fleet did; nothing where there is no field.
std::string field_table(const bj::value& usage, bool headers) {
  const bj::array& lines = list_of(usage, "field");
  if (lines.empty()) return "";
  Table table({"FLEET", "CHIP", "NODES", "UP-S", "INFERENCES", "RESTARTS", "J/INFERENCE"});
  for (const bj::value& line : lines) {
    table.add({{text_of(line, "fleet")},
               {chip_text(line)},
               number(text_of(line, "node_count")),
               number(text_of(line, "up_seconds")),
               number(text_of(line, "inferences")),
               number(text_of(line, "restarts")),
               number(text_of(line, "joules_per_inference"))});
  }
  return "\n" + table.text(headers, false) + "as the nodes last counted, over their whole life\n";
}

}  // namespace

std::string usage_text(const bj::value& usage, bool wide, bool headers) {
  const bj::array& items = list_of(usage, "items");
  std::vector<std::string> columns = {"PROJECT",       "JOB",   "CHIP",     "TRACK",
                                      "ACCELERATOR-S", "CPU-S", "ENERGY-J", "COST-CREDITS"};
  if (wide) columns.insert(columns.end(), {"JOB-ID", "ENERGY-METHOD", "PRICE-KIND"});
  Table table(std::move(columns));
  Total real, emulated;
  for (const bj::value& item : items) {
    add_item(table, item, wide);
    (flag_of(item, "emulated") ? emulated : real).add(item);
  }
  add_total(table, "total real", real, wide);
  add_total(table, "total emulated", emulated, wide);

  std::string text = "from " + text_of(usage, "from") + " to " + text_of(usage, "to") + "\n\n" +
                     class_table(usage, headers) + "\n";
  text += items.empty() ? std::string("no job held anything in this time\n")
                        : table.text(headers, false) + "\n" + kCpuNote + energy_notes(items);
  text += field_table(usage, headers);
  if (emulated.any) text += "times are this machine's CPU's, not the chip's\n";
  return text;
}

}  // namespace duru::cli
