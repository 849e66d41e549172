// Where an effect goes: the path and the host that rules ask about, read once for all of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "policy/question.hpp"

namespace naestro::policy {

// Whether a rule matches: no, yes, open (a value that it depends on is not known yet), or failed
// (it cannot be told: its `when` errs, a path leaves the workspace, a URL is none).
enum class Match : std::uint8_t { no, yes, open, failed };

// To how many places an effect of the call goes: one; of an effect for each entry as many as there
// are, and one where the list is not known yet or is none.
std::size_t places_of(const Question& question, const contract::DeclaredEffect& effect);

class Place {
 public:
  // yes: `text` says where; no: it goes nowhere of this sort; open; failed: `failure` says why.
  struct Part {
    Match match = Match::no;
    std::string_view text = {};
    std::string failure = {};
  };

  // `declared`: null for the call without an effect; no rule asks where that goes. Refers to both.
  // `entry`: of an effect that happens once for each entry of its argument, which one.
  Place(const Question& question, const contract::DeclaredEffect* declared, std::size_t entry = 0)
      : question_{question}, declared_{declared}, entry_{entry} {}
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  // The path in its normal form. Allocates only where it is not in that.
  const Part& path();
  // The host of a request, or of the server of a model's call.
  const Part& host();

 private:
  [[nodiscard]] Part read_path();
  [[nodiscard]] Part read_host();
  [[nodiscard]] const json::Value* asked_for() const;

  const Question& question_;
  const contract::DeclaredEffect* declared_;
  std::size_t entry_;
  std::string normal_;
  std::string host_name_;
  std::optional<Part> path_;
  std::optional<Part> host_;
};

}  // namespace naestro::policy
