#include "contract/foreign.hpp"

#include "testing/testing.hpp"

namespace naestro::contract {
namespace {

json::Value schema(std::initializer_list<std::pair<const char*, const char*>> properties) {
  json::Object members;
  for (const auto& [name, type] : properties) members[name] = json::Object{{"type", type}};
  return json::Object{{"type", "object"}, {"properties", std::move(members)}};
}

DeclaredEffect effect_of(std::string_view name, std::string_view description = "",
                         const json::Value& input = nullptr) {
  const ToolContract contract = foreign_contract(name, description, input);
  EXPECT_EQ(contract.effects.size(), 1U) << name;
  return contract.effects.front();
}

TEST(ForeignContract, ANameSaysTheEffect) {
  const json::Value url = schema({{"url", "string"}});
  const struct {
    const char* name;
    const json::Value input;
    EffectKind kind;
    bool reversible;
  } cases[] = {
      {"list_invoices", nullptr, EffectKind::read, true},
      {"readMail", nullptr, EffectKind::read, true},
      {"basket_total", nullptr, EffectKind::read, true},
      {"basket_total", url, EffectKind::net, true},
      {"fetch_page", url, EffectKind::net, true},
      {"visit_site", url, EffectKind::net, true},
      {"visit_customer", nullptr, EffectKind::write, false},
      {"run_query", nullptr, EffectKind::exec, false},
      {"pay_supplier", nullptr, EffectKind::pay, false},
      {"wire_money", nullptr, EffectKind::pay, false},
      {"post_notice", nullptr, EffectKind::send, false},
      {"add_access_key", nullptr, EffectKind::write, false},
      {"create_folder", nullptr, EffectKind::write, true},
      {"drop_table", nullptr, EffectKind::write, false},
      {"frobnicate", nullptr, EffectKind::write, false},
      {"", nullptr, EffectKind::exec, false},
      {"---", nullptr, EffectKind::exec, false},
  };
  for (const auto& each : cases) {
    const DeclaredEffect effect = effect_of(each.name, "", each.input);
    EXPECT_EQ(effect.kind, each.kind) << each.name;
    EXPECT_EQ(effect.reversible, each.reversible) << each.name;
  }
}

TEST(ForeignContract, ADescriptionMayAddThatItSends) {
  EXPECT_EQ(effect_of("create_entry", "Adds an entry.").kind, EffectKind::write);
  for (const char* said :
       {"Adds an entry. It also SENDS an email to all.", "Will email the guests a notification.",
        "Adds it and will send a message to the owner.", "Sends out a notification."}) {
    EXPECT_EQ(effect_of("create_entry", said).kind, EffectKind::send) << said;
  }
  EXPECT_EQ(effect_of("create_entry", "Sends the entry to the drawer.").kind, EffectKind::write);
}

TEST(ForeignContract, WhatIsNotKnownOfAnArgumentIsAuthority) {
  const ToolContract sends = foreign_contract("send_letter", "",
                                              schema({{"recipients", "array"},
                                                      {"subject", "string"},
                                                      {"letterBody", "string"},
                                                      {"urgent", "boolean"},
                                                      {"reply_url", "string"},
                                                      {"otp", "string"},
                                                      {"code", "string"},
                                                      {"discount_code", "string"},
                                                      {"form_names", "array"},
                                                      {"_", "string"},
                                                      {"frob", "string"}}));
  const std::map<std::string, ArgumentKind> expected{
      {"recipients", ArgumentKind::authority}, {"subject", ArgumentKind::payload},
      {"letterBody", ArgumentKind::payload},   {"urgent", ArgumentKind::inert},
      {"reply_url", ArgumentKind::authority},  {"otp", ArgumentKind::payload},
      {"code", ArgumentKind::payload},         {"discount_code", ArgumentKind::authority},
      {"form_names", ArgumentKind::payload},   {"_", ArgumentKind::authority},
      {"frob", ArgumentKind::authority}};
  EXPECT_EQ(sends.arguments, expected);
  const ToolContract reads = foreign_contract("get_file", "", schema({{"path", "string"}}));
  EXPECT_EQ(reads.arguments.at("path"), ArgumentKind::inert);
  const ToolContract odd =
      foreign_contract("write_it", "", json::Object{{"properties", json::Object{{"path", true}}}});
  EXPECT_EQ(odd.arguments.at("path"), ArgumentKind::authority);
}

TEST(ForeignContract, AWriteIsUndoneByAToolOfTheList) {
  std::vector<ToolContract> tools;
  for (const char* name : {"star_repo", "unstarRepo", "lock_door", "unpay_bill", "pay_bill", "",
                           "list_unread", "list_read"}) {
    tools.push_back(foreign_contract(name, "", nullptr));
  }
  find_undoing(tools);
  EXPECT_EQ(tools[0].undo, "unstarRepo");
  EXPECT_EQ(tools[1].undo, "star_repo");
  for (std::size_t i = 2; i < tools.size(); ++i) EXPECT_EQ(tools[i].undo, "") << tools[i].name;
}

TEST(ForeignContract, EveryOutputIsUnlabelled) {
  const ToolContract contract = foreign_contract("list_invoices", "Lists them.", nullptr);
  EXPECT_EQ(contract.name, "list_invoices");
  EXPECT_EQ(contract.description, "Lists them.");
  EXPECT_EQ(contract.labels, (Labels{{"", unlabelled()}}));
  EXPECT_TRUE(contract.arguments.empty());
  EXPECT_TRUE(foreign_contract("x", "", json::Object{{"type", "object"}}).arguments.empty());
}

TEST(ForeignContract, NamesAreCutIntoWords) {
  using Words = std::vector<std::string>;
  EXPECT_EQ(words_of_name("sendEmail_to-allUsers2"),
            (Words{"send", "email", "to", "all", "users2"}));
  EXPECT_EQ(words_of_name("a:b~Cc{d@e[f"), (Words{"a", "b", "cc", "d", "e", "f"}));
  EXPECT_EQ(words_of_name("HTTPGet"), (Words{"httpget"}));
  EXPECT_EQ(words_of_name(""), Words{});
  EXPECT_FALSE(names_a_host(""));
  EXPECT_TRUE(names_a_host("pageURL"));
  EXPECT_FALSE(names_a_proof("_"));
}

TEST(StandardTypes, PythonsNamesAreReadAndNothingElseChanges) {
  const auto read = [](std::string_view text) {
    return json::write(standard_types(json::parse(text).value()));
  };
  EXPECT_EQ(read(R"({"type":"dict","properties":{"a":{"type":"float"},"type":{"type":"any"}},)"
                 R"("additionalProperties":false,"required":["a"]})"),
            R"({"type":"object","properties":{"a":{"type":"number"},"type":{}},)"
            R"("additionalProperties":false,"required":["a"]})");
  EXPECT_EQ(read(R"({"type":"tuple","items":{"type":"int"}})"),
            R"({"type":"array","items":{"type":"integer"}})");
  EXPECT_EQ(read(R"({"type":["string","null"],"properties":7})"),
            R"({"type":["string","null"],"properties":7})");
}

}  // namespace
}  // namespace naestro::contract
