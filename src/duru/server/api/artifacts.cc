// Artifacts up and down: POST and GET /v1/projects/{project}/artifacts.
//
// An upload is named by its content, so repeating one is harmless and needs no Idempotency-Key.
#include "duru/server/api/backend.h"

namespace duru {
namespace {

std::string artifact_json(const Artifact& artifact) {
  return "{\"digest\":\"" + artifact.digest.hex() +
         "\",\"size_bytes\":" + std::to_string(artifact.size.value) + "}";
}

void post_artifact(Backend& backend, const RequestPtr& request, http::Responder responder) {
  if (!project_of(*request, responder).has_value()) return;
  backend.uploads().add([&backend, request, responder]() mutable {
    ArtifactStore& store = backend.context().artifacts;
    const Result<Artifact> artifact = request->upload.empty()
                                          ? store.put_bytes(request->body)
                                          : store.put_file(request->upload.path(), PutMode::kLink);
    responder.send(artifact.ok() ? http::json_response(201, artifact_json(artifact.value()))
                                 : error_response(artifact.error()));
  });
}

void get_artifact(Backend& backend, const RequestPtr& request, http::Responder responder) {
  if (!project_of(*request, responder).has_value()) return;
  const std::string& hex = request->parameter("digest");
  Digest digest;
  const bool is_digest = digest.parse(hex);
  const Result<std::string> path = is_digest ? backend.context().artifacts.path(digest)
                                             : Result<std::string>(Error{ErrorCode::kNotFound, ""});
  Result<http::Response> file = path.ok()
                                    ? http::file_response(path.value(), "application/octet-stream")
                                    : Result<http::Response>(path.error());
  if (file.ok()) {
    file.value().headers.add("ETag", "\"" + digest.hex() + "\"");
    responder.send(std::move(file.value()));
  } else if (file.error().code == ErrorCode::kNotFound) {
    responder.send(not_found_response("there is no artifact \"" + hex + "\"",
                                      "duru describe job NAME lists a job's outputs"));
  } else {
    responder.send(error_response(file.error()));
  }
}

}  // namespace

void add_artifact_routes(http::Router& router, Backend& backend) {
  router.add("POST", "/v1/projects/{project}/artifacts",
             [&backend](const RequestPtr& request, http::Responder responder) {
               post_artifact(backend, request, std::move(responder));
             },
             {.upload_folder = backend.context().data_dir + "/incoming"});
  router.add("GET", "/v1/projects/{project}/artifacts/{digest}",
             [&backend](const RequestPtr& request, http::Responder responder) {
               get_artifact(backend, request, std::move(responder));
             });
}

}  // namespace duru
