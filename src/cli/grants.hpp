// Lasting yeses: how a person gives one, what there are, and how one is taken back.
#pragma once

#include <string>
#include <vector>

#include "cli/session.hpp"
#include "run/kept_grants.hpp"

namespace naestro::cli {

// How an answer is to last, as a person says it.
struct Lasting {
  std::string scope = "once";      // "once", "run", "always"
  std::vector<std::string> where;  // "argument=pattern", wider than what was asked
  std::string until;               // of always: "8h", "30m", "7d"; "": for good
};

// "30m", "8h", "7d" in seconds, at most a year. kUsage; `what`: "a grant".
Result<std::int64_t> lasting_s(const std::string& text, std::string_view what);

// `grants` (what the machine says of a question) as they are to last. kUsage where there are none,
// and for words that do not fit.
Result<std::vector<policy::Grant>> shaped(const House& house, std::vector<policy::Grant> grants,
                                          const Lasting& lasting);
// What they let happen, for people.
std::string grants_text(std::span<const policy::Grant> grants);

// Those that hold in a folder now.
Result<std::vector<policy::Grant>> grants_in_force(House& house, ledger::Store& store,
                                                   const std::string& workspace);
// The same for a command that only looks: none where there is no store.
Result<std::vector<policy::Grant>> grants_here(House& house, const std::string& workspace);
// Writes them into the system stream, under ids that they get.
Result<void> keep_grants(House& house, ledger::Store& store, const std::string& run,
                         std::vector<policy::Grant>& grants);

// `first` and `length` letters and digits without those that are mistaken for others: five random
// bits each.
std::string make_id(char first, std::size_t length, Random& random);

}  // namespace naestro::cli
