#include "proof/cedar_schema.hpp"

#include "policy/parser.hpp"

namespace naestro::proof {
namespace {

using policy::Parser;
using Kind = CedarType::Kind;

std::string full(const std::string& space, const std::string& name) {
  return space.empty() ? name : space + "::" + name;
}

class Reader {
 public:
  explicit Reader(std::vector<policy::Token> tokens) : in_{std::move(tokens)} {}

  Result<CedarSchema> read() {
    NAESTRO_TRY(declarations(""));
    return std::move(out_);
  }

 private:
  [[nodiscard]] bool at_end() const { return in_.now().kind == policy::Token::Kind::end; }
  Result<std::string> word() {
    return in_.now().kind == policy::Token::Kind::text ? in_.text() : in_.name();
  }

  Result<void> declarations(const std::string& space) {
    while (!at_end() && !in_.is("}")) {
      NAESTRO_TRY(annotations());
      if (in_.take("namespace")) {
        NAESTRO_LET(const std::string name, in_.path());
        NAESTRO_TRY(in_.expect("{"));
        NAESTRO_TRY(declarations(name));
        NAESTRO_TRY(in_.expect("}"));
      } else if (in_.take("type")) {
        NAESTRO_LET(const std::string name, in_.name());
        NAESTRO_TRY(in_.expect("="));
        NAESTRO_LET(out_.types[full(space, name)], type(space));
        NAESTRO_TRY(in_.expect(";"));
      } else if (in_.take("entity")) {
        NAESTRO_TRY(entity(space));
      } else {
        NAESTRO_TRY(in_.expect("action"));
        NAESTRO_TRY(action(space));
      }
    }
    return {};
  }

  Result<void> annotations() {
    while (in_.take("@")) {
      NAESTRO_TRY(in_.name());
      if (!in_.take("(")) continue;
      NAESTRO_TRY(in_.text());
      NAESTRO_TRY(in_.expect(")"));
    }
    return {};
  }

  // Whatever stands between here and the sign, brackets and all.
  Result<void> skip_to(std::initializer_list<std::string_view> signs) {
    while (!at_end()) {
      for (const std::string_view sign : signs) {
        if (in_.is(sign)) return {};
      }
      in_.take(in_.now().spelling) || in_.text().has_value();
    }
    return policy::faulty(in_.now().at, "it ends too soon");
  }

  Result<std::vector<std::string>> names() {
    std::vector<std::string> out;
    do {
      NAESTRO_LET(std::string one, word());
      out.push_back(std::move(one));
    } while (in_.take(","));
    return out;
  }

  Result<void> entity(const std::string& space) {
    NAESTRO_LET(const auto called, names());
    if (in_.is("in")) NAESTRO_TRY(skip_to({"{", ";", "=", "tags"}));
    if (in_.is("enum")) NAESTRO_TRY(skip_to({";"}));
    CedarType attributes{.kind = Kind::record, .name = {}, .space = space, .members = {}};
    in_.take("=");
    if (in_.is("{")) {
      NAESTRO_LET(attributes, type(space));
    }
    CedarType tags;
    if (in_.take("tags")) {
      NAESTRO_LET(tags, type(space));
    }
    for (const std::string& name : called) {
      out_.entities[full(space, name)] = attributes;
      out_.entities[full(space, name) + " tags"] = tags;
    }
    return in_.expect(";");
  }

  Result<void> action(const std::string& space) {
    NAESTRO_LET(const auto called, names());
    if (in_.is("in")) NAESTRO_TRY(skip_to({"appliesTo", ";", "attributes"}));
    CedarType context{.kind = Kind::record, .name = {}, .space = space, .members = {}};
    if (in_.take("appliesTo")) {
      NAESTRO_TRY(in_.expect("{"));
      while (!in_.take("}")) {
        const bool wanted = in_.is("context");
        NAESTRO_TRY(in_.name());
        NAESTRO_TRY(in_.expect(":"));
        if (wanted) {
          NAESTRO_LET(context, type(space));
        } else if (in_.is("[")) {
          NAESTRO_TRY(skip_to({"]"}));
          in_.take("]");
        } else {
          NAESTRO_TRY(in_.path());
        }
        in_.take(",");
      }
    }
    if (in_.is("attributes")) NAESTRO_TRY(skip_to({";"}));
    for (const std::string& name : called) out_.contexts[name] = context;
    return in_.expect(";");
  }

  Result<CedarType> type(const std::string& space) {
    CedarType out{.kind = Kind::named, .name = {}, .space = space, .members = {}};
    if (in_.take("{")) {
      out.kind = Kind::record;
      while (!in_.take("}")) {
        NAESTRO_TRY(annotations());
        NAESTRO_LET(const std::string key, word());
        in_.take("?");
        NAESTRO_TRY(in_.expect(":"));
        NAESTRO_LET(out.members[key], type(space));
        in_.take(",");
      }
      return out;
    }
    NAESTRO_LET(out.name, in_.path());
    if (out.name != "Set" || !in_.take("<")) return out;
    out.kind = Kind::set;
    NAESTRO_LET(out.members[""], type(space));
    NAESTRO_TRY(in_.expect(">"));
    return out;
  }

  Parser in_;
  CedarSchema out_;
};

}  // namespace

Result<CedarSchema> parse_cedar_schema(std::string_view text) {
  NAESTRO_LET(auto tokens, policy::tokens_of(text));
  return Reader{std::move(tokens)}.read();
}

json::Value explicit_form(const CedarSchema& schema, const CedarType& type,
                          const json::Value& data) {
  if (const json::Array* items = data.if_array(); items != nullptr && type.kind == Kind::set) {
    json::Array out;
    for (const json::Value& item : *items) {
      out.push_back(explicit_form(schema, type.members.at(""), item));
    }
    return out;
  }
  const json::Object* object = data.if_object();
  if (type.kind == Kind::record && object != nullptr) {
    json::Object out;
    for (const auto& member : *object) {
      const auto known = type.members.find(std::string{member.key()});
      out[member.key()] = known == type.members.end()
                              ? member.value()
                              : explicit_form(schema, known->second, member.value());
    }
    return out;
  }
  if (type.kind != Kind::named) return data;
  for (const std::string& name : {full(type.space, type.name), type.name}) {
    if (const auto common = schema.types.find(name); common != schema.types.end()) {
      return explicit_form(schema, common->second, data);
    }
    if (!schema.entities.contains(name)) continue;
    const bool plain = object != nullptr && object->contains("type") && object->contains("id");
    return plain ? json::Value(json::Object{{"__entity", *object}}) : data;
  }
  constexpr std::pair<std::string_view, std::string_view> kExtensions[] = {
      {"ipaddr", "ip"}, {"decimal", "decimal"}, {"datetime", "datetime"}, {"duration", "duration"}};
  const std::string_view last =
      std::string_view{type.name}.substr(type.name.starts_with("__cedar::") ? 9 : 0);
  for (const auto& [name, function] : kExtensions) {
    if (name != last || !data.is_string()) continue;
    return json::Object{{"__extn", json::Object{{"fn", function}, {"arg", data}}}};
  }
  return data;
}

}  // namespace naestro::proof
