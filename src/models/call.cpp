#include "models/call.hpp"

#include <utility>

namespace naestro::models {

// A failure before anything was computed: it costs nothing, and that is known.
door::Outcome unbilled(Error error) {
  door::Outcome outcome;
  outcome.result = std::unexpected(std::move(error));
  outcome.usage_known = true;
  return outcome;
}

Result<ChatRequest> read_call(const json::Object& arguments, const contract::ModelContract& model) {
  const auto faulty = [&](std::string_view what) {
    return fail(Code::kStepFailed,
                "the call of " + model.name + " has no proper " + std::string{what},
                "this is a fault of what made the call, not of the model");
  };
  const json::Array* messages = json::array_at(arguments, "messages");
  if (messages == nullptr || messages->empty()) return faulty("messages");
  for (const json::Value& message : *messages) {
    const json::Object* form = message.if_object();
    if (form == nullptr || !json::text_at(*form, "role") || !json::text_at(*form, "content")) {
      return faulty("messages");
    }
  }
  ChatRequest request{
      .model = model.name, .messages = *messages, .context_tokens = model.context_tokens};
  if (const json::Value* schema = arguments.if_contains("schema")) request.schema = *schema;
  if (!request.schema.is_null() && !request.schema.is_object()) return faulty("schema");
  const auto positive = [&](std::string_view name, std::int64_t& into) {
    into = json::integer_at(arguments, name).value_or(0);
    return into > 0;
  };
  if (!positive("max_input_tokens", request.max_input_tokens)) return faulty("max_input_tokens");
  if (!positive("max_output_tokens", request.max_output_tokens)) {
    return faulty("max_output_tokens");
  }
  request.seed = json::integer_at(arguments, "seed").value_or(0);
  return request;
}

door::Outcome outcome_of(ChatReply reply, const contract::ModelContract& model) {
  door::Outcome outcome;
  outcome.usage.tokens_in = reply.tokens_in;
  outcome.usage.tokens_out = reply.tokens_out;
  outcome.usage.model_calls = 1;
  outcome.usage.usd = contract::price(model, reply.tokens_in, reply.tokens_out);
  outcome.usage_known = reply.usage_known;
  if (reply.text) {
    outcome.result = json::Value(json::Object{{"text", *reply.text}});
  } else {
    outcome.result = std::unexpected(std::move(reply.text).error());
  }
  return outcome;
}

}  // namespace naestro::models
