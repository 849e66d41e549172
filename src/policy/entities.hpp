// The entities that policy expressions can ask about: attributes, tags, and whose member each is.
#pragma once

#include <map>
#include <set>

#include "base/json.hpp"
#include "policy/value.hpp"

namespace naestro::policy {

struct Entity {
  Record attributes;
  Record tags;
  std::set<EntityUid> ancestors;  // all, not the nearest alone
};

class Entities {
 public:
  // Cedar's JSON form: [{uid, attrs, parents, tags}]. kUsage names what is malformed. Of two
  // entities of one uid the last holds.
  static Result<Entities> parse(const json::Value& form);
  [[nodiscard]] const Entity* find(const EntityUid& uid) const;
  // Whether `inner` is `outer`, or in it.
  [[nodiscard]] bool is_in(const EntityUid& inner, const EntityUid& outer) const;

 private:
  std::map<EntityUid, Entity> entities_;
};

// {"type", "id"}, also as {"__entity": {...}}.
Result<EntityUid> uid_from_json(const json::Value& form);
// Cedar's JSON form of values: {"__entity": ...} is an entity, {"__extn": {"fn", "arg"}} a value of
// an extension type.
Result<Value> value_from_json(const json::Value& form);

}  // namespace naestro::policy
