#include "contract/label.hpp"

namespace naestro::contract {
namespace {

json::Array texts(const std::set<std::string>& items) {
  json::Array out;
  for (const std::string& item : items) out.emplace_back(item);
  return out;
}

bool read_texts(const json::Object& object, std::string_view key, std::set<std::string>& out) {
  const json::Array* items = json::array_at(object, key);
  if (items == nullptr || items->empty()) return false;
  for (const json::Value& item : *items) {
    if (!item.is_string()) return false;
    out.emplace(json::view(item.get_string()));
  }
  return true;
}

}  // namespace

Label unlabelled() { return {{"unknown"}, {"private"}, true}; }

json::Value to_json(const Label& label) {
  return json::Object{{"integrity", texts(label.integrity)},
                      {"readers", texts(label.readers)},
                      {"instruction_bearing", label.instruction_bearing}};
}

json::Value to_json(const Labels& labels) {
  json::Object out;
  for (const auto& [pointer, label] : labels) out[pointer] = to_json(label);
  return out;
}

Label label_from_json(const json::Value& value) {
  const json::Object* object = value.if_object();
  if (object == nullptr) return unlabelled();
  Label label;
  const auto bearing = json::bool_at(*object, "instruction_bearing");
  if (!bearing || !read_texts(*object, "integrity", label.integrity) ||
      !read_texts(*object, "readers", label.readers)) {
    return unlabelled();
  }
  label.instruction_bearing = *bearing;
  return label;
}

Labels labels_from_json(const json::Value& value) {
  Labels labels;
  if (const json::Object* object = value.if_object()) {
    for (const auto& member : *object) labels[member.key()] = label_from_json(member.value());
  }
  return labels;
}

}  // namespace naestro::contract
