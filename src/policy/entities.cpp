#include "policy/entities.hpp"

#include <algorithm>

#include "policy/functions.hpp"

namespace naestro::policy {
namespace {

std::unexpected<Error> malformed(std::string_view what) {
  return fail(Code::kUsage, "an entity is malformed: " + std::string{what});
}

// {"__extn": {"fn": "decimal", "arg": "1.0"}}, or of several operands {"fn": "offset", "args":
// [...]}
Result<Value> extension(const json::Value& form) {
  const json::Object* call = form.if_object();
  const auto name = call == nullptr ? std::nullopt : json::text_at(*call, "fn");
  if (!name) return malformed("__extn needs fn and arg");
  std::vector<Value> operands;
  const json::Array* many = json::array_at(*call, "args");
  if (const json::Value* one = call->if_contains("arg")) {
    NAESTRO_LET(Value operand, value_from_json(*one));
    operands.push_back(std::move(operand));
  }
  for (std::size_t i = 0; many != nullptr && i < many->size(); ++i) {
    NAESTRO_LET(Value operand, value_from_json((*many)[i]));
    operands.push_back(std::move(operand));
  }
  const auto known = functions();
  const auto found = std::ranges::find(known, *name, &Function::name);
  if (found == known.end() || found->operands != operands.size()) {
    return malformed("__extn knows no '" + std::string{*name} + "' of " +
                     std::to_string(operands.size()) + " operands");
  }
  return found->apply(operands, Entities{});
}

Result<Record> record_from(const json::Value* form) {
  if (form == nullptr) return Record{};
  NAESTRO_LET(Value value, value_from_json(*form));
  if (auto* record = std::get_if<Record>(&value.of)) return std::move(*record);
  return malformed("attrs and tags are objects");
}

using Parents = std::map<EntityUid, std::vector<EntityUid>>;

void climb(const Parents& parents, const EntityUid& from, std::set<EntityUid>& into) {
  const auto found = parents.find(from);
  if (found == parents.end()) return;
  for (const EntityUid& parent : found->second) {
    if (into.insert(parent).second) climb(parents, parent, into);
  }
}

}  // namespace

Result<EntityUid> uid_from_json(const json::Value& form) {
  const json::Object* object = form.if_object();
  if (object == nullptr) return malformed("its uid is no object");
  if (const json::Value* inner = object->if_contains("__entity")) return uid_from_json(*inner);
  const auto type = json::text_at(*object, "type");
  const auto id = json::text_at(*object, "id");
  if (!type || !id) return malformed("its uid needs type and id");
  return EntityUid{std::string{*type}, std::string{*id}};
}

Result<Value> value_from_json(const json::Value& form) {
  if (const bool* value = form.if_bool()) return Value{*value};
  if (const std::int64_t* value = form.if_int64()) return Value{*value};
  if (form.is_string()) return Value{std::string{json::view(form.get_string())}};
  if (const json::Array* items = form.if_array()) {
    std::vector<Value> elements;
    for (const json::Value& item : *items) {
      NAESTRO_LET(Value element, value_from_json(item));
      elements.push_back(std::move(element));
    }
    return Value{make_set(std::move(elements))};
  }
  const json::Object* object = form.if_object();
  if (object == nullptr) return malformed("null and fractions are no values");
  if (object->contains("__entity")) {
    NAESTRO_LET(EntityUid uid, uid_from_json(form));
    return Value{std::move(uid)};
  }
  if (const json::Value* call = object->if_contains("__extn")) return extension(*call);
  std::vector<Member> members;
  for (const auto& member : *object) {
    NAESTRO_LET(Value value, value_from_json(member.value()));
    members.emplace_back(member.key(), std::move(value));
  }
  return Value{make_record(std::move(members))};
}

Result<Entities> Entities::parse(const json::Value& form) {
  const json::Array* rows = form.if_array();
  if (rows == nullptr) return malformed("the entities are no array");
  Entities out;
  Parents parents;
  for (const json::Value& row : *rows) {
    const json::Object* object = row.if_object();
    if (object == nullptr || !object->contains("uid")) return malformed("it has no uid");
    NAESTRO_LET(const EntityUid uid, uid_from_json(object->at("uid")));
    Entity entity;
    NAESTRO_LET(entity.attributes, record_from(object->if_contains("attrs")));
    NAESTRO_LET(entity.tags, record_from(object->if_contains("tags")));
    out.entities_[uid] = std::move(entity);
    auto& of = parents[uid];
    of.clear();
    const json::Array* named = json::array_at(*object, "parents");
    for (std::size_t i = 0; named != nullptr && i < named->size(); ++i) {
      NAESTRO_LET(EntityUid parent, uid_from_json((*named)[i]));
      of.push_back(std::move(parent));
    }
  }
  for (auto& [uid, entity] : out.entities_) climb(parents, uid, entity.ancestors);
  return out;
}

const Entity* Entities::find(const EntityUid& uid) const {
  const auto found = entities_.find(uid);
  return found == entities_.end() ? nullptr : &found->second;
}

bool Entities::is_in(const EntityUid& inner, const EntityUid& outer) const {
  if (inner == outer) return true;
  const Entity* entity = find(inner);
  return entity != nullptr && entity->ancestors.contains(outer);
}

}  // namespace naestro::policy
