// Both sides of the talk with the vault's process. A question is a letter and what it is about; an
// answer is a letter and what it says: 'e' an error, '-' nothing was found, '+' what was.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "vault/error_form.hpp"
#include "vault/keeper.hpp"

namespace naestro::vault {
namespace {

constexpr unsigned kDepthMax = 200;  // of a result, in which a file's JSON may stand

// What may not be kept as it is, such as a large integer, is the door's to refuse.
Result<json::Value> parsed(std::string_view text) {
  return json::parse(text,
                     {.bytes_max = text.size(), .depth_max = kDepthMax, .large_integers = true});
}

std::string answer(char letter, std::string_view text) { return std::string{letter}.append(text); }

std::string answer_to_use(Keeper& keeper, std::string_view about) {
  const auto form = json::parse(about);
  const json::Object* object = form ? form->if_object() : nullptr;
  if (object == nullptr) return answer('e', "");
  const auto text = [&](std::string_view key) {
    return std::string{json::text_at(*object, key).value_or("")};
  };
  auto handed = keeper.use({text("secret"), text("run"), text("step"), text("tool"), text("origin"),
                            text("method"), json::bool_at(*object, "by_plan").value_or(true)});
  if (!handed) return answer('e', error_form(handed.error()));
  const std::string out = answer('+', handed->lease + handed->value);
  crypto::wipe(handed->value);
  return out;
}

template <class Found>
std::string answer_of(const Result<Found>& found) {
  if (!found) return answer('e', error_form(found.error()));
  if constexpr (std::is_same_v<Found, std::string>) {
    return answer('+', *found);
  } else {
    return *found ? answer('+', **found) : "-";
  }
}

std::string answer_to(Keeper& keeper, std::string_view question) {
  const std::string_view about = question.substr(std::min<std::size_t>(1, question.size()));
  switch (question.empty() ? ' ' : question.front()) {
    case 'u': return answer_to_use(keeper, about);
    case 't': return answer_of(keeper.redacted(about));
    case 'f': return answer_of(keeper.found_in(about));
    case 'j': {
      auto value = parsed(about);
      if (!value) return answer('e', error_form(value.error()));
      const auto any = keeper.redact(*value);
      if (!any) return answer('e', error_form(any.error()));
      return *any ? answer('+', json::write(*value)) : "-";
    }
    case 's': {
      std::string held{about};
      const auto sure = keeper.sure(held);
      if (!sure) return answer('e', error_form(sure.error()));
      const std::uint64_t left = held.size();
      std::string head(sizeof left, '\0');
      std::memcpy(head.data(), &left, sizeof left);
      return answer('+', head + *sure);
    }
    default: return answer('e', "");
  }
}

}  // namespace

Result<std::unique_ptr<Keeper>> FarKeeper::start(
    const std::function<Result<std::unique_ptr<Keeper>>()>& begin,
    const std::function<void()>& confine) {
  NAESTRO_LET(auto process, Process::start(
                                [&]() -> Result<Process::Answer> {
                                  NAESTRO_LET(std::unique_ptr<Keeper> keeper, begin());
                                  return [keeper = std::shared_ptr<Keeper>{std::move(keeper)}](
                                             std::string_view question) {
                                    return answer_to(*keeper, question);
                                  };
                                },
                                confine));
  return std::unique_ptr<Keeper>{new FarKeeper{std::move(process)}};
}

// What follows the letter of the answer; "" and '-' differ in the letter, which stays.
Result<std::string> FarKeeper::ask(char what, std::string_view about) {
  std::string question{what};
  question += about;
  NAESTRO_LET(std::string got, process_->ask(question));
  if (got.starts_with('+') || got == "-") return got;
  return std::unexpected(
      error_of(std::string_view{got}.substr(std::min<std::size_t>(1, got.size()))));
}

Result<Handed> FarKeeper::use(const Use& use) {
  NAESTRO_LET(std::string got, ask('u', json::write(json::Object{{"secret", use.secret},
                                                                 {"run", use.run},
                                                                 {"step", use.step},
                                                                 {"tool", use.tool},
                                                                 {"origin", use.origin},
                                                                 {"method", use.method},
                                                                 {"by_plan", use.by_plan}})));
  if (got.size() <= 1 + kLeaseLetters)
    return fail(Code::kIo, "the vault's process hands out nothing");
  Handed out{got.substr(1 + kLeaseLetters), true, got.substr(1, kLeaseLetters)};
  crypto::wipe(got);
  return out;
}

Result<std::optional<std::string>> FarKeeper::redacted(std::string_view text) {
  NAESTRO_LET(std::string got, ask('t', text));
  if (got == "-") return std::nullopt;
  return got.substr(1);
}

Result<std::string> FarKeeper::found_in(std::string_view text) {
  NAESTRO_LET(const std::string got, ask('f', text));
  return got.substr(1);
}

Result<bool> FarKeeper::redact(json::Value& value) {
  NAESTRO_LET(const std::string got, ask('j', json::write(value)));
  if (got == "-") return false;
  NAESTRO_LET(value, parsed(std::string_view{got}.substr(1)));
  return true;
}

Result<std::string> FarKeeper::sure(std::string& held) {
  NAESTRO_LET(const std::string got, ask('s', held));
  std::uint64_t left = 0;
  if (got.size() < 1 + sizeof left) return fail(Code::kIo, "the vault's process says too little");
  std::memcpy(&left, got.data() + 1, sizeof left);
  held.erase(0, held.size() - std::min<std::size_t>(held.size(), left));
  return got.substr(1 + sizeof left);
}

}  // namespace naestro::vault
