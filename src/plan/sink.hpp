// Where passes put what they find, and how they read the members of an object. Internal to plan/.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "plan/compile.hpp"

namespace naestro::plan {

enum class Np : std::uint8_t {
#define X(name, code, title, remedy) name,
#include "plan/diagnostics.def"
#undef X
};

// What a diagnostic may add to its message.
struct Details {
  std::string found;
  std::string expected;
  std::string hint;
};

// "did you mean 'X'?", or "" when no candidate is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

// Collects findings: at most kShownMax errors and as many warnings, so that a broken plan of any
// size gives a short report; what was left out is counted and said.
class Sink {
 public:
  static constexpr std::size_t kShownMax = 100;

  void error(Np code, std::string pointer, const std::string& message, const Details& details = {});
  void warn(Np code, std::string pointer, const std::string& message, const Details& details = {});
  [[nodiscard]] bool failed() const { return errors_ > 0; }
  [[nodiscard]] std::size_t errors() const { return errors_; }
  // True when errors would no longer be kept: passes may stop searching for more.
  [[nodiscard]] bool full() const { return errors_ >= kShownMax; }
  // All findings with their positions in `text`, in order of position.
  std::vector<Diagnostic> finish(std::string_view text);

 private:
  void add(Severity severity, Np code, std::string pointer, const std::string& message,
           const Details& details);
  std::vector<Diagnostic> kept_;
  std::size_t errors_ = 0;
  std::size_t warnings_ = 0;
};

// Reads the members of one object and reports what is missing, unknown or of the wrong type.
class Fields {
 public:
  enum class Need : bool { optional, required };
  using enum Need;

  // `what` names the object in messages: "step", "budget", ...
  Fields(const json::Object& object, std::string pointer, std::string what, Sink& sink)
      : object_{object}, pointer_{std::move(pointer)}, what_{std::move(what)}, sink_{sink} {}

  // Reports every member that is not in `known`; those in `unbuilt` as not built yet.
  void only(std::initializer_list<std::string_view> known,
            std::initializer_list<std::string_view> unbuilt = {});

  const json::Value* value(std::string_view key, Need need);
  std::optional<std::string> text(std::string_view key, Need need);
  std::optional<std::int64_t> integer(std::string_view key, Need need, std::int64_t min,
                                      std::int64_t max);
  const json::Object* object(std::string_view key, Need need);
  const json::Array* array(std::string_view key, Need need);

  // The pointer of a member.
  [[nodiscard]] std::string at(std::string_view key) const {
    return pointer_ + "/" + json::pointer_token(key);
  }

 private:
  void wrong_type(std::string_view key, const json::Value& found, std::string_view expected);
  const json::Object& object_;
  std::string pointer_;
  std::string what_;
  Sink& sink_;
};

}  // namespace naestro::plan
