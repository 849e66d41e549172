// What a secret is for, and a use of it that somebody asks for. docs/formats/vault.md has the form.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace naestro::vault {

// What a person bound a secret to. An empty list binds nothing.
struct Bounds {
  std::vector<std::string> hosts{};    // origins: "https://a.example", "http://127.0.0.1:8080"
  std::vector<std::string> methods{};  // "GET"
  std::vector<std::string> tools{};    // "http.get" (any version), "http.get@2", "model:NAME"
  std::int64_t ends_at = 0;            // seconds since 1970, not from there on; 0: no end
  std::int64_t uses_max = 0;           // since it was bound or set; 0: any number

  bool operator==(const Bounds&) const = default;
};

// Without what binds nothing; {} where nothing is bound.
json::Object to_json(const Bounds& bounds);
// nullopt where that is no such form.
std::optional<Bounds> bounds_from_json(const json::Value& form);
// As a person gives them (hosts as in net.hosts, methods in any case), in order and once each.
// kUsage for what is no host, no method that HTTP has, or no name of a tool or model.
Result<Bounds> checked(const Bounds& said);

// Who wants to send which secret where.
struct Use {
  std::string secret;
  std::string run{};
  std::string step{};
  std::string tool{};    // "http.get@2", "model:NAME"
  std::string origin{};  // of the request that it goes into, as net::origin() writes it
  std::string method{};
  // A plan says which secret goes where, and no contract does: it has to be bound to hosts.
  bool by_plan = false;
};

// A secret on its way to its use.
struct Handed {
  std::string value;
  bool of_vault = false;  // else of the environment
  std::string lease{};    // its id, of a vault's; 16 hex digits
};

// Where far sides of the doors get secrets. kNotFound: there is none of this name; others: it is
// there, and must not be used so. On any thread.
using Keys = std::function<Result<Handed>(const Use& use)>;

// kSecretBounds unless the bounds let the secret be used so at `now_s` after `used` uses, and where
// it would go over a network in the clear.
Result<void> permits(const Bounds& bounds, std::int64_t used, const Use& use, std::int64_t now_s);

}  // namespace naestro::vault
