// One chat completion, in the HTTP dialect that llama-server and many others speak
// (POST URL/chat/completions, streamed; https://platform.openai.com/docs/api-reference/chat). What
// the far side sends is untrusted: whatever it is, the reply is a value or an error, within bounds.
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "models/model_file.hpp"

namespace naestro::models {

// Where the model answers.
struct Endpoint {
  std::string url = {};          // of the API, e.g. "http://localhost/v1"
  std::string unix_socket = {};  // "": over TCP
  // Where llama-server counts tokens (/apply-template, /tokenize), e.g. "http://localhost". "": no
  // one counts, and every byte of the input is taken for a token, which it is at most.
  std::string counter = {};
  std::string model = {};  // what the far side calls it; "": as the request does
  std::string key = {};    // sent as a bearer token; "": none. Never part of an error's words.
  bool reasoning = false;  // caps by max_completion_tokens, and no temperature or seed
};

struct ChatRequest {
  std::string model = {};
  // Control tokens in their contents are defused first.
  json::Array messages = {};        // [{"role": ..., "content": ...}]
  json::Value schema = {};          // the JSON Schema that the answer must fit; null: free text
  std::int64_t context_tokens = 0;  // what the model holds, input and output together
  std::int64_t max_input_tokens = 0;
  std::int64_t max_output_tokens = 0;
  std::int64_t seed = 0;
};

struct ChatReply {
  // The whole text of the answer. Errors: kModelInputCap, kModelAnswer (cut at its cap), kTimeout,
  // kInterrupted, kSchemaUnsupported (the schema has no grammar), kEngineFailed (all else).
  Result<std::string> text = std::string{};
  std::int64_t tokens_in = 0;
  std::int64_t tokens_out = 0;
  // Whether the two counts are the far side's, or certainly 0 since nothing was sent or computed.
  bool usage_known = false;
  // Whether any HTTP answer came; without one the engine is dead or cannot be reached.
  bool reached = false;
};

// Chunks of the text while it is written.
using Chunks = std::function<void(std::string_view chunk)>;

// `text` with a space put into what looks like a control token ("<|im_start|>" -> "< |im_start|>").
// The engine would take such text in a message for the real token, so that a document could end
// its message and speak with another role.
std::string without_control_tokens(std::string_view text);

// Counts the input's tokens (Endpoint::counter) and refuses what is over the cap, before anything
// is computed. Temperature 0 and no prompt cache: what was asked before does not change the answer.
// Blocks up to `deadline`.
ChatReply chat(const Endpoint& endpoint, const ChatRequest& request, Deadline deadline,
               const std::stop_token& stop, const Chunks& chunks);

}  // namespace naestro::models
