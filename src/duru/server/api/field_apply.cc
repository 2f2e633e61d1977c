// POST /v1/apply: fleets, releases and rollouts, all of them or none.
#include <algorithm>

#include "duru/api/render.h"
#include "duru/base/wire.h"
#include "duru/field/protocol.h"
#include "duru/server/api/backend.h"
#include "duru/server/api/bodies.h"

namespace duru {
namespace {

constexpr std::int32_t kManifestFormat = 1;

// Makes releases of what was asked for: files by what was uploaded, chips by their names, one
// manifest as an artifact of its own, and the installation's signature under it.
class ReleaseMaker {
 public:
  explicit ReleaseMaker(Backend& backend) : backend_(backend) {}

  // Why it cannot be one, if so.
  Result<Rejection> make(const ReleaseBody& asked, const std::string& at, Release& release) {
    Manifest& manifest = release.manifest;
    manifest.format = kManifestFormat;
    manifest.release = asked.name.str();
    manifest.files = asked.files;
    manifest.command = asked.command;
    manifest.env = asked.env;
    manifest.probe = asked.probe;
    for (std::size_t i = 0; i < manifest.files.size(); ++i) {
      const Result<Bytes> size = backend_.context().artifacts.touch(manifest.files[i].digest);
      if (!size.ok()) return missing(manifest.files[i], at + "/files/" + std::to_string(i));
      manifest.files[i].size = size.value();
    }
    std::sort(manifest.files.begin(), manifest.files.end(),
              [](const JobFile& a, const JobFile& b) { return a.path < b.path; });
    for (std::size_t i = 0; i < asked.chips.size(); ++i) {
      const ChipName chip = chip_named(asked.chips[i].str());
      if (chip.empty()) return unknown_chip(asked.chips[i], at + "/chips/" + std::to_string(i));
      manifest.chips.push_back(chip);
    }
    const std::string bytes = to_json(manifest, JsonForm::kSparse);
    if (bytes.size() > kManifestBytesMax) return too_large(bytes.size(), at);
    const Result<Artifact> stored = backend_.context().artifacts.put_bytes(bytes);
    if (!stored.ok()) return stored.error();
    release.name = asked.name;
    release.digest = stored.value().digest;
    release.signature = backend_.context().signer.sign(bytes);
    return Rejection{};
  }

 private:
  static Rejection missing(const JobFile& file, const std::string& at) {
    return {"invalid", "there is no artifact " + file.digest.hex(),
            "upload it to /v1/projects/default/artifacts first", at + "/digest"};
  }
  static Rejection too_large(std::size_t bytes, const std::string& at) {
    return {"invalid",
            "the release's manifest would have " + std::to_string(bytes) + " bytes, " +
                std::to_string(kManifestBytesMax) + " at most",
            "pack many files into one", at + "/files"};
  }
  static Rejection unknown_chip(const ChipName& chip, const std::string& at) {
    return {"unknown-chip", "there is no chip \"" + chip.str() + "\" in the catalogue",
            "duru get chips lists it", at};
  }
  ChipName chip_named(const std::string& name) const {
    return backend_.context().view.read([&](const View::Reading& reading) {
      const auto chip = reading.state.chip_by_alias.find(name);
      return chip == reading.state.chip_by_alias.end() ? ChipName() : chip->second;
    });
  }

  Backend& backend_;
};

// What the command is going to make and change, as the view has things: "fleet/cams". Whatever
// else it names is there already as it says.
struct Changes {
  std::vector<std::string> created;
  std::vector<std::string> changed;
};

Changes changes_of(const EdgeState& state, const ApplyField& command) {
  Changes changes;
  for (const Fleet& fleet : command.fleets) {
    const std::string name = "fleet/" + fleet.name.str();
    const auto known = state.fleets.find(fleet.name);
    if (known == state.fleets.end()) {
      changes.created.push_back(name);
    } else if (encode(known->second.fleet) != encode(fleet)) {
      changes.changed.push_back(name);
    }
  }
  for (const Release& release : command.releases) {
    if (state.releases.count(release.name) > 0) continue;
    changes.created.push_back("release/" + release.name.str());
  }
  for (const Rollout& rollout : command.rollouts) {
    if (state.rollouts.count(rollout.name) > 0) continue;
    changes.created.push_back("rollout/" + rollout.name.str());
  }
  return changes;
}

std::string texts_json(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) {
    if (out.size() > 1) out += ',';
    write_json_string(text, out);
  }
  return out + "]";
}

template <class Table, class Items, class Render>
std::string objects_json(const Table& table, const Items& items, Render render) {
  std::string out = "[";
  for (const auto& item : items) {
    if (out.size() > 1) out += ',';
    out += to_json(render(table.at(item.name)));
  }
  return out + "]";
}

std::string answer_of(const EdgeState& state, const ApplyField& command, const Changes& changes) {
  const auto fleet = [&](const FleetRecord& f) { return fleet_object(state, f); };
  const auto release = [](const Release& r) { return release_object(r); };
  const auto rollout = [&](const RolloutRecord& r) { return rollout_object(state, r); };
  return "{\"fleets\":" + objects_json(state.fleets, command.fleets, fleet) +
         ",\"releases\":" + objects_json(state.releases, command.releases, release) +
         ",\"rollouts\":" + objects_json(state.rollouts, command.rollouts, rollout) +
         ",\"created\":" + texts_json(changes.created) +
         ",\"changed\":" + texts_json(changes.changed) + "}";
}

// The command has a manifest where the body has its fields; what it names and is not there is a
// fault of the body.
void point_into_body(Rejection& rejection) {
  constexpr std::string_view kManifest = "/manifest";
  const std::size_t at = rejection.pointer.find(kManifest);
  if (rejection.pointer.rfind("/releases/", 0) == 0 && at != std::string::npos) {
    rejection.pointer.erase(at, kManifest.size());
  }
  // 404 is for what the path names.
  if (rejection.type == "not-found") {
    rejection.type = "unknown-" + rejection.pointer.substr(rejection.pointer.rfind('/') + 1);
  }
}

void apply(Backend& backend, const http::Request& request, http::Responder responder,
           ApplyField command) {
  Order order;
  const auto shared = std::make_shared<const ApplyField>(command);
  Changes changes = backend.context().view.read(
      [&](const View::Reading&) { return changes_of(backend.context().edge.state(), command); });
  order.answer = [&edge = backend.context().edge_writer, shared, changes = std::move(changes)](
                     const State&, const Accepted&) {
    return answer_of(edge.state(), *shared, changes);
  };
  order.adjust = point_into_body;
  order.command = std::move(command);
  backend.submit(request, std::move(responder), std::move(order));
}

void make_and_apply(Backend& backend, const RequestPtr& request, http::Responder responder,
                    ApplyBody body) {
  ApplyField command{std::move(body.fleets), {}, std::move(body.rollouts)};
  ReleaseMaker maker(backend);
  for (std::size_t i = 0; i < body.releases.size(); ++i) {
    Release release;
    const Result<Rejection> why =
        maker.make(body.releases[i], "/releases/" + std::to_string(i), release);
    if (!why.ok() || !why.value().empty()) {
      responder.send(why.ok() ? rejection_response(why.value()) : error_response(why.error()));
      return;
    }
    command.releases.push_back(std::move(release));
  }
  apply(backend, *request, std::move(responder), std::move(command));
}

void post_apply(Backend& backend, const RequestPtr& request, http::Responder responder) {
  std::optional<ApplyBody> body = read_body<ApplyBody>(*request, responder);
  if (!body.has_value()) return;
  backend.files().add([&backend, request, responder, body = std::move(*body)]() mutable {
    make_and_apply(backend, request, std::move(responder), std::move(body));
  });
}

}  // namespace

void add_field_apply_route(http::Router& router, Backend& backend) {
  router.add("POST", "/v1/apply", [&backend](const RequestPtr& request, http::Responder responder) {
    post_apply(backend, request, std::move(responder));
  });
}

}  // namespace duru
