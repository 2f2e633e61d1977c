#include "duru/server/api/paged_list.h"

#include "duru/server/api/query.h"

namespace duru {
namespace {

void get_list(Backend& backend, const RequestPtr& request, http::Responder responder,
              const FillStep& fill, const char* filter) {
  QueryReader query(request->query);
  Page page;
  page.limit = query.limit();
  page.after = query.text("continue");
  if (filter != nullptr) page.filter = query.text(filter);
  if (auto bad = query.problem({"limit", "continue", filter == nullptr ? "limit" : filter})) {
    responder.send(*bad);
    return;
  }
  bool unfinished = true;
  while (unfinished) {
    unfinished = backend.context().view.read([&](const View::Reading& reading) {
      if (page.as_of.empty()) {
        page.as_of = backend.context().watch.position(reading.state, reading.applied_seq);
      }
      return fill(reading.state, StepBudget(), page);
    });
  }
  responder.send(http::json_response(
      200,
      list_json(page.items, page.as_of, page.more ? std::optional(page.after) : std::nullopt)));
}

}  // namespace

void add_list_route(http::Router& router, Backend& backend, const char* pattern, FillStep fill,
                    const char* filter) {
  router.add("GET", pattern,
             [&backend, fill = std::move(fill), filter](const RequestPtr& request,
                                                        http::Responder responder) {
               get_list(backend, request, std::move(responder), fill, filter);
             });
}

}  // namespace duru
