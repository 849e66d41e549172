// What the machine says before it is sealed: events whose data is written, with room for the ids of
// the blobs that they name. run/seal.hpp turns them into what the ledger keeps.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/json.hpp"
#include "contract/label.hpp"
#include "door/budget.hpp"

namespace naestro::run {

// Text that no event may show: it becomes a blob under the run's key, which the event names. Its
// place among the secrets of the batch.
struct Secret {
  std::size_t index = 0;
};

struct Draft {
  // 64 bytes of `data`, from `at` on, are for the id of that secret's blob.
  struct Hole {
    std::size_t at = 0;
    Secret secret;
  };
  std::int64_t seq = 0;
  std::string kind;
  std::string data;  // canonical (RFC 8785) but for the holes
  std::vector<Hole> holes;
  std::int64_t latency_us = 0;
};

// A member of an event's data; its key is plain: ASCII that needs no escape. It refers to its
// value, so it lives no longer than the expression that it stands in.
struct Field;
using Fields = std::span<const Field>;
struct Absent {};  // no such member
struct Field {
  std::string_view key;
  std::variant<Absent, std::string_view, std::int64_t, bool, Secret, const Digest*,
               const json::Value*, const json::Object*, const json::Array*,
               const std::vector<std::int64_t>*, const std::vector<std::string>*,
               const contract::Labels*, Fields, std::span<const Fields>>
      value;
};

// RFC 8785.
std::string canonical(const json::Object& object);

// Writes the fields, at most 16 of an object and in whatever order they come, as the draft's data.
void write(Draft& draft, Fields fields);

// A member that is there when its value is not empty.
Field unless_empty(std::string_view key, std::string_view text);
Field unless_empty(std::string_view key, const std::vector<std::int64_t>& path);

// As door::to_json writes it.
std::array<Field, 5> fields_of(const door::Usage& usage);

}  // namespace naestro::run
