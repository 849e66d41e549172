// What a person's words refer to without saying its value: "the participants of the Introductory
// meeting", "her e-mail is on www.rosa.example", "save it under /reports". Such a value may decide
// as if they had written it, as long as only one thing can be meant. Who knows these rules and
// plants a second thing of that name makes the reference ambiguous, and a person is asked.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "contract/tool.hpp"

namespace naestro::policy {

// One argument of a call.
struct Slot {
  const contract::ToolContract& tool;
  std::string_view argument;
  bool beside_own = false;  // another authority argument of the call is a value that a person said
};

// How a call came to its result.
struct Lookup {
  std::string_view tool;
  bool named = false;  // every argument is a person's value or lies in a folder that they named
  bool place = false;  // of a page or a file: somebody's text, whatever it looks like; no records
};

class References {
 public:
  explicit References(std::string_view words);

  void add(const Lookup& lookup, const json::Value& result);

  // Whether the words name a record by its name (a name, title or subject that stands in them as a
  // whole) and this is what the record holds for the argument, as every other record does that they
  // name and that holds something for it:
  // - its id, for a tool about the same kind of thing; for more than a write only beside a value
  //   of the person's;
  // - its address, where the record was looked up by the person's values alone, for a write or
  //   to send something;
  // - a member whose own name the words say, for an argument of that name; not to pay.
  [[nodiscard]] bool is_of_record(const Slot& slot, const json::Value& scalar) const;
  // Whether it is the one e-mail address in all pages and files that the words name, and the call
  // takes it beside a value of the person's and carries no text along.
  [[nodiscard]] bool is_the_address(const Slot& slot, const json::Value& scalar) const;
  // Whether it is the one link in all records whose writer the words name, word for word: so it
  // carries nothing out, and a page is only looked at. The service says who wrote a record.
  [[nodiscard]] bool is_link(const Slot& slot, const json::Value& scalar) const;
  // A path inside of a folder that the words name.
  [[nodiscard]] bool is_in_folder(const json::Value& scalar) const;
  // Names of the words put together: "rosa/prints" of "my prints repository ... for rosa".
  [[nodiscard]] bool is_composed(const json::Value& scalar) const;

 private:
  struct Member {  // of a record that the words name
    std::string tool;
    std::string key;
    std::set<std::string> values;
    bool looked_up = false;
  };
  void add_record(const Lookup& lookup, const json::Object& record);
  [[nodiscard]] bool fits(const Slot& slot, const Member& member) const;

  std::string words_;
  std::vector<std::string> stems_;
  std::set<std::string> folders_;
  std::vector<Member> members_;
  std::set<std::string> addresses_;
  std::set<std::string> links_;
};

}  // namespace naestro::policy
