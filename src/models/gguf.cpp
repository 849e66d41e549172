#include "models/gguf.hpp"

#include <bit>
#include <cstring>

namespace naestro::models {
namespace {

static_assert(std::endian::native == std::endian::little, "GGUF is little-endian");
constexpr std::string_view kMagic = "GGUF";

// The types of values, by their numbers in the file.
constexpr std::uint32_t kU32 = 4;
constexpr std::uint32_t kI32 = 5;
constexpr std::uint32_t kString = 8;
constexpr std::uint32_t kArray = 9;
constexpr std::uint32_t kU64 = 10;
constexpr std::uint32_t kI64 = 11;
constexpr std::size_t kSizes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

// Reads from a text that may end anywhere; after its end nothing is good any more.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_{bytes} {}
  [[nodiscard]] bool good() const { return good_; }

  std::string_view take(std::uint64_t size) {
    good_ = good_ && size <= bytes_.size();
    if (!good_) return {};
    const std::string_view out = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return out;
  }

  template <class T>
  T number() {
    T value{};
    const std::string_view raw = take(sizeof value);
    if (good_) std::memcpy(&value, raw.data(), sizeof value);
    return value;
  }

  std::string_view text() { return take(number<std::uint64_t>()); }

  void fail() { good_ = false; }

 private:
  std::string_view bytes_;
  bool good_ = true;
};

void skip(Reader& in, std::uint32_t type) {
  if (type == kString) {
    in.text();
  } else if (type < std::size(kSizes) && kSizes[type] > 0) {
    in.take(kSizes[type]);
  } else {
    in.fail();  // an array in an array is not used by any model
  }
}

void skip_array(Reader& in) {
  const auto type = in.number<std::uint32_t>();
  const auto count = in.number<std::uint64_t>();
  for (std::uint64_t i = 0; i < count && in.good(); ++i) skip(in, type);
}

std::int64_t whole_number(Reader& in, std::uint32_t type) {
  switch (type) {
    case kU32: return in.number<std::uint32_t>();
    case kI32: return in.number<std::int32_t>();
    case kU64: return static_cast<std::int64_t>(in.number<std::uint64_t>());
    case kI64: return in.number<std::int64_t>();
    default: skip(in, type); return 0;
  }
}

}  // namespace

bool is_gguf(std::string_view begin) { return begin.starts_with(kMagic); }

std::optional<GgufHead> read_gguf_head(std::string_view bytes) {
  if (!is_gguf(bytes)) return std::nullopt;
  Reader in{bytes.substr(kMagic.size())};
  const auto version = in.number<std::uint32_t>();
  in.number<std::uint64_t>();  // tensors
  const auto values = in.number<std::uint64_t>();
  if (!in.good() || version < 2 || version > 3) return std::nullopt;
  GgufHead head;
  for (std::uint64_t i = 0; i < values && in.good(); ++i) {
    const std::string_view key = in.text();
    const auto type = in.number<std::uint32_t>();
    if (type == kArray) {
      skip_array(in);
    } else if (key.ends_with(".context_length")) {
      const std::int64_t number = whole_number(in, type);
      if (in.good() && number > 0) head.context_tokens = number;
    } else if (key == "general.license" && type == kString) {
      head.licence = in.text();
    } else if (key == "tokenizer.chat_template" && type == kString) {
      in.text();
      head.chat_template = in.good();
    } else {
      skip(in, type);
    }
  }
  return head;
}

}  // namespace naestro::models
