// What the app does for commands that know neither machine nor network: `init`, `doctor`, `models`,
// `sandbox`.
#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"
#include "cli/words.gen.hpp"

namespace naestro::cli {

// One check of `doctor`.
struct Check {
  using Status = CheckStatus;
  std::string id;  // "engine.binary"
  Status status = Status::ok;
  std::string meaning;  // what was found, and what follows from it
  std::string remedy;   // "" where there is nothing to mend
  std::int64_t duration_ms = 0;
};

// One thing that could answer for a model: an engine, a server, a key.
struct Source {
  std::string name;  // "Ollama"
  bool found = false;
  std::string detail;   // "127.0.0.1:11434, 2 models: a, b"; never a key's value
  bool used = false;    // whether a plan can ask it as things are
  std::string unlocks;  // kinds of goals, for what is found
};

// An answer to the fixed little question of a test call.
struct TestCall {
  std::string model;
  std::string answer;
  std::int64_t tokens_in = 0;
  std::int64_t tokens_out = 0;
  std::int64_t duration_ms = 0;
};

// A model that a server answers for.
struct ServerOrder {
  std::string name;
  std::string url;
  std::string model;    // what the server calls it; "": the name
  std::string key_env;  // "": no key
  std::int64_t context_tokens = 8192;
  std::string usd_in;  // per million tokens; "": not said, which is 0 for what costs nobody
  std::string usd_out;
  bool cloud = false;  // although it is on this machine: it passes on what it is asked
  bool reasoning = false;
};

// A model to bring, and what it became.
struct PullOrder {
  std::string url;
  std::string sha256;  // hex; of the file
  std::string name;    // "": by the URL
};
struct PulledModel {
  std::string name;
  std::string file;  // absolute
  std::int64_t context_tokens = 0;
  std::string licence;
  bool there_already = false;
  bool chat_template = true;  // without one it cannot be asked
};

// A program to run behind the wall, and how it ended.
struct SandboxOrder {
  std::vector<std::string> argv;
  std::string profile;  // workspace, read-only, net or weak
  std::string folder;   // "": the current one
  std::int64_t time_s_max = 0;
  std::vector<std::string> hosts;  // of the profile net
  bool verbose = false;
};
struct Confined {
  int code = 0;                    // as a shell has it: 128 + signal when it was killed
  std::vector<std::string> notes;  // what was refused on the way
};

}  // namespace naestro::cli
