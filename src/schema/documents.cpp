#include "schema/documents.hpp"

#include <algorithm>

#include "base/embedded.hpp"
#include "schema/keywords.hpp"
#include "schema/uri.hpp"

namespace naestro::schema {

// The metaschema of 2020-12 and its vocabularies, schemas/draft2020-12/.
std::span<const EmbeddedFile> embedded_metaschema();

namespace {

constexpr int kDepthMax = 64;
constexpr std::size_t kSchemasMax = 100'000;

bool is_anchor(std::string_view name) {
  const auto starts = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !name.empty() && starts(name.front()) && std::ranges::all_of(name, [&](char c) {
    return starts(c) || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
}

}  // namespace

std::unexpected<Error> refuse(Code code, std::string message, const std::string& pointer) {
  auto failed = fail(code, std::move(message));
  failed.error().context.emplace_back("pointer", pointer);
  return failed;
}

Result<const Place*> Documents::add_root(const json::Value& schema) {
  NAESTRO_LET(const std::size_t resource, add_document("", schema));
  return details_[resource].root;
}

Result<std::size_t> Documents::add_document(const std::string& uri, const json::Value& schema) {
  const json::Value& copy = program_.documents.emplace_back(schema);
  const std::size_t resource = details_.size();
  program_.resources.push_back({uri, {}});
  details_.push_back({nullptr, kAllVocabularies, {}});
  by_uri_.emplace(uri, resource);
  NAESTRO_TRY(index(copy, {nullptr, resource, uri.empty() ? "" : uri + "#"}, 0));
  return resource;
}

Result<void> Documents::index(const json::Value& schema, Place place, int depth) {
  if (places_.contains(&schema)) return {};
  if (depth > kDepthMax) {
    return refuse(Code::kTooDeep, "the schema is nested too deep", place.pointer);
  }
  if (places_.size() >= kSchemasMax) {
    return refuse(Code::kTooLarge, "there are more than 100000 schemas in it", place.pointer);
  }
  place.schema = &schema;
  const json::Object* object = schema.if_object();
  if (object != nullptr) NAESTRO_TRY(open_resource(*object, place));
  const Place& kept = places_.emplace(&schema, place).first->second;
  order_.push_back(&kept);
  Detail& detail = details_[place.resource];
  if (detail.root == nullptr) detail.root = &kept;
  if (object == nullptr) return {};
  NAESTRO_TRY(add_anchors(*object, kept));
  return index_children(*object, kept, depth);
}

Result<void> Documents::index_children(const json::Object& schema, const Place& place, int depth) {
  for (const auto& member : schema) {
    const Keyword* keyword = find_keyword(member.key());
    if (keyword == nullptr) continue;
    const std::string pointer = place.pointer + "/" + json::pointer_token(member.key());
    const auto below = [&](const json::Value& child, std::string_view token) {
      return index(child, {nullptr, place.resource, pointer + std::string{token}}, depth + 1);
    };
    if (keyword->shape == Shape::schema) NAESTRO_TRY(below(member.value(), ""));
    if (const json::Array* list = member.value().if_array();
        list != nullptr && keyword->shape == Shape::schemas) {
      for (std::size_t i = 0; i < list->size(); ++i) {
        NAESTRO_TRY(below((*list)[i], "/" + std::to_string(i)));
      }
    }
    if (const json::Object* map = member.value().if_object();
        map != nullptr && keyword->shape == Shape::schema_map) {
      for (const auto& entry : *map) {
        NAESTRO_TRY(below(entry.value(), "/" + json::pointer_token(entry.key())));
      }
    }
  }
  return {};
}

// A document's root has a resource already; "$id" gives it its name, and others their own.
Result<void> Documents::open_resource(const json::Object& schema, Place& place) {
  const bool document = details_[place.resource].root == nullptr;
  if (const json::Value* id = schema.if_contains("$id")) {
    const SplitUri uri =
        split_uri(resolve_uri(program_.resources[place.resource].uri,
                              id->is_string() ? json::view(id->get_string()) : "#bad"));
    if (!uri.fragment.empty()) {
      return refuse(Code::kSchemaInvalid, "'$id' is a URI without a fragment",
                    place.pointer + "/$id");
    }
    if (document) {
      program_.resources[place.resource].uri = uri.absolute;
    } else {
      const unsigned outer = details_[place.resource].vocabularies;
      place.resource = details_.size();
      program_.resources.push_back({uri.absolute, {}});
      details_.push_back({nullptr, outer, {}});
    }
    const bool fresh = by_uri_.emplace(uri.absolute, place.resource).second;
    if (!fresh && by_uri_.at(uri.absolute) != place.resource) {
      return refuse(Code::kSchemaInvalid, "two schemas have the '$id' " + uri.absolute,
                    place.pointer + "/$id");
    }
  }
  const json::Value* own = schema.if_contains("$schema");
  if (own == nullptr || details_[place.resource].root != nullptr) return {};
  NAESTRO_LET(details_[place.resource].vocabularies, dialect(*own, place.pointer + "/$schema"));
  return {};
}

Result<unsigned> Documents::dialect(const json::Value& name, const std::string& pointer) const {
  const std::string uri = name.is_string() ? split_uri(json::view(name.get_string())).absolute : "";
  if (uri == kDialect) return kAllVocabularies;
  // Another dialect gives the same words another meaning.
  const auto metaschema = known_.find(uri);
  const json::Object* root = metaschema == known_.end() ? nullptr : metaschema->second.if_object();
  const json::Object* listed = root == nullptr ? nullptr : json::object_at(*root, "$vocabulary");
  if (listed == nullptr) {
    return refuse(Code::kSchemaUnsupported,
                  "'$schema' is " + std::string{kDialect} + ", or a known one with a '$vocabulary'",
                  pointer);
  }
  unsigned all = kCore;
  for (const auto& member : *listed) {
    const unsigned one = find_vocabulary(member.key());
    all |= one;
    if (one == 0 && member.value() != false) {
      return refuse(Code::kSchemaUnsupported,
                    "the vocabulary " + std::string{member.key()} + " is not supported", pointer);
    }
  }
  return all;
}

Result<void> Documents::add_anchors(const json::Object& schema, const Place& place) {
  for (const char* keyword : {"$anchor", "$dynamicAnchor"}) {
    const json::Value* value = schema.if_contains(keyword);
    if (value == nullptr) continue;
    const std::string pointer = place.pointer + "/" + keyword;
    const auto name = json::text_at(schema, keyword);
    if (!name || !is_anchor(*name)) {
      return refuse(Code::kSchemaInvalid,
                    "'" + std::string{keyword} + "' is a name of letters, digits, - _ .", pointer);
    }
    const Anchor anchor{&place, std::string_view{keyword} == "$dynamicAnchor"};
    if (!details_[place.resource].anchors.emplace(*name, anchor).second) {
      return refuse(Code::kSchemaInvalid,
                    "two schemas have the anchor '" + std::string{*name} + "'", pointer);
    }
  }
  return {};
}

Result<std::size_t> Documents::resource_of(const std::string& uri, const Place& from) {
  if (const auto here = by_uri_.find(uri); here != by_uri_.end()) return here->second;
  if (const auto given = known_.find(uri); given != known_.end()) {
    return add_document(uri, given->second);
  }
  for (const EmbeddedFile& file : embedded_metaschema()) {
    const json::Value schema = json::parse(file.text).value();
    if (json::text_at(schema.get_object(), "$id") == uri) return add_document(uri, schema);
  }
  return refuse(Code::kSchemaUnsupported,
                "a reference leads to '" + uri + "', which is not known here; nothing is fetched",
                from.pointer);
}

Result<const Place*> Documents::at_pointer(std::size_t resource, std::string_view fragment,
                                           const Place& from) {
  const Place& root = *details_[resource].root;
  const json::Value* value = json::at(*root.schema, fragment);
  if (value == nullptr) {
    return refuse(Code::kSchemaInvalid,
                  "a reference leads to '#" + std::string{fragment} + "', where nothing stands",
                  from.pointer);
  }
  if (!places_.contains(value)) {
    // No keyword holds it: its base is that of the nearest schema around.
    std::size_t base = resource;
    for (std::size_t end = fragment.find('/', 1); end != std::string_view::npos;
         end = fragment.find('/', end + 1)) {
      const auto around = places_.find(json::at(*root.schema, fragment.substr(0, end)));
      if (around != places_.end()) base = around->second.resource;
    }
    NAESTRO_TRY(index(*value, {nullptr, base, root.pointer + std::string{fragment}}, 0));
  }
  return &places_.at(value);
}

Result<Documents::Target> Documents::find(const Place& from, std::string_view reference) {
  const std::string uri = resolve_uri(program_.resources[from.resource].uri, reference);
  const SplitUri to = split_uri(uri);
  NAESTRO_LET(const std::size_t resource, resource_of(to.absolute, from));
  if (to.fragment.empty()) return Target{details_[resource].root, ""};
  if (to.fragment.starts_with('/')) {
    NAESTRO_LET(const Place* place, at_pointer(resource, to.fragment, from));
    return Target{place, ""};
  }
  const auto& anchors = details_[resource].anchors;
  const auto anchor = anchors.find(to.fragment);
  if (anchor == anchors.end()) {
    return refuse(Code::kSchemaInvalid,
                  "a reference leads to the anchor '" + to.fragment + "', which stands nowhere",
                  from.pointer);
  }
  return Target{anchor->second.place, anchor->second.dynamic ? to.fragment : ""};
}

std::vector<std::pair<std::string, const Place*>> Documents::dynamic_anchors(
    std::size_t resource) const {
  std::vector<std::pair<std::string, const Place*>> out;
  for (const auto& [name, anchor] : details_[resource].anchors) {
    if (anchor.dynamic) out.emplace_back(name, anchor.place);
  }
  return out;
}

}  // namespace naestro::schema
