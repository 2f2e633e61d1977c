// A list that is ordered by name, page by page, in bounded steps under the view's lock.
//
//   add_list_route(router, backend, "/v1/chips", [](const State& state, const StepBudget& budget,
//                                                   Page& page) {
//     return fill_from(state.chips, budget, page, [&](const Chip& c) { return chip_object(state,
//     c); });
//   });
#pragma once

#include "duru/server/api/backend.h"

namespace duru {

// What comes after `continue`.
struct Page {
  std::size_t limit = 0;
  std::string filter;  // what the list is narrowed to; "": nothing
  std::string after;   // the last name that was taken or passed over; "" at the start
  std::vector<std::string> items;
  std::string as_of;
  bool more = false;  // something is left behind the page

  bool full() const { return items.size() >= limit; }
  void take(std::string name, std::string json) {
    after = std::move(name);
    items.push_back(std::move(json));
  }
};

// Fills `page` from one reading; true: the step ended before the list and the page did.
using FillStep = std::function<bool(const State& state, const StepBudget& budget, Page& page)>;

// `filter` names the query parameter that may narrow it.
void add_list_route(http::Router& router, Backend& backend, const char* pattern, FillStep fill,
                    const char* filter = nullptr);

// What `wants` of a table by name.
template <class Map, class Wants, class Render>
bool fill_wanted(const Map& table, const StepBudget& budget, Page& page, Wants wants,
                 Render render) {
  using Name = typename Map::key_type;
  for (auto it = table.upper_bound(Name(page.after)); it != table.end(); ++it) {
    const bool wanted = wants(it->first);
    page.more = wanted && page.full();
    if (page.more) return false;
    if (budget.spent()) return true;
    if (wanted) {
      page.take(it->first.str(), to_json(render(it->second)));
    } else {
      page.after = it->first.str();
    }
  }
  return false;
}

// All of it.
template <class Map, class Render>
bool fill_from(const Map& table, const StepBudget& budget, Page& page, Render render) {
  return fill_wanted(
      table, budget, page, [](const auto&) { return true; }, render);
}

}  // namespace duru
