// Message: a command, fact or observation with its kind, whatever its record is. The loop and the
// journal carry messages without knowing their bodies; a room asks for the body it understands:
//
//   Message m(JobEnded{…});
//   if (const auto* ended = m.as<JobEnded>()) …
//
// A kind is {family, module, number, version, name}; numbers are never used again for another
// thing. The kinds of a family are registered once in a table (facts.cc, commands.cc,
// observations.cc) that tests pin.
#pragma once

#include <memory>

#include "duru/base/record.h"
#include "duru/base/result.h"

namespace duru {

enum class Family : std::uint8_t { kFact, kCommand, kObservation };

struct Kind {
  Family family{};
  std::string_view module;  // "system", "core", later "edge"
  std::int32_t number = 0;  // unique within the family, over all modules
  std::int32_t version = 1;
  std::string_view name;  // "job_ended"
  const Type& (*type)() = nullptr;
  std::shared_ptr<void> (*make)() = nullptr;
};

// The kind of a record: specialised beside each list of kinds by DURU_DECLARE_KIND.
template <class T>
const Kind& kind_of();

class Message {
 public:
  Message() = default;
  template <class T>
  requires requires { kind_of<T>(); }
  Message(T body)  // NOLINT: a body is a message
      : kind_(&kind_of<T>()), body_(std::make_shared<const T>(std::move(body))) {}
  Message(const Kind& kind, std::shared_ptr<const void> body)
      : kind_(&kind), body_(std::move(body)) {}

  bool empty() const { return kind_ == nullptr; }
  const Kind& kind() const { return *kind_; }
  const void* body() const { return body_.get(); }
  template <class T>
  const T* as() const {
    return kind_ == &kind_of<T>() ? static_cast<const T*>(body_.get()) : nullptr;
  }

 private:
  const Kind* kind_ = nullptr;
  std::shared_ptr<const void> body_;
};

// The kind with this number, or an error that names it: written by a newer version.
Result<const Kind*> find_kind(Family family, std::int32_t number, std::int32_t version);
std::vector<const Kind*> all_kinds(Family family);

// A message as it lies in a commit.
struct StoredMessage {
  std::int32_t kind = 0;
  std::int32_t version = 0;
  std::string body;  // the wire form of the record
};
DURU_DECLARE_RECORD(StoredMessage)

StoredMessage store(const Message& message);
Result<Message> load(Family family, const StoredMessage& stored);
// {"kind":"job_ended","body":{…}} with defaults left out: the canonical text.
std::string to_text(const Message& message);

template <class T>
Kind make_kind(Family family, std::string_view module, std::int32_t number, std::string_view name) {
  return Kind{family, module, number, 1, name, &type_of<T>, []() -> std::shared_ptr<void> {
                return std::make_shared<T>();
              }};
}

}  // namespace duru

#define DURU_DECLARE_KIND(T) \
  DURU_DECLARE_RECORD(T)     \
  template <>                \
  const Kind& kind_of<T>();
// In the .cc beside: DURU_KIND(JobEnded, kFact, "core", 35, "job_ended")
#define DURU_KIND(T, family, module, number, name)                               \
  template <>                                                                    \
  const Kind& kind_of<T>() {                                                     \
    static const Kind kind = make_kind<T>(Family::family, module, number, name); \
    return kind;                                                                 \
  }
