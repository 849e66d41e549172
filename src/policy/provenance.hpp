// Where a value comes from that a model put into a call: nobody says it, so it is looked for in
// what the model has seen. For calls that no compiled plan binds; a plan's own values carry their
// labels.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "contract/label.hpp"

namespace naestro::policy {

// What a model has seen in one run: a person's words, and the results of its calls.
class Provenance {
 public:
  explicit Provenance(std::string_view words);

  // The label of one scalar of a call:
  // - the user's, where it stands in their words (whole words; numbers as numbers; dates by their
  //   day, however it is written);
  // - the plan's, where nothing untrusted had been seen when it was made, or where an own effect
  //   gave it as an id;
  // - that of each result in which it stands: not instruction-bearing where it is a whole field
  //   without blanks there (an id, an address) and the call that gave it had no such argument;
  // - else the model's, which may have computed it from all it has seen.
  [[nodiscard]] contract::Label of(const json::Value& scalar) const;
  // Of all scalars in it, joined.
  [[nodiscard]] contract::Label of_all(const json::Value& value) const;
  // Whether the user's words name the host of a URL.
  [[nodiscard]] bool names_host(std::string_view url) const;

  // A person said yes to this value: it is theirs now.
  void endorse(const json::Value& scalar);
  void endorse_host(std::string_view url);
  // What a call of `tool` gave. `arguments`: the label of its arguments, joined. `own`: it was an
  // effect that a person or their words called for, so the ids in it are the plan's.
  void add(std::string_view tool, const contract::Label& arguments, bool own,
           const json::Value& result);

 private:
  struct Seen {
    contract::Label label;        // of a whole field
    std::set<std::string> whole;  // fields without blanks
    std::string rest;             // all other text
  };
  std::string words_;
  std::set<std::string> days_;  // in the words
  std::set<std::string> endorsed_;
  std::set<std::string> hosts_;
  std::set<std::string> own_;
  std::vector<Seen> seen_;
};

// "https://Docs.Example:8080/a" -> "docs.example:8080"; also without a scheme.
std::string host_in(std::string_view url);

}  // namespace naestro::policy
