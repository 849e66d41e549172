#include "models/chat.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "net/http.hpp"
#include "net/sse.hpp"

namespace naestro::models {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kEventBytesMax = std::size_t{1} << 20;
// A token's event has about 300 bytes; beyond this the stream is endless or no chat.
constexpr std::size_t kStreamBytesBase = std::size_t{64} << 10;
constexpr std::size_t kStreamBytesPerToken = 4096;
constexpr std::size_t kShownBytes = 300;
constexpr json::Limits kForeign{.bytes_max = kEventBytesMax, .large_integers = true};

std::unexpected<Error> broken(std::string what) {
  return fail(Code::kEngineFailed, std::move(what),
              "try again; if it stays, what answers there is no chat server that Naestro knows");
}

// A far side that cannot be talked to has failed; our own deadline and cancel keep their codes.
std::unexpected<Error> lost(Error error) {
  if (error.code == Code::kTimeout) {
    error.remedy = "raise the step's timeout_s, ask for less, or look whether the server runs";
  }
  if (error.code == Code::kTimeout || error.code == Code::kInterrupted) {
    return std::unexpected(std::move(error));
  }
  return std::unexpected(Error{.code = Code::kEngineFailed,
                               .message = "the model does not answer as it should",
                               .remedy = "try again; look whether its server runs",
                               .context = {},
                               .cause = std::make_shared<const Error>(std::move(error))});
}

// The error of an {"error": {...}} object, from a body or from within a stream.
std::unexpected<Error> refusal(const json::Object* error, std::string_view raw, int status) {
  const std::string message{error == nullptr ? raw
                                             : json::text_at(*error, "message").value_or(raw)};
  const std::string said = "the model's server refused the call" +
                           (status == 0 ? "" : " (status " + std::to_string(status) + ")") + ": " +
                           shorten(message, kShownBytes);
  const auto type = error == nullptr ? std::nullopt : json::text_at(*error, "type");
  const auto code = error == nullptr ? std::nullopt : json::text_at(*error, "code");
  if (type == "exceed_context_size_error" || code == "context_length_exceeded") {
    return fail(Code::kModelInputCap, said, "give the step less input");
  }
  if (message.contains("schema")) {
    return fail(Code::kSchemaUnsupported, said, "use a simpler schema for what the model returns");
  }
  if (status == 401 || status == 403) {
    return fail(Code::kModelKey, said, "check the key that the model's contract names");
  }
  return broken(said);
}

// `strict`: the far side holds the model to the schema whatever keywords it has. Servers of others
// refuse what their own strictness does not know; the run checks the answer in any case.
json::Value response_format(const json::Value& schema, bool strict) {
  return json::Object{
      {"type", "json_schema"},
      {"json_schema", json::Object{{"name", "answer"}, {"strict", strict}, {"schema", schema}}}};
}

// The conversation with one endpoint, for one reply.
class Conversation {
 public:
  Conversation(const Endpoint& endpoint, const ChatRequest& request, Deadline deadline,
               const std::stop_token& stop, const Chunks& chunks)
      : endpoint_{endpoint}, request_{request}, deadline_{deadline}, stop_{stop}, chunks_{chunks} {
    for (json::Value& message : messages_) {
      json::Object* form = message.if_object();
      const auto content = form == nullptr ? std::nullopt : json::text_at(*form, "content");
      if (content) (*form)["content"] = without_control_tokens(*content);
    }
  }

  ChatReply run();

 private:
  net::Request post(const std::string& url, const json::Object& body) const;
  Result<json::Value> ask(std::string_view path, const json::Object& body);
  [[nodiscard]] std::int64_t most_tokens() const;
  Result<std::int64_t> count_input();
  Result<void> check_input();
  [[nodiscard]] json::Object body() const;
  Result<void> stream();
  Result<void> take_event(const net::SseEvent& event);
  Result<void> take_chunk(const json::Object& chunk);
  Result<std::string> conclude();
  void hide_key();

  const Endpoint& endpoint_;
  const ChatRequest& request_;
  const Deadline deadline_;
  const std::stop_token& stop_;
  const Chunks& chunks_;

  json::Array messages_ = request_.messages;
  ChatReply reply_;
  std::string text_;
  std::string finish_reason_;
  bool done_ = false;
};

net::Request Conversation::post(const std::string& url, const json::Object& body) const {
  const auto left = deadline_ - std::chrono::steady_clock::now();
  net::Request request;
  request.method = "POST";
  request.url = url;
  request.headers = {{"Content-Type", "application/json"}};
  if (!endpoint_.key.empty()) {
    request.headers.emplace_back("Authorization", "Bearer " + endpoint_.key);
  }
  request.body = json::write(body);
  request.unix_socket = endpoint_.unix_socket;
  request.timeout = std::chrono::floor<milliseconds>(left);
  return request;
}

Result<json::Value> Conversation::ask(std::string_view path, const json::Object& body) {
  auto response = net::fetch(post(endpoint_.counter + std::string{path}, body), stop_);
  if (!response) return lost(std::move(response).error());
  reply_.reached = true;
  auto value = json::parse(response->body, {.large_integers = true});
  const json::Object* object = value ? value->if_object() : nullptr;
  if (response->status != 200) {
    return refusal(object == nullptr ? nullptr : json::object_at(*object, "error"), response->body,
                   response->status);
  }
  if (object == nullptr) {
    return broken(std::string{path} +
                  " answered with what is no JSON object: " + shorten(response->body, kShownBytes));
  }
  return std::move(*value);
}

// No tokenizer of bytes makes more tokens than there are bytes; roles and frames come on top.
std::int64_t Conversation::most_tokens() const {
  constexpr std::int64_t kFrame = 16;  // of a message; more than any known template takes
  std::int64_t out = kFrame;
  for (const json::Value& message : messages_) {
    out += kFrame + static_cast<std::int64_t>(json::write(message).size());
  }
  if (!request_.schema.is_null()) {
    out += static_cast<std::int64_t>(json::write(request_.schema).size());
  }
  return out;
}

Result<std::int64_t> Conversation::count_input() {
  if (endpoint_.counter.empty()) return most_tokens();
  json::Object conversation{{"messages", messages_}};
  // Some templates describe the schema in the prompt.
  if (!request_.schema.is_null()) {
    conversation["response_format"] = response_format(request_.schema, true);
  }
  NAESTRO_LET(const json::Value prompt, ask("/apply-template", conversation));
  const auto text = json::text_at(prompt.get_object(), "prompt");
  if (!text) return broken("/apply-template answered without a prompt");
  NAESTRO_LET(
      const json::Value pieces,
      ask("/tokenize", {{"content", *text}, {"add_special", true}, {"parse_special", true}}));
  const json::Array* tokens = json::array_at(pieces.get_object(), "tokens");
  if (tokens == nullptr) return broken("/tokenize answered without tokens");
  return static_cast<std::int64_t>(tokens->size());
}

Result<void> Conversation::check_input() {
  NAESTRO_LET(const std::int64_t found, count_input());
  const std::int64_t room = request_.context_tokens - request_.max_output_tokens;
  const std::int64_t cap = std::min(request_.max_input_tokens, room);
  if (found <= cap) return {};
  std::string why = "the input of the call of " + request_.model + " has " +
                    (endpoint_.counter.empty() ? "up to " : "") + std::to_string(found) +
                    " tokens" + (endpoint_.counter.empty() ? " (one a byte)" : "") +
                    ", its cap is " + std::to_string(cap);
  if (room < request_.max_input_tokens) {
    why += " (the model holds " + std::to_string(request_.context_tokens) + ", of which " +
           std::to_string(request_.max_output_tokens) + " are kept for the answer)";
  }
  return fail(Code::kModelInputCap, std::move(why),
              "give the step less input, or raise its max_input_tokens");
}

Result<void> Conversation::take_chunk(const json::Object& chunk) {
  if (const json::Object* usage = json::object_at(chunk, "usage")) {
    const auto in = json::integer_at(*usage, "prompt_tokens");
    const auto out = json::integer_at(*usage, "completion_tokens");
    if (in && out && *in >= 0 && *out >= 0) {
      reply_.tokens_in = *in;
      reply_.tokens_out = *out;
      reply_.usage_known = true;
    }
  }
  const json::Array* choices = json::array_at(chunk, "choices");
  if (choices == nullptr || choices->empty()) return {};
  const json::Object* choice = choices->front().if_object();
  if (choice == nullptr) return broken("the stream has a choice that is no object");
  if (const auto reason = json::text_at(*choice, "finish_reason")) finish_reason_ = *reason;
  const json::Object* delta = json::object_at(*choice, "delta");
  const auto piece = delta == nullptr ? std::nullopt : json::text_at(*delta, "content");
  if (!piece || piece->empty()) return {};  // the first chunk's content is null
  text_ += *piece;
  if (chunks_) chunks_(*piece);
  return {};
}

Result<void> Conversation::take_event(const net::SseEvent& event) {
  if (event.data == "[DONE]") {
    done_ = true;
    return {};
  }
  const auto value = json::parse(event.data, kForeign);
  const json::Object* chunk = value ? value->if_object() : nullptr;
  if (chunk == nullptr) {
    return broken("the stream has an event that is no JSON object: " +
                  shorten(event.data, kShownBytes));
  }
  if (const json::Object* error = json::object_at(*chunk, "error")) {
    return refusal(error, event.data, 0);
  }
  return take_chunk(*chunk);
}

json::Object Conversation::body() const {
  json::Object body{{"model", endpoint_.model.empty() ? request_.model : endpoint_.model},
                    {"messages", messages_},
                    {"stream", true},
                    {"stream_options", json::Object{{"include_usage", true}}}};
  body[endpoint_.reasoning ? "max_completion_tokens" : "max_tokens"] = request_.max_output_tokens;
  if (!endpoint_.reasoning) {
    body["temperature"] = 0;
    body["seed"] = request_.seed;
  }
  const bool engine = !endpoint_.counter.empty();
  if (engine) body["cache_prompt"] = false;
  if (!request_.schema.is_null()) {
    body["response_format"] = response_format(request_.schema, engine);
  }
  return body;
}

Result<void> Conversation::stream() {
  net::Request request = post(endpoint_.url + "/chat/completions", body());
  request.response_bytes_max =
      kStreamBytesBase +
      static_cast<std::size_t>(request_.max_output_tokens) * kStreamBytesPerToken;
  net::SseParser parser{kEventBytesMax};
  Result<void> taken;
  request.on_body = [&](std::string_view bytes) {
    reply_.reached = true;
    const auto fed = parser.feed(bytes, [&](const net::SseEvent& event) {
      if (taken && !done_) taken = take_event(event);
    });
    if (taken && !fed) taken = lost(fed.error());
    return taken && !done_;
  };
  auto response = net::fetch(request, stop_);
  NAESTRO_TRY(taken);
  if (!response) {
    reply_.usage_known = response.error().code == Code::kUnreachable;
    return lost(std::move(response).error());
  }
  reply_.reached = true;
  if (response->status == 200) return {};
  // Refused before anything was computed.
  reply_.usage_known = response->status >= 400 && response->status < 500;
  const auto value = json::parse(response->body, kForeign);
  const json::Object* object = value ? value->if_object() : nullptr;
  return refusal(object == nullptr ? nullptr : json::object_at(*object, "error"), response->body,
                 response->status);
}

Result<std::string> Conversation::conclude() {
  if (finish_reason_ == "length") {
    return fail(Code::kModelAnswer,
                "the answer of " + request_.model + " was cut at max_output_tokens = " +
                    std::to_string(request_.max_output_tokens) + ", after " +
                    std::to_string(text_.size()) + " bytes",
                "raise the step's max_output_tokens, or ask for less");
  }
  if (finish_reason_.empty()) return broken("the stream ended before the answer did");
  if (finish_reason_ != "stop") {
    return broken("the answer of " + request_.model + " ended with the unknown reason '" +
                  shorten(finish_reason_, 40) + "'");
  }
  return std::move(text_);
}

// A far side may repeat the key in its refusal.
void Conversation::hide_key() {
  if (reply_.text || endpoint_.key.empty()) return;
  Error error = std::move(reply_.text).error();
  for (std::size_t at = 0; (at = error.message.find(endpoint_.key, at)) != std::string::npos;) {
    error.message.replace(at, endpoint_.key.size(), "***");
  }
  reply_.text = std::unexpected(std::move(error));
}

ChatReply Conversation::run() {
  if (auto input = check_input(); !input) {
    reply_.text = std::unexpected(std::move(input).error());
    reply_.usage_known = true;  // nothing was computed
  } else if (auto streamed = stream(); !streamed) {
    reply_.text = std::unexpected(std::move(streamed).error());
  } else {
    reply_.text = conclude();
  }
  hide_key();
  return std::move(reply_);
}

}  // namespace

std::string without_control_tokens(std::string_view text) {
  constexpr std::string_view kName =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    out += text[at];
    if (!text.substr(at).starts_with("<|")) continue;
    const std::size_t end = text.find_first_not_of(kName, at + 2);
    if (end != std::string_view::npos && end > at + 2 && text.substr(end).starts_with("|>")) {
      out += ' ';
    }
  }
  return out;
}

ChatReply chat(const Endpoint& endpoint, const ChatRequest& request, Deadline deadline,
               const std::stop_token& stop, const Chunks& chunks) {
  return Conversation{endpoint, request, deadline, stop, chunks}.run();
}

}  // namespace naestro::models
