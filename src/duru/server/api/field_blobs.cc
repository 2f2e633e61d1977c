// GET /v1/field/blobs/{digest}: a manifest or a file, to a node whose revision names it.
#include <charconv>

#include "duru/server/api/backend.h"
#include "duru/server/api/gate.h"

namespace duru {
namespace {

bool names(const EdgeState& field, const ReleaseRef& ref, const Digest& digest) {
  if (ref.digest == digest) return true;
  const auto release = field.releases.find(ReleaseName(ref.name));
  if (release == field.releases.end()) return false;
  for (const JobFile& file : release->second.manifest.files) {
    if (file.digest == digest) return true;
  }
  return false;
}

bool may_read(Backend& backend, const NodeName& name, const Digest& digest) {
  return backend.context().view.read([&](const View::Reading&) {
    const EdgeState& field = backend.context().edge.state();
    const FieldNodeRecord* node = field.node(name);
    const std::optional<Revision> revision = node == nullptr ? std::nullopt : field.revision(*node);
    if (!revision.has_value()) return false;
    return names(field, revision->current, digest) ||
           (revision->previous.has_value() && names(field, *revision->previous, digest));
  });
}

// "bytes=N-": the rest from byte N. Nothing for any other range, which may be passed over.
std::optional<std::uint64_t> rest_from(const http::Request& request) {
  const std::string* range = request.headers.find("Range");
  constexpr std::string_view kBytes = "bytes=";
  if (range == nullptr || range->rfind(kBytes, 0) != 0 || range->back() != '-') return std::nullopt;
  std::uint64_t from = 0;
  const char* end = range->data() + range->size() - 1;
  const auto [stop, error] = std::from_chars(range->data() + kBytes.size(), end, from);
  if (error != std::errc() || stop != end) return std::nullopt;
  return from;
}

http::Response part_of(http::Response whole, std::uint64_t from) {
  http::FileSlice& slice = *whole.file;
  const std::string size = std::to_string(slice.size_bytes);
  if (from >= slice.size_bytes) {
    http::Response none = http::problem_response({.status = 416,
                                                  .type = "range-not-satisfiable",
                                                  .title = "Range not satisfiable",
                                                  .detail = "there are only " + size + " bytes"});
    none.headers.add("Content-Range", "bytes */" + size);
    return none;
  }
  whole.status = 206;
  whole.headers.add("Content-Range", "bytes " + std::to_string(from) + "-" +
                                         std::to_string(slice.size_bytes - 1) + "/" + size);
  slice.offset_bytes = from;
  slice.size_bytes -= from;
  return whole;
}

http::Response blob(Backend& backend, const http::Request& request, const Digest& digest) {
  const Result<std::string> path = backend.context().artifacts.path(digest);
  Result<http::Response> whole = path.ok()
                                     ? http::file_response(path.value(), "application/octet-stream")
                                     : Result<http::Response>(path.error());
  if (!whole.ok()) return error_response(whole.error());
  whole.value().headers.add("ETag", "\"" + digest.hex() + "\"");
  whole.value().headers.add("Accept-Ranges", "bytes");
  const std::optional<std::uint64_t> from = rest_from(request);
  return from.has_value() ? part_of(std::move(whole.value()), *from) : std::move(whole.value());
}

void get_blob(Backend& backend, const RequestPtr& request, http::Responder responder) {
  Digest digest;
  if (!digest.parse(request->parameter("digest")) ||
      !may_read(backend, node_of_caller(*request), digest)) {
    responder.send(http::problem_response(
        {.status = 403,
         .type = "not-yours",
         .title = "Not yours",
         .detail = "the node's revision names no such blob",
         .extensions = {{"help", http::json_quoted("sync, and fetch what the revision names")}}}));
    return;
  }
  responder.send(blob(backend, *request, digest));
}

}  // namespace

void add_field_blob_route(http::Router& router, Backend& backend) {
  router.add("GET", "/v1/field/blobs/{digest}",
             [&backend](const RequestPtr& request, http::Responder responder) {
               get_blob(backend, request, std::move(responder));
             });
}

}  // namespace duru
