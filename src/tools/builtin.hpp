// The built-in tools: plain functions from arguments to a result, no policy and no journal of
// their own (the door does both). They reach files only through a Workspace. Their contracts are
// contracts/tools/*.json. Thread-safe: no state outlives a call.
#pragma once

#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "net/hosts.hpp"
#include "tools/workspace.hpp"
#include "vault/lease.hpp"

namespace naestro::tools {

struct Context {
  const Workspace& workspace;
  std::stop_token stop;  // asked between units of work; a stopped tool fails with kInterrupted
  // What the run recorded of the file that the call writes (ToolAdapter::prepare), if it did.
  const json::Value* former = nullptr;
  const net::HostList* hosts = nullptr;  // what may be reached; null: nothing
  vault::Keys keys =
      {};  // secrets for requests; gets secret, origin and method; empty: there is none
};

// Runs the tool with arguments that already fit its input schema. What a file says is untrusted
// data: a malformed CSV is a kToolFailed with file and line, never a crash. A result is cut (and
// says so by "truncated") before it passes the contract's max_output_bytes.
Result<json::Value> call(std::string_view tool, std::int64_t version, const json::Object& arguments,
                         const Context& context);

// The ids ("files.search@1") that call() knows; the app checks them against the catalog.
std::vector<std::string> known();

}  // namespace naestro::tools
