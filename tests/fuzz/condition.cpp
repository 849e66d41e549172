// Conditions: what is read can be asked, over values of any type, and always ends.
#include "plan/condition.hpp"

#include "fuzz/fuzz.hpp"

using namespace naestro;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto condition = plan::parse_condition(fuzz::text(data, size));
  if (!condition) return 0;
  (void)plan::references(*condition);
  static const json::Value kValues[] = {nullptr,
                                        true,
                                        0,
                                        json::kMaxInteger,
                                        -0.5,
                                        "text",
                                        json::Array{1, "2", json::Array{}},
                                        json::Object{{"n", 3}, {"out", json::Object{{"n", 1}}}}};
  for (const json::Value& value : kValues) {
    (void)plan::holds(*condition,
                      [&](plan::Reference::From, const std::string&) { return &value; });
  }
  (void)plan::holds(*condition, [](plan::Reference::From, const std::string&) { return nullptr; });
  for (const std::uint8_t types : {plan::kNull, plan::kNumber, plan::kString, plan::kAnyType}) {
    (void)plan::check_types(*condition, [&](const plan::Reference&) { return types; });
  }
  return 0;
}
