#include "duru/cli/show.h"

#include <boost/json.hpp>

#include "duru/base/clock.h"
#include "duru/cli/exit_code.h"
#include "duru/cli/json_access.h"
#include "duru/cli/yaml_text.h"

namespace duru::cli {
namespace {

std::string with_line_end(std::string text) {
  if (text.empty() || text.back() != '\n') text += '\n';
  return text;
}

void show_table(Context& context, const KindInfo& kind,
                const std::vector<const boost::json::value*>& items) {
  Table table = empty_table(kind, context.output());
  for (const boost::json::value* item : items) {
    add_row(table, kind, context.output(), *item, wall_time());
  }
  context.console().out(table.text(!context.options().no_headers, context.console().colored()));
}

}  // namespace

void show_json(Context& context, const boost::json::value& value) {
  context.console().out(context.output() == Output::kYaml ? to_yaml(value)
                                                          : with_line_end(json_text(value)));
}

void show_list(Context& context, const KindInfo& kind, const std::string& body,
               const std::vector<const boost::json::value*>& items) {
  switch (context.output()) {
    case Output::kJson:
      return context.console().out(with_line_end(body));
    case Output::kYaml: {
      const auto parsed = parse_answer(body);
      if (parsed.ok()) show_json(context, parsed.value());
      return;
    }
    case Output::kName:
      for (const boost::json::value* item : items) {
        context.console().out(name_of(kind, *item) + "\n");
      }
      return;
    case Output::kTable:
    case Output::kWide:
      if (items.empty()) return context.console().note("no " + kind.plural);
      return show_table(context, kind, items);
  }
}

void show_object(Context& context, const KindInfo& kind, const boost::json::value& object) {
  switch (context.output()) {
    case Output::kJson:
    case Output::kYaml:
      return show_json(context, object);
    case Output::kName:
      return context.console().out(name_of(kind, object) + "\n");
    case Output::kTable:
    case Output::kWide:
      return show_table(context, kind, {&object});
  }
}

int show_submitted(Context& context, const std::string& answer) {
  const auto parsed = parse_answer(answer);
  if (!parsed.ok()) return context.fail(parsed.error());
  const KindInfo& kind = *find_kind_info("job");
  std::vector<const boost::json::value*> jobs;
  for (const auto& item : list_of(parsed.value(), "items")) jobs.push_back(&item);
  const bool is_list = member_of(parsed.value(), "items") != nullptr;
  if (!is_list) jobs.push_back(&parsed.value());
  if (context.output() == Output::kJson || context.output() == Output::kYaml) {
    show_json(context, parsed.value());
    return kExitOk;
  }
  if (context.output() == Output::kName) {
    for (const auto* job : jobs) context.console().out(name_of(kind, *job) + "\n");
    return kExitOk;
  }
  for (const auto* job : jobs) {
    context.console().out(text_of(*job, "name") + "  " + text_of(*job, "id") + "  " +
                          text_of(*job, "state") + "\n");
  }
  if (!jobs.empty()) {
    const std::string last = text_of(*jobs.back(), "name");
    context.console().note("next: duru wait " + last + ", duru logs -f " + last +
                           ", duru explain " + last);
  }
  return kExitOk;
}

int show_done(Context& context, const KindInfo& kind, const std::string& answer,
              const std::string& sentence) {
  const Output output = context.output();
  if (output == Output::kTable || output == Output::kWide) {
    context.console().note(sentence);
    return kExitOk;
  }
  const auto parsed = parse_answer(answer);
  if (!parsed.ok()) return context.fail(parsed.error());
  if (output == Output::kName) {
    context.console().out(name_of(kind, parsed.value()) + "\n");
  } else {
    show_json(context, parsed.value());
  }
  return kExitOk;
}

}  // namespace duru::cli
